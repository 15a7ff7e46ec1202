"""What binds itself: right tables are left alone, planted contradictions are found, and doubt is no accusation."""

import re
from pathlib import Path

import pytest

from mer_repro.audit import tables

REPORTS = (Path(__file__).parents[1] / "reports.txt").read_text(encoding="utf-8")


def verdicts(text: str, kind: str = "csv") -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for result in tables.audit_text(text, kind).results:
        found.setdefault(result.check, set()).add(result.verdict)
    return found


# 8 + 1 of 10, 9 + 1 of 10: computed with sklearn.metrics.classification_report
REPORT = """,precision,recall,f1-score,support
happy,0.89,0.80,0.84,10
sad,0.82,0.90,0.86,10
accuracy,,,0.85,20
macro avg,0.85,0.85,0.85,20
weighted avg,0.85,0.85,0.85,20
"""


def test_a_right_report_is_consistent_throughout():
    found = verdicts(REPORT)
    assert {"accuracy_from_recall", "average_of_classes", "confusion_counts", "sum_to_total"} <= set(found)
    assert all(answer == {"consistent"} for answer in found.values())


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        (",,0.85,20", ",,0.88,20", "accuracy_from_recall"),
        ("sad,0.82,0.90,0.86", "sad,0.82,0.90,0.93", "f1_from_precision_recall"),
        ("macro avg,0.85,0.85,0.85,20", "macro avg,0.85,0.85,0.85,21", "sum_to_total"),
        ("happy,0.89", "happy,0.97", "confusion_counts"),
        ("macro avg,0.85", "macro avg,0.89", "average_of_classes"),
        ("happy,0.89,0.80", "happy,0.89,1.08", "in_range"),
    ],
)
def test_a_planted_error_in_a_report_is_found(old, new, check):
    assert "inconsistent" in verdicts(REPORT.replace(old, new))[check]


def test_a_report_over_folds_or_of_several_labels_accuses_no_confusion_matrix():
    broken = REPORT.replace("happy,0.89", "happy,0.97")
    folds = "Table 1: Means over 5 folds\n" + broken.replace(",", "\t")
    entities = "Table 1: Named entity recognition by class\n" + broken.replace(",", "\t").replace(
        "accuracy\t\t\t0.85\t20\n", ""
    )
    assert verdicts(folds, "txt")["confusion_counts"] == {"undetermined"}
    assert verdicts(entities, "txt")["confusion_counts"] == {"undetermined"}


def test_averages_over_classes_may_have_an_f1_below_their_harmonic_mean_but_not_above():
    below = "Model,Precision,Recall,F1\nA,0.72,0.66,0.66\nB,0.70,0.64,0.67\n"
    above = "Model,Precision,Recall,F1\nA,0.72,0.66,0.74\nB,0.70,0.64,0.67\n"
    assert verdicts(below)["f1_from_precision_recall"] == {"consistent"}
    assert verdicts(above)["f1_from_precision_recall"] == {"inconsistent"}


def test_repeated_headers_are_taken_by_their_names():
    text = "Model,LR P,LR R,LR F1,SVM P,SVM R,SVM F1\nA,0.93,0.91,0.92,0.94,0.92,0.93\nB,0.5,0.5,0.5,0.5,0.5,0.9\n"
    [result] = [r for r in tables.audit_text(text, "csv").results if r.check == "f1_from_precision_recall"]
    assert result.verdict == "inconsistent" and result.claims == [f"table.tu1.b.svm_{n}" for n in ("f1", "p", "r")]


def test_regression_scores_against_each_other():
    text = "Model,MSE,RMSE,MAE,R2\nA,0.04,0.20,0.15,0.60\nB,0.09,0.30,0.25,0.10\n"
    found = verdicts(text)
    assert {"rmse_is_root_of_mse", "mae_at_most_rmse", "implied_variance"} <= set(found)
    assert all(answer == {"consistent"} for answer in found.values())
    assert verdicts(text.replace("0.25", "0.35"))["mae_at_most_rmse"] == {"inconsistent"}
    assert verdicts(text.replace("0.30", "0.33"))["rmse_is_root_of_mse"] == {"inconsistent"}


def test_totals_are_accused_only_where_others_fit():
    fits = "Set,Train,Test,Total\nA,10,20,30\nB,11,21,32\nC,12,22,{}\nTotal,33,63,96\n"
    assert verdicts(fits.format(34))["sum_to_total"] == {"consistent"}
    assert "inconsistent" in verdicts(fits.format(43))["sum_to_total"]
    largest = "Topic,Synsets,Depth,Basic\nTool,157,6,30\nFruit,197,5,77\nAll,354,6,107\n"
    assert verdicts(largest)["sum_to_total"] == {"consistent"}


def test_means_are_accused_only_where_others_fit():
    text = "Model,Ara,Baq,Fre,Avg\nA,84.50,77.87,82.20,81.52\nB,85.11,79.07,82.73,82.30\nC,83.42,82.97,81.35,{}\n"
    assert verdicts(text.format("82.58"))["average_of_classes"] == {"consistent"}
    assert "inconsistent" in verdicts(text.format("81.48"))["average_of_classes"]
    weighted = text.replace("81.52", "80.00").replace("82.30", "81.00")
    assert "average_of_classes" not in verdicts(weighted.format("81.48"))


def test_shares_add_up_where_their_neighbours_do():
    text = "Model,disagree (%),unsure (%),agree (%)\nA,17.4,20.8,61.8\nB,28.6,29.5,41.9\nC,31.4,25.0,{}\n"
    assert verdicts(text.format("43.6"))["sum_to_total"] == {"consistent"}
    assert "inconsistent" in verdicts(text.format("44.6"))["sum_to_total"]


