"""Headers, captions and rows become quantities, units and names; what is unclear becomes a question."""

import pytest

from mer_repro.audit.tables import headings, interpret, readers


def read(text: str, kind: str = "csv") -> interpret.Table:
    return interpret.read(readers.read_text(text, kind).grids[0])


def quantities(table: interpret.Table) -> list[tuple[str, str, str]]:
    return [(value.printed, value.quantity, value.unit) for value in table.values.values()]


@pytest.mark.parametrize(
    ("header", "quantity", "unit", "rest"),
    [
        ("F1-Score (%)", "f1", "%", ""),
        ("R ² ↑", "r2", "", ""),
        ("Valence MAE ↓", "mae", "", "valence"),
        ("Accuracy rate", "accuracy", "", ""),
        ("Inference Latency (ms)", "latency", "ms", "inference"),
        ("Macro F1 score", "macro_f1", "", ""),
        ("DEAM Accuracy Gain (%)", "percentage_gain", "%", "accuracy deam"),
        ("# samples", "count", "items", "samples"),
        ("Support (Samples)", "support", "items", ""),
        ("Precision/Recall", "", "", ""),
        ("Hip Hop", "", "", "hip hop"),
        ("F0.5", "fbeta", "", ""),
    ],
)
def test_headers(header, quantity, unit, rest):
    heading = headings.read(header)
    assert (heading.quantity, heading.unit, heading.rest) == (quantity, unit, rest)


def test_single_letters_need_their_neighbours():
    alone = read("Model,P,N\nA,0.5,0.6\nB,0.6,0.7\n")
    together = read("Model,P,R,F\nA,0.5,0.5,0.5\nB,0.6,0.6,0.6\n")
    assert {quantity for _, quantity, _ in quantities(alone)} == {""}
    assert [quantity for _, quantity, _ in quantities(together)][:3] == ["precision", "recall", "f1"]


def test_shares_above_one_are_per_cent_unless_the_header_says_otherwise():
    assert quantities(read("Model,Accuracy\nA,84.6\nB,90.1\n"))[0] == ("84.6", "accuracy", "%")
    assert quantities(read("Model,Accuracy\nA,0.846\nB,1.02\n"))[1] == ("1.02", "accuracy", "1")


def test_scores_in_rows_and_names_in_columns():
    table = read("Metric,DEAM,PMEmo\nRMSE,0.2,0.3\nMAE,0.1,0.4\n")
    assert {family: value.printed for family, value in table.groups()["column", 2, "", ""].items()} == {
        "rmse": "0.3",
        "mae": "0.4",
    }


def test_a_name_with_a_score_in_it_is_a_name():
    table = read("Metric,cs-en,de-en\nHmd-F1 + BERT,0.655,0.681\nHmd-Recall + BERT,0.651,0.658\n")
    assert {quantity for _, quantity, _ in quantities(table)} == {""}


def test_differences_are_no_scores():
    table = read("Model,F1,Recall\nA,0.8,0.7\nB,0.9,0.8\nDifference,0.1,0.1\nChange of B,+0.1,-0.1\n")
    assert [quantity for _, quantity, _ in quantities(table)] == ["f1", "recall", "f1", "recall", "", "", "", ""]


def test_spreads_footnotes_and_missing_cells():
    table = read("Model,MAE,RMSE\nA,0.135 ± 0.057,NAN\nB,0.14*,0.2 (± 0.1)\nC,0.1/0.2,-\n")
    assert [(v.printed, v.spread) for v in table.values.values()] == [
        ("0.135", "0.057"),
        ("0.14", None),
        ("0.2", "0.1"),
    ]
    assert table.several and table.unread == ["'0.1/0.2' (C, MAE)"]


def test_sections_and_empty_names_carry_down():
    table = read("Model,Split,F1\nOurs,train,0.9\n,test,0.8\nOn PMEmo,,\nOurs,test,0.7\n")
    assert [(v.label, v.section) for v in table.values.values()] == [
        ("Ours train", ""),
        ("Ours test", ""),
        ("Ours test", "On PMEmo"),
    ]


def test_a_header_in_the_middle_begins_another_table():
    document = readers.read_text(
        "Model,F1,Recall\nA,0.8,0.7\nB,0.9,0.8\nData,Train,Test\nX,5121,1320\nY,90,40\n", "csv"
    )
    assert [grid.rows[0][1].text for grid in document.grids] == ["F1", "Train"]


def test_unknown_and_double_headers_are_questions():
    table = read("Model,Foo,Precision/Recall\nA,0.5,0.6\nB,0.6,0.7\n")
    assert len(table.questions) == 2 and "'Foo'" in table.questions[0] and "precision and recall" in table.questions[1]


def test_scores_in_thousandths_are_not_taken_for_per_cent():
    text = "Table 3: Accuracy scores x 1000\nTrain\tBelarusian\tRussian\nA\t647\t326\nB\t495\t738\n"
    assert {quantity for _, quantity, _ in quantities(read(text, "txt"))} == {""}
