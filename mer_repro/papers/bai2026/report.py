"""The tables, figures and verdicts of the chapter on bai2026, all from the ledger and the run records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mer_repro import plots, report
from mer_repro.audit import ledger
from mer_repro.papers.bai2026 import planted, study, survey
from mer_repro.runs.records import find

if TYPE_CHECKING:
    import pandas as pd

    from mer_repro.runs.records import Record

KEY = study.KEY
LABELS = {
    "majority": "the commonest class",
    "logistic_statistics": "logistic regression: play statistics",
    "logistic_tags": "logistic regression: TF-IDF of tags",
    "logistic_both": "logistic regression: tags and statistics",
    "bag_of_songs": "logistic regression: bag of songs",
    "told": "whoever was told what to count",
    "lstm_audio": "LSTM-Audio (song numbers, no audio)",
    "bert_text": "BERT-Text",
    "early_fusion": "early fusion",
    "late_fusion": "late fusion",
    "tcn_lm": "TCN-LM",
    "no_tcn": "w/o TCN: LSTM of as many layers",
    "no_tcn_one_layer": "w/o TCN: LSTM of one layer",
    "no_lm": "w/o LM: TCN alone",
    "no_attention": "w/o attention: concatenation",
    "semantic_query": "semantic query",
    "max_pooling": "max pooling",
    "attention_pooling": "attention pooling",
    "shuffled_labels": "TCN-LM, labels shuffled",
}
#: A row of the paper's tables 2 and 3, for the variant that rebuilds it.
STATED_ROWS = {name: f"t2.{name}" for name in study.TABLE_2} | {name: f"t3.{name}" for name in study.TABLE_3}
CONDITIONS = {
    "none": "nothing planted",
    "order": "only in the order",
    "tags": "only in the tags",
    "both": "in both",
    "gated": "in the tags, read by the order",
}
FEATURES = {
    "age": "age alone",
    "genres": "genre habits",
    "genres_age": "genre habits and age",
    "habits": "listening habits",
    "everything": "all of these",
    "boosting": "all of these, gradient boosting",
    "other_score": "the other self-rating",
}
OUTCOMES = {
    "play_concentration": "plays concentrated on few artists, three classes",
    "sad_tags": "ever gives a sad tag to artists of the other half",
    "gender": "gender",
    "older": "aged 30 or more",
}
METRICS = ("accuracy", "macro_f1", "auc", "log_loss", "calibration_error")
PAPER_WIDTHS = "users_70_15_15_paper_widths"


def printed(claim_id: str) -> str:
    """A number of the ledger exactly as the paper prints it."""
    return next(claim.value for claim in ledger.load(KEY).claims if claim.id == claim_id)


def stated(claim_id: str) -> float:
    """A number of the ledger as a float."""
    return float(printed(claim_id).replace(",", ""))


def percent(share: float, digits: int = 1) -> str:
    """0.8463 as "84.6"; a dash where there is nothing."""
    return "–" if share is None or share != share else f"{100 * share:.{digits}f}"


def percent_interval(value: float, low: float, high: float) -> str:
    """ "84.6 [80.1, 88.9]" from shares."""
    return percent(value) if low is None or low != low else f"{percent(value)} [{percent(low)}, {percent(high)}]"


def points(difference: float, low: float, high: float) -> str:
    """ "+1.2 [-0.4, +2.9]" from shares."""
    return f"{100 * difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def mean(values: Iterable[float]) -> float:
    """Mean; nan of nothing."""
    values = list(values)
    return sum(values) / len(values) if values else float("nan")


def table(rows: Iterable[dict], caption: str) -> report.Table:
    """Rows as a table; cells that a row lacks get a dash, and no rows a sentence."""
    import pandas as pd

    frame = pd.DataFrame(list(rows) or [{"runs": "not recorded yet"}])
    return report.Table(frame.fillna("–").astype(str), caption)


def cells(records: list[Record], dataset: str, target: str, protocol: str = study.SPLIT) -> pd.DataFrame:
    """Means over seeds of the scored variants of one data set and target, by variant, in the order of `LABELS`."""
    import pandas as pd

    chosen = [r for r in find(records, dataset=dataset, target=target, protocol=protocol) if "auc" in r.metrics]
    if not chosen:
        return pd.DataFrame()
    frame = report.as_frame(chosen)
    names = [f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *names])))
    found = report.over_seeds(frame, METRICS).set_index("variant")
    return found.loc[[variant for variant in LABELS if variant in found.index]]


# The comparison on 578 test users ----------------------------------------------------------------------------------

READINGS = {
    "leads": "it is first of five; no test, as in the paper",
    "leads_as_stated": "it leads the best of four rivals by the stated points; no test",
    "leads_one_as_stated": "it leads one rival by the stated points; no test",
    "mcnemar": "McNemar's test against one rival named beforehand",
    "mcnemar_any_rival": "McNemar's test against at least one of four rivals",
    "mcnemar_best_rival": "McNemar's test against whichever rival came out best",
    "chi_square": "chi-square test against one rival, as if of other users",
    "cochran": "Cochran's test that the five are not all alike",
    "best_variant": "McNemar's test of the best of four variants against one rival",
}


def type_one_table(records: list[Record]) -> report.Table:
    """How often five equally good models look different, a column a correlation."""
    rows: dict[str, dict] = {name: {"what counts as better": says} for name, says in READINGS.items()}
    runs = find(records, dataset="simulated", variant="type_one_error")
    for run in runs:
        for name, row in rows.items():
            row[f"correlation {run.parameters['correlation']:g}"] = f"{percent(run.metrics[name])} %"
    studies = f"{runs[0].counts['studies']:,} simulated studies a column" if runs else ""
    return table(
        rows.values() if runs else [], f"Five models of one accuracy on {printed('t1.users_test')} users; {studies}"
    )


def again_table(records: list[Record]) -> report.Table:
    """If the printed accuracies were true: what a second draw of as many test users would show."""
    names = {"table_2": ("late_fusion", "early_fusion", "bert_text", "lstm_audio"),
             "table_3": ("no_attention", "no_tcn", "no_lm")}  # fmt: skip
    rows: dict[tuple, dict] = {}
    for variant, rivals in names.items():
        for run in find(records, dataset="simulated", variant=variant):
            column = f"correlation {run.parameters['correlation']:g}"
            what = {f"found_{k}": f"significantly above {LABELS[rival]}" for k, rival in enumerate(rivals, 1)}
            what |= {"all_found": "significantly above all", "first": "first", "whole_order": "the whole order again"}
            for name, says in what.items():
                row = rows.setdefault((variant, name), {"table": variant[-1], "TCN-LM is": says})
                row[column] = f"{percent(run.metrics[name])} %"
    return table(rows.values(), f"A second draw of {printed('t1.users_test')} test users (simulated)")


def power_figure(records: list[Record]) -> plots.DescribedFigure:
    """Power against the true lead: one rival named beforehand, and whichever rival came out best."""
    import matplotlib.pyplot as plt

    plots.use_style()
    runs = find(records, dataset="simulated", variant="power")
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True)
    told = []
    panels = {"mcnemar": "against one rival", "mcnemar_best_rival": "against the best of four"}
    for axis, (name, title) in zip(axes, panels.items(), strict=True):
        for run, colour in zip(runs, plots.PALETTE[2:], strict=False):
            leads = [100 * lead for lead in run.curves["lead"]]
            correlation = f"{run.parameters['correlation']:g}"
            axis.plot(leads, [100 * share for share in run.curves[name]], "o-", ms=4, color=colour, label=correlation)
            told.append(f"{title}, correlation {correlation}: 80 % at {percent(run.metrics[f'least_{name}'])} points")
        axis.axhline(80, color=plots.MUTED, lw=1, ls=":")
        axis.axvline(stated("sec421.accuracy_gain"), color=plots.STATED, ls="--", lw=1.2)
        axis.set(title=title, xlabel="true lead in points of accuracy")
    axes[0].set_ylabel("studies that find it, %")
    if runs:
        axes[0].legend(title="correlation of right answers", fontsize=9, title_fontsize=9)
    return plots.described(
        figure,
        alt="Power of McNemar's test, rising with the true lead. " + "; ".join(told) + ".",
        caption=f"Simulated. Dashed: the lead that the paper states over its best baseline."
        f" {printed('t1.users_test')} test users; rivals of one accuracy, that of late fusion.",
    )


# Whole studies -----------------------------------------------------------------------------------------------------


def study_points(records: list[Record]) -> list[str]:
    """The points at which whole studies were simulated, in the order of `CONDITIONS`."""
    found = {record.target for record in find(records, variant="study")}
    return sorted(found, key=lambda point: (list(CONDITIONS).index(point.rpartition("_")[0]), point))


def point_label(point: str) -> str:
    """ "only in the order, effect 1.00"."""
    condition, _, effect = point.rpartition("_")
    return CONDITIONS[condition] + (f", effect {int(effect) / 100:g}" if condition != "none" else "")


def study_table(records: list[Record]) -> report.Table:
    """Mean accuracy over simulated studies of everything trained, a column a point."""
    rows: dict[str, dict] = {}
    names = study_points(records)
    for variant in LABELS:
        for point in names:
            runs = [r for r in find(records, variant="study", target=point) if variant in r.metrics]
            if runs:
                row = rows.setdefault(variant, {"model": LABELS[variant]})
                row[point_label(point)] = percent_interval(*over_studies([r.metrics[variant] for r in runs]))
    counts = {point: len(find(records, variant="study", target=point)) for point in names}
    least = min(counts.values(), default=0)
    return table(
        rows.values(), f"Accuracy in %, mean of {least} or more whole studies (generated) and its 95 % interval"
    )


def over_studies(values: list[float]) -> tuple[float, float, float]:
    """Mean over independent studies and its 95 % interval by Student's t; no interval of fewer than two."""
    import numpy as np
    from scipy.stats import t

    if len(values) < 2:
        return mean(values), float("nan"), float("nan")
    reach = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return mean(values), mean(values) - reach, mean(values) + reach