def test_bold_beside_a_better_cell_is_reported_and_not_accused():
    text = "|Model|F1|MCC|AUC|\n|---|---|---|---|\n|A|**0.9**|**0.8**|0.7|\n|B|0.8|0.7|0.85|\n|C|0.7|0.6|**0.75**|\n"
    assert verdicts(text, "md")["marked_best"] == {"consistent", "undetermined"}


def test_sections_add_up_to_another_table():
    text = (
        "Table 1 Number of sessions\n\t30m\t60 minutes\t90 minutes\nSessions\t{}\t11\t15\n\n"
        "Table 2 Number of sessions\n30 minutes\tJazz\tPop\nx\t1\t2\ny\t3\t1\n60 minutes\nx\t2\t3\ny\t4\t2\n"
        "90 minutes\nx\t3\t4\ny\t5\t3\n"
    )
    assert verdicts(text.format(7), "txt")["sum_to_total"] == {"consistent"}
    assert "inconsistent" in verdicts(text.format(8), "txt")["sum_to_total"]


SCORES = "Table 1 Scores\nModel\tAccuracy (%)\tF1 (%)\nCRNN\t72.4\t71.9\nBERT\t77.5\t77.0\nOurs\t84.6\t84.0\n"


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("Table 1 shows a 12.2% increase in accuracy over CRNN.", "consistent"),
        ("Table 1 shows a 15.2% increase in accuracy over CRNN.", "inconsistent"),
        ("Table 1 shows that ours improved the accuracy of CRNN by 12.2% and F1 by 12.1%.", "consistent"),
        ("Ours is about 19% higher in accuracy than previous work [3].", "undetermined"),
        ("Ours is about 19% higher in accuracy.", "undetermined"),
    ],
)
def test_stated_gains(sentence, verdict):
    assert verdicts(f"{sentence}\n\n{SCORES}", "txt")["stated_change"] == {verdict}


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("As Table 1 shows, BERT outperforms CRNN in all metrics.", "consistent"),
        ("As Table 1 shows, CRNN outperforms BERT in all metrics.", "inconsistent"),
        ("In Table 1, the highest F1 of 77.0% is that of BERT.", "inconsistent"),
        ("In Table 1, the highest F1 of the baselines, 77.0%, is that of BERT.", None),
        ("In Table 1, CRNN does not outperform BERT in all metrics.", None),
    ],
)
def test_comparisons_and_superlatives(sentence, verdict):
    found = verdicts(f"{sentence}\n\n{SCORES}", "txt").get("ordering")
    assert found == ({verdict} if verdict else None)


TESTED = "The groups differ, {}.\n\n" + SCORES


@pytest.mark.parametrize(
    ("test", "verdict"),
    [
        ("t(28) = 2.20, p = .036", "consistent"),  # scipy.stats: 2 * t.sf(2.2, 28) = 0.0363
        ("t(28) = 2.20, p = .063", "inconsistent"),
        ("F(2, 57) = 3.90, p < .05", "consistent"),  # f.sf(3.9, 2, 57) = 0.0259
        ("χ2(1, N = 90) = 3.11, p < .05", "inconsistent"),  # chi2.sf(3.11, 1) = 0.0778
    ],
)
def test_p_values_of_sentences(test, verdict):
    assert verdicts(TESTED.format(test), "txt")["p_from_statistic"] == {verdict}


def test_a_join_has_no_more_users_than_its_sources():
    text = "The corpus is a data set of about {} users. Linked by their ids, 500 users remain.\n\n" + SCORES
    assert verdicts(text.format("1,000"), "txt")["at_most"] == {"consistent"}
    assert verdicts(text.format("300"), "txt")["at_most"] == {"inconsistent"}


def test_confusion_matrices():
    shares = "Table 1: Confusion matrix (%) of {}\nTrue\thappy\tsad\nhappy\t{}\t20.0\nsad\t15.0\t85.0\n\n"
    counts = "Table {n}: Confusion matrix of model {n} on DEAM\nTrue\thappy\tsad\nhappy\t{a}\t8\nsad\t7\t30\n\n"
    assert verdicts(shares.format("ours", "80.0"), "txt")["matrix_scores"] == {"consistent"}
    assert verdicts(shares.format("ours", "83.0"), "txt")["matrix_scores"] == {"inconsistent"}
    one = counts.format(n=1, a=32)
    assert verdicts(one + counts.format(n=2, a=32), "txt")["same_test_set"] == {"consistent"}
    assert verdicts(one + counts.format(n=2, a=39), "txt")["same_test_set"] == {"undetermined"}


def test_micro_f1_is_accuracy_where_items_have_one_label():
    text = "Table 1: Classification scores\nModel\tAccuracy\tMicro F1\nA\t0.81\t{}\nB\t0.70\t0.70\n"
    assert verdicts(text.format("0.81"), "txt")["identities"] == {"consistent"}
    assert "inconsistent" in verdicts(text.format("0.84"), "txt")["identities"]


def test_honest_reports_as_text_are_not_accused_and_the_impossible_one_is():
    accused = set()
    for name, report in re.findall(r"^\[(\w+)\]\n(.*?)(?=^\[|\Z)", REPORTS, re.M | re.S):
        found = tables.audit_text("class  precision  recall  f1-score  support\n" + report)
        assert {"f1_from_precision_recall", "confusion_counts"} <= {result.check for result in found.results}
        accused |= {name for result in found.results if result.verdict == "inconsistent"}
    assert accused == {"fab_135"}