def lead(records: list[Record], point: str, rival: str) -> dict | None:
    """TCN-LM minus a rival over the simulated studies of a point.

    Returns
    -------
    difference, low, high (shares); found, the share of studies in which McNemar's test has TCN-LM significantly above;
    against, the share in which it has it below; studies; ids. None where fewer than two are recorded.
    """
    runs = [r for r in find(records, variant="study", target=point) if rival in r.metrics]
    if len(runs) < 2:
        return None
    gaps = [r.metrics["tcn_lm"] - r.metrics[rival] for r in runs]
    significant = [r.notes["against"][rival]["mcnemar_p"] < 0.05 for r in runs]
    difference, low, high = over_studies(gaps)
    return {
        "difference": difference,
        "low": low,
        "high": high,
        "found": mean(s and gap > 0 for s, gap in zip(significant, gaps, strict=True)),
        "against": mean(s and gap < 0 for s, gap in zip(significant, gaps, strict=True)),
        "correlation": mean(r.notes["against"][rival]["correlation"] for r in runs),
        "studies": len(runs),
        "ids": tuple(r.id for r in runs),
    }


def leads_table(records: list[Record]) -> report.Table:
    """TCN-LM against what stands in for its parts, point by point."""
    rows = []
    for rival in ("no_tcn", "no_tcn_one_layer", "no_attention", "no_lm", "bert_text"):
        for point in study_points(records):
            found = lead(records, point, rival)
            if found:
                rows.append(
                    {
                        "TCN-LM minus": LABELS[rival],
                        "planted": point_label(point),
                        "told reaches, %": percent(
                            mean(r.metrics["told"] for r in find(records, target=point, variant="study"))
                        ),
                        "points": points(found["difference"], found["low"], found["high"]),
                        "found": f"{percent(found['found'], 0)} %",
                        "opposite found": f"{percent(found['against'], 0)} %",
                        "correlation": f"{found['correlation']:.2f}",
                        "studies": found["studies"],
                    }
                )
    return table(rows, "Differences over whole studies (generated); found: McNemar's test below 0.05 in one study")


def study_figure(records: list[Record]) -> plots.DescribedFigure:
    """Every study's difference of TCN-LM and its stand-ins, point by point."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    rivals = ("no_tcn", "no_tcn_one_layer", "no_attention")
    shown = [(rival, point) for rival in rivals for point in study_points(records) if lead(records, point, rival)]
    figure, axis = plt.subplots(figsize=(8, 1.2 + 0.42 * len(shown)))
    rng, told = np.random.default_rng(0), []
    for height, (rival, point) in enumerate(reversed(shown)):
        runs = [r for r in find(records, variant="study", target=point) if rival in r.metrics]
        gaps = 100 * np.array([r.metrics["tcn_lm"] - r.metrics[rival] for r in runs])
        colour = plots.PALETTE[rivals.index(rival)]
        axis.scatter(gaps, height + rng.uniform(-0.18, 0.18, len(gaps)), s=14, alpha=0.6, color=colour)
        axis.plot(gaps.mean(), height, "D", color="black", ms=5)
        told.append(
            f"{LABELS[rival]}, {point_label(point)}: mean {gaps.mean():+.1f}, {gaps.min():+.1f} to {gaps.max():+.1f}"
        )
    axis.axvline(0, color=plots.MUTED, lw=1)
    axis.set_yticks(range(len(shown)), [f"{LABELS[r]}; {point_label(p)}" for r, p in reversed(shown)], fontsize=9)
    axis.set_xlabel("TCN-LM minus the variant, points of accuracy")
    return plots.described(
        figure,
        alt="Differences of whole simulated studies, in points: " + "; ".join(told) + ".",
        caption="Every dot is one simulated study with its own users and trainings; diamonds are means (generated).",
    )


# The twin at the paper's size --------------------------------------------------------------------------------------


def twin_table(records: list[Record]) -> report.Table:
    """Accuracy on generated listeners at the paper's size, a column a condition; the paper's accuracy beside it."""
    rows: dict[str, dict] = {}
    found = {condition: cells(records, "planted", condition) for condition in CONDITIONS}
    for variant in (*study.SIMPLE, "told", *study.TABLE_2, *study.TABLE_3, "no_tcn_one_layer"):
        for condition, frame in found.items():
            if variant in frame.index:
                row = rows.setdefault(variant, {"model": LABELS[variant], "paper": _printed_accuracy(variant)})
                cell = frame.loc[variant]
                row[CONDITIONS[condition]] = percent_interval(cell.accuracy, cell.accuracy_low, cell.accuracy_high)
    return table(rows.values(), f"{printed('t1.users')} listeners (generated), accuracy in %")


def _printed_accuracy(variant: str) -> str:
    return percent(stated(f"{STATED_ROWS[variant]}.accuracy")) if variant in STATED_ROWS else "–"


def scores_table(records: list[Record], dataset: str, target: str, protocol: str = study.SPLIT) -> report.Table:
    """All scores of one data set and target."""
    rows = [
        {
            "model": LABELS[variant],
            "accuracy, %": percent_interval(cell.accuracy, cell.accuracy_low, cell.accuracy_high),
            "macro F1, %": percent_interval(cell.macro_f1, cell.macro_f1_low, cell.macro_f1_high),
            "weighted AUC": report.interval(cell.auc, cell.auc_low, cell.auc_high),
            "log loss": f"{cell.log_loss:.3f}",
            "calibration error": f"{cell.calibration_error:.3f}",
            "splits": cell.seeds,
        }
        for variant, cell in cells(records, dataset, target, protocol).iterrows()
    ]
    kind = {run.data for run in find(records, dataset=dataset, target=target)}
    named = OUTCOMES.get(target) or CONDITIONS[target]
    return table(rows, f"{dataset}: {named} ({', '.join(sorted(kind)) or 'no runs'})")


def paired_table(records: list[Record]) -> report.Table:
    """TCN-LM against others on the same test users, with the correlation of their right answers."""
    rows = []
    for run in find(records, variant="paired"):
        for name, difference in run.metrics.items():
            rows.append(
                {
                    "data": f"{run.dataset}: {OUTCOMES.get(run.target) or CONDITIONS[run.target]}",
                    "TCN-LM minus": LABELS[name.partition("-")[2]],
                    "points": points(difference, *run.intervals[name]),
                    "McNemar p": f"{run.notes[name]['mcnemar_p']:.3f}",
                    "correlation": f"{run.notes[name]['correlation']:.2f}",
                    "split": run.seed,
                }
            )
    return table(rows, "Paired on the same test users; intervals over users; p not corrected for the number of pairs")


#: Users below which a bin of confidence is left out of the picture.
FEWEST = 10


def calibration_figure(records: list[Record], target: str = "both") -> plots.DescribedFigure:
    """Reliability of TCN-LM and of logistic regression on tags: confidence against accuracy."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axis = plt.subplots(figsize=(4.6, 4.2))
    axis.plot([30, 100], [30, 100], color=plots.MUTED, lw=1)
    told = []
    for variant, colour in zip(("tcn_lm", "logistic_tags"), plots.PALETTE, strict=False):
        for run in find(records, dataset="planted", target=target, variant=variant, protocol=study.SPLIT)[:1]:
            held = [place for place, count in enumerate(run.curves["count"]) if count >= FEWEST]
            confidence, accuracy = (
                [100 * run.curves[name][place] for place in held] for name in ("confidence", "accuracy")
            )
            axis.plot(confidence, accuracy, "o-", color=colour, label=LABELS[variant])
            pairs = ", ".join(f"{c:.0f} to {a:.0f}" for c, a in zip(confidence, accuracy, strict=True))
            told.append(f"{LABELS[variant]} (confidence to accuracy, %): {pairs}")
    axis.set(xlabel="confidence, %", ylabel="right, %")
    if told:
        axis.legend(fontsize=9)
    return plots.described(
        figure,
        alt="Calibration: " + "; ".join(told) + ".",
        caption=f"Confidence and how often it is right; planted {CONDITIONS[target]} (generated), first split.",
    )


# Attention ---------------------------------------------------------------------------------------------------------

ATTENTION = ("planted_auc", "favoured", "top_tenth", "told_by_group")


def attention_table(records: list[Record]) -> report.Table:
    """What figure 2 would show of networks trained on true and on shuffled labels."""
    rows = []
    for condition, says in CONDITIONS.items():
        for variant in ("tcn_lm", "shuffled_labels"):
            runs = find(records, dataset="planted", target=condition, variant=variant, protocol=study.SPLIT)
            runs = [run for run in runs if "planted_auc" in run.metrics]
            if runs:
                found = {name: mean(run.metrics[name] for run in runs) for name in ATTENTION}
                rows.append(
                    {
                        "planted": says,
                        "labels": "true" if variant == "tcn_lm" else "shuffled",
                        "AUC of sad songs": f"{found['planted_auc']:.2f}",
                        "by split": ", ".join(f"{run.metrics['planted_auc']:.2f}" for run in runs),
                        "listeners with sad above party": f"{percent(found['favoured'], 0)} %",
                        "attention on the top tenth": f"{percent(found['top_tenth'], 0)} %",
                        "variance told by the tags": f"{percent(found['told_by_group'], 0)} %",
                    }
                )
    return table(rows, "Attention of TCN-LM to the songs of test listeners (generated)")


def listener_figure(records: list[Record], condition: str = "tags") -> plots.DescribedFigure:
    """Figure 2's picture twice: a network trained on true labels, and one trained on shuffled labels."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    figure, axes = plt.subplots(2, 1, figsize=(8, 4.6), sharex=True)
    told = []
    for axis, variant in zip(axes, ("tcn_lm", "shuffled_labels"), strict=True):
        runs = find(records, dataset="planted", target=condition, variant=variant, protocol=study.SPLIT)
        runs = [run for run in runs if "listener_weight" in run.curves]
        if not runs:
            continue
        weight, group = (np.array(runs[0].curves[f"listener_{name}"]) for name in ("weight", "group"))
        colours = {planted.SAD: plots.PALETTE[0], planted.PARTY: plots.PALETTE[4]}
        axis.bar(range(len(weight)), weight, width=0.9, color=[colours.get(int(g), "#C9C9C9") for g in group])
        axis.axhline(1 / len(weight), color=plots.MUTED, lw=1, ls=":")
        title = "trained on true labels" if variant == "tcn_lm" else "trained on shuffled labels"
        axis.set(title=title, ylabel="weight")
        means = {g: weight[group == k].mean() * len(weight) for k, g in enumerate(planted.GROUPS) if (group == k).any()}
        told.append(
            f"{title}: mean weight over the even weight, " + ", ".join(f"{g} {m:.2f}" for g, m in means.items())
        )
    axes[1].set_xlabel(
        "songs in the order heard (blue: sad tags, orange: party tags, grey: others; dotted: even weights)"
    )
    return plots.described(
        figure,
        alt="Attention weights on the songs of a severe listener, one of each of two networks. "
        + "; ".join(told)
        + ".",
        caption="The paper's figure 2 for generated listeners: of each network, the one it most surely calls severe.",
    )


# Real data ---------------------------------------------------------------------------------------------------------


def survey_cells(records: list[Record], target: str) -> pd.DataFrame:
    """Means over partitions of the survey's variants for one self-rating, variant as index."""
    import pandas as pd

    runs = [record for record in find(records, dataset="mxmh", target=target) if record.data == "real"]
    if not runs:
        return pd.DataFrame()
    frame = report.as_frame(runs)
    names = [column for column in frame.columns if column.startswith(("auc", "r2", "permutation"))]
    found = frame.groupby("variant")[names].mean().assign(splits=frame.groupby("variant").seed.nunique())
    return found.loc[[variant for variant in survey.VARIANTS if variant in found.index]]


def survey_table(records: list[Record]) -> report.Table:
    """How much of a self-rating music habits carry."""
    rows = []
    for target in survey.OTHER:
        for variant, cell in survey_cells(records, target).iterrows():
            row = {
                "self-rating": target,
                "from": FEATURES[variant],
                "AUC": report.interval(cell.auc, cell.auc_low, cell.auc_high),
            }
            row["R²"] = report.interval(cell.r2, cell.r2_low, cell.r2_high)
            if variant != "age":
                row["AUC over age alone"] = (
                    f"{cell.auc_over_age:+.3f} [{cell.auc_over_age_low:+.3f}, {cell.auc_over_age_high:+.3f}]"
                )
            if cell.auc_permuted == cell.auc_permuted:
                row["AUC, permuted: mean, 95 %"] = f"{cell.auc_permuted:.3f}, {cell.auc_permuted_95:.3f}"
                row["p"] = f"{cell.permutation_p:.2f}"
            rows.append(row)
    return table(rows, f"MXMH survey (real), {survey.FOLDS}-fold cross-validation, scores of {survey.HIGH} or more")


def survey_figure(records: list[Record]) -> plots.DescribedFigure:
    """AUC of each group of features for both self-ratings, and what permuted scores give."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, sharex=True)
    told = []
    for axis, target in zip(axes, survey.OTHER, strict=True):
        found = survey_cells(records, target)
        for height, (variant, cell) in enumerate(found.iloc[::-1].iterrows()):
            axis.plot([cell.auc_low, cell.auc_high], [height] * 2, color=plots.MEASURED, lw=2)
            axis.plot(cell.auc, height, "o", color=plots.MEASURED)
            if cell.auc_permuted == cell.auc_permuted:
                axis.plot(cell.auc_permuted_95, height, "|", color="black", ms=12, mew=2)
            told.append(f"{target} from {FEATURES[variant]} {cell.auc:.2f}")
        axis.axvline(0.5, color=plots.MUTED, lw=1)
        axis.set_yticks(range(len(found)), [FEATURES[variant] for variant in found.index[::-1]], fontsize=9)
        axis.set(title=target, xlabel="AUC of a high self-rating")
    return plots.described(
        figure,
        alt="AUC with 95 % intervals over people: " + "; ".join(told) + ".",
        caption="MXMH survey (real). Black bars: what 95 % of the runs with permuted scores stay below.",
    )


#: Rows of the description of HetRec: metric, words, whether a share.
TAGGING = {
    "users": ("users who tagged", False),
    "artists": ("artists tagged", False),
    "tags": ("distinct tags", False),
    "events": ("tag events", False),
    "artists_a_user_25": ("artists a user, lower quartile", False),
    "artists_a_user_50": ("artists a user, median", False),
    "artists_a_user_75": ("artists a user, upper quartile", False),
    "months": ("months with events, median user", False),
    "share_reaching_length": ("users with 100 artists or more", True),
    "padding": ("padding, if all are cut and padded to 100", True),
    "one_user": ("artists that one user alone tagged", True),
    "seen": ("of a test user's artists, seen in training", True),
    "seen_twice": ("of a test user's artists, seen of two training users or more", True),
    "nothing_seen": ("test users without any artist seen in training", True),
}


def tagging_table(records: list[Record]) -> report.Table:
    """HetRec as sequences of artists, mean over splits."""
    runs = [run for run in find(records, dataset="hetrec2011_lastfm", variant="description") if run.data == "real"]
    rows = []
    for name, (says, share) in TAGGING.items():
        if runs:
            value = mean(run.metrics[name] for run in runs)
            rows.append({"HetRec": says, "value": f"{percent(value)} %" if share else f"{value:,.0f}"})
    return table(rows, f"HetRec (real), 70/15/15 by user, mean of {len(runs)} splits")


PROFILES = {
    "users": "users",
    "gender_given": "gender given",
    "female": "of these female",
    "age_given": "age given",
    "age_plausible": "of these between 13 and 80",
    "age_median": "median age",
    "country_given": "country given",
    "registered_given": "day of registration given",
    "all_given": "all four given",
    "users_with_listens": "users whose listens are in our copy",
    "listens": "listens in our copy",
}


def profiles_table(records: list[Record]) -> report.Table:
    """Last.fm-1K's profiles in counts."""
    runs = [run for run in find(records, dataset="lastfm1k", variant="description") if run.data == "real"]
    rows = [{"Last.fm-1K": says, "value": f"{runs[0].metrics[name]:,.0f}"} for name, says in PROFILES.items() if runs]
    return table(rows, "Last.fm-1K, the profile table (real)")


def measure_here(profile: str, given: dict) -> report.Table:
    """Run what the study is missing under `profile` on this machine, and show its scores.

    Parameters
    ----------
    given : the notebook's parameters, which stand above the profile's file.
    """
    import pandas as pd

    from mer_repro.runs.sweep import measured

    records = measured(KEY, profile, given)
    rows = [
        {"data": r.data, "dataset": r.dataset, "target": r.target, "variant": r.variant, "measure": name}
        | {"value": r.metrics[name]}
        for r in records
        for name in ("accuracy", "auc", "least_mcnemar", "tcn_lm")
        if name in r.metrics
    ]
    frame = pd.DataFrame(rows)
    shown = frame.groupby([c for c in frame.columns if c != "value"], sort=False).value.mean().round(3).reset_index()
    return report.Table(shown.astype(str), f"The {profile} profile on this machine", searchable=True)


def verdicts(records: list[Record]):
    """What the reruns say of the paper's claims; see `mer_repro.papers.bai2026.judgements`."""
    from mer_repro.papers.bai2026 import judgements

    return judgements.verdicts(records)


def numbers(records: list[Record]) -> dict[str, str]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    quoted = {
        "stated_users": printed("t1.users"),
        "stated_lastfm": printed("sec411.lastfm_users"),
        "stated_test": printed("t1.users_test"),
        "stated_accuracy": percent(stated("t2.tcn_lm.accuracy")),
        "stated_late": percent(stated("t2.late_fusion.accuracy")),
        "stated_lead": printed("sec421.accuracy_gain"),
        "stated_healthy": printed("t1.share_healthy"),
        "stated_length": printed("sec411.sequence_length"),
    }
    for correlation in ("50", "80", "95"):
        for run in find(records, dataset="simulated", target=f"correlation_{correlation}"):
            if run.variant == "power":
                quoted[f"least_{correlation}"] = percent(run.metrics["least_mcnemar"])
                quoted[f"least_best_{correlation}"] = percent(run.metrics["least_mcnemar_best_rival"])
            elif run.variant == "type_one_error":
                quoted[f"leads_{correlation}"] = percent(run.metrics["leads"], 0)
                quoted[f"lead_one_{correlation}"] = percent(run.metrics["leads_one_as_stated"])
                quoted[f"best_variant_{correlation}"] = percent(run.metrics["best_variant"])
            elif run.variant == "table_2":
                quoted[f"again_{correlation}"] = percent(run.metrics["found_1"], 0)
    for target in survey.OTHER:
        found = survey_cells(records, target)
        for variant in found.index:
            cell = found.loc[variant]
            quoted[f"{target}_{variant}"] = report.interval(cell.auc, cell.auc_low, cell.auc_high, 2)
    for run in find(records, dataset="hetrec2011_lastfm", variant="description", seed=0):
        quoted["hetrec_artists"] = f"{run.metrics['artists_a_user_50']:.0f}"
        quoted["hetrec_reaching"] = percent(run.metrics["share_reaching_length"])
        quoted["hetrec_padding"] = percent(run.metrics["padding"], 0)
        quoted["hetrec_seen"] = percent(run.metrics["seen"], 0)
    for run in find(records, dataset="lastfm1k", variant="description"):
        quoted["profiles_age"] = f"{run.metrics['age_given']:,.0f}"
        quoted["profiles_users"] = f"{run.metrics['users']:,.0f}"
    nothing = find(records, variant="study", target="none_000")
    quoted["studies"] = str(len(nothing))
    quoted["nothing_mean"] = percent(mean(run.metrics["tcn_lm"] for run in nothing))
    quoted["nothing_most"] = percent(max((run.metrics["tcn_lm"] for run in nothing), default=float("nan")))
    quoted["nothing_majority"] = percent(mean(run.metrics["majority"] for run in nothing))
    defaults = [
        *(
            f"{name}_{c}"
            for c in ("50", "80", "95")
            for name in ("least", "least_best", "leads", "lead_one", "best_variant", "again")
        ),
        *(f"{target}_{variant}" for target in survey.OTHER for variant in survey.VARIANTS),
        *("hetrec_artists", "hetrec_reaching", "hetrec_padding", "hetrec_seen", "profiles_age", "profiles_users"),
    ]
    return dict.fromkeys(defaults, "–") | quoted


def card(records: list[Record]) -> report.Card:
    """The head of the chapter."""
    frame = report.as_frame(records)
    quoted = numbers(records)
    return report.Card(
        verdict=verdicts(records)[0].judgement,
        claim="A TCN with language model and cross-modal attention tells healthy, mildly and severely depressed"
        " listeners"
        " apart by what they hear, significantly better than four baselines.",
        theirs=f"{quoted['stated_accuracy']} % of {quoted['stated_test']} test users (commonest class"
        f" {quoted['stated_healthy']} %)",
        ours=f"MXMH survey: AUC {quoted['depression_genres']} for a high self-rating of depression from genre habits,"
        f" {quoted['depression_age']} from age alone",
        data=report.kinds(frame) if len(frame) else (),
        seconds=frame["seconds"].sum() if len(frame) else 0.0,
        devices=tuple(sorted(frame["device"].unique())) if len(frame) else (),
    )
