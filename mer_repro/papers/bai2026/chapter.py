"""The tables, figures, numbers and the head of the chapter on bai2026."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from mer_repro import plots, report
from mer_repro.papers.bai2026 import planted, study, survey
from mer_repro.papers.bai2026.names import (
    CONDITIONS,
    FEATURES,
    LABELS,
    NETWORKS,
    OUTCOMES,
    PROFILES,
    READINGS,
    RIVALS,
    STATED_ROWS,
    TAGGING,
    condition_of,
    point_label,
)
from mer_repro.papers.bai2026.verdicts import (
    RATE,
    failed,
    failed_in_study,
    failures,
    in_folds,
    lead,
    minus,
    of_studies,
    one_class,
    over_age,
    screened,
    settled,
    share_high,
    simulated,
    studies,
    survey_auc,
    verdicts,
)
from mer_repro.results import DASH, Results, Score, Stated, holm, shown, stated
from mer_repro.tables import Column, Runs, Table, Text, grid
from mer_repro.verdicts import levelled_off

KEY = study.KEY


# The comparison on 578 test users ----------------------------------------------------------------------------------


def _simulated(results: Results, variant: str) -> dict[str, Results]:
    """Runs of simulated answers by the heading of their column."""
    runs = results.where(dataset="simulated", variant=variant)
    by = sorted(runs, key=lambda run: run.parameters["correlation"])
    return {f"correlation {run.parameters['correlation']:g}, %": Results(KEY, [run], runs.store) for run in by}


def type_one_table(results: Results) -> Table:
    """How often five equally good models look different, a column per correlation of their right answers."""
    columns = _simulated(results, "type_one_error")
    rows = [
        {"what counts as better": says} | {name: (run.metric(metric), "%1") for name, run in columns.items()}
        for metric, says in READINGS.items()
    ]
    caption = f"Five models of one accuracy on {results.stated('t1.users_test')} users (simulated)"
    return Table(rows if columns else [], caption)


def again_table(results: Results) -> Table:
    """If the printed accuracies were true: what a second draw of as many test users would show."""
    rows = []
    for variant, rivals in RIVALS.items():
        columns = _simulated(results, variant)
        names = [LABELS[rival].partition(" (")[0] for rival in rivals]  # the paper's LSTM-Audio reads MFCCs
        what = {f"found_{k}": f"significantly above {name}" for k, name in enumerate(names, 1)}
        what |= {"all_found": "significantly above all", "first": "first", "whole_order": "the whole order again"}
        rows += [
            {"table": variant[-1], "TCN-LM is": says}
            | {name: (run.metric(metric), "%1") for name, run in columns.items()}
            for metric, says in what.items()
            if columns
        ]
    return Table(rows, f"A second draw of {results.stated('t1.users_test')} test users (simulated)")


def power_figure(results: Results) -> plots.DescribedFigure:
    """Power against the true lead: one rival named beforehand, and whichever rival came out best."""
    import matplotlib.pyplot as plt

    plots.use_style()
    runs = [run for one in _simulated(results, "power").values() for run in one]
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True)
    told = []
    panels = {"mcnemar": "against one rival", "mcnemar_best_rival": "against the best of four"}
    for axis, (name, title) in zip(axes, panels.items(), strict=True):
        for run, colour in zip(runs, plots.PALETTE[1:], strict=False):
            leads = [100 * at for at in run.curves["lead"]]
            correlation = f"{run.parameters['correlation']:g}"
            axis.plot(leads, [100 * share for share in run.curves[name]], "o-", ms=4, color=colour, label=correlation)
            least = shown(run.metrics[f"least_{name}"], "%1")
            told.append(f"{title}, correlation {correlation}: 80 % at {least} points")
        axis.axhline(80, color=plots.MUTED, lw=1, ls=":")
        axis.axvline(100 * results.stated("sec421.accuracy_gain").value, color=plots.STATED, ls="--", lw=1.2)
        axis.set(title=title, xlabel="true lead in points of accuracy")
    axes[0].set_ylabel("simulated studies that find the lead, %")
    if runs:
        axes[0].legend(title="latent correlation", fontsize=9, title_fontsize=9)
    return plots.described(
        figure,
        alt="Power of McNemar's test, rising with the true lead. " + "; ".join(told) + ".",
        title="The less two models agree, the larger a lead must be to be found",
        note=f"Simulated. Dashed: the lead that the paper states over its best baseline."
        f" {results.stated('t1.users_test')} test users; rivals of one accuracy, that of late fusion.",
    )


# Whole studies -----------------------------------------------------------------------------------------------------


def study_points(results: Results) -> list[str]:
    """The points at which whole studies were simulated, in the order of `CONDITIONS`."""
    found = results.where(variant="study").values("target")
    return sorted(found, key=lambda point: (list(CONDITIONS).index(condition_of(point)), point))


def study_table(results: Results) -> Table:
    """Accuracy over simulated studies of everything trained, point by point; failed trainings are counted."""
    rows = []
    for point in study_points(results):
        for variant, label in LABELS.items():
            if len(runs := studies(results, point, variant)):
                names = (variant,) if variant in NETWORKS else ()
                accuracy = of_studies(runs, lambda run, v=variant: run.metrics[v], *names)
                row = {"planted": point_label(point), "model": label, "accuracy, %": (accuracy, "%1")}
                rows.append(row | {"failed": (failures(runs, *names), ".0"), "studies": Runs(runs.ids)})
    return Table(rows, "Whole studies (generated): mean over those whose network trained, 95 % interval over studies")


COMPARED = ("no_tcn", "no_tcn_one_layer", "no_attention", "no_lm", "bert_text")


def leads_table(results: Results) -> Table:
    """TCN-LM against what stands in for its parts, point by point."""
    rows = []
    for rival in COMPARED:
        for point in study_points(results):
            runs = studies(results, point, "tcn_lm", rival)
            if len(runs):

                def significant(run, sign: int, rival: str = rival) -> float:
                    gap = run.metrics["tcn_lm"] - run.metrics[rival]
                    return float(run.notes["against"][rival]["mcnemar_p"] < 0.05 and sign * gap > 0)

                row: dict[str, Any] = {"TCN-LM minus": LABELS[rival], "planted": point_label(point)}
                row["oracle, %"] = (runs.metric("told"), "%1")
                row["points, both trained"] = (lead(results, point, rival), "+%1")
                row["one failed"] = (failures(runs, "tcn_lm", rival), ".0")
                for name, sign in (("found, %", 1), ("opposite found, %", -1)):
                    share = of_studies(runs, lambda run, s=sign: significant(run, s), "tcn_lm", rival)
                    row[name] = (share, "%0~")
                row["correlation"] = (runs.over(lambda run, r=rival: run.notes["against"][r]["correlation"]), ".2")
                rows.append(row | {"studies": Runs(runs.ids)})
    return Table(rows, "Differences over whole studies (generated); found: McNemar's test below 0.05 in one study")


def study_figure(results: Results) -> plots.DescribedFigure:
    """Every study's difference of TCN-LM and its stand-ins, point by point; failed trainings are left out."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    rivals, colours = COMPARED[:3], plots.PALETTE[:3]
    shown_ = [(r, p) for r in rivals for p in study_points(results) if len(studies(results, p, "tcn_lm", r))]
    figure, axis = plt.subplots(figsize=(8, 1.2 + 0.42 * len(shown_)))
    rng, told, mixed = np.random.default_rng(0), [], 0
    for height, (rival, point) in enumerate(reversed(shown_)):
        runs = studies(results, point, "tcn_lm", rival)
        both = [run for run in runs if not any(failed_in_study(run, name) for name in ("tcn_lm", rival))]
        gaps = 100 * np.array([run.metrics["tcn_lm"] - run.metrics[rival] for run in both])
        mixed += bool((gaps > 0).any() and (gaps < 0).any())
        colour = colours[rivals.index(rival)]
        axis.scatter(gaps, height + rng.uniform(-0.18, 0.18, len(gaps)), s=14, alpha=0.6, color=colour)
        if len(gaps):
            axis.plot(gaps.mean(), height, "D", color="black", ms=5)
            told.append(f"{LABELS[rival]}, {point_label(point)}: mean {gaps.mean():+.1f} of {len(gaps)} studies")
    axis.axvline(0, color=plots.MUTED, lw=1)
    labels = [f"{LABELS[r]}; {point_label(p)}" for r, p in reversed(shown_)]
    axis.set_yticks(range(len(shown_)), labels, fontsize=9)
    axis.set_xlabel("TCN-LM minus the variant, points of accuracy")
    return plots.described(
        figure,
        alt="Differences of whole simulated studies in points, both networks trained: " + "; ".join(told) + ".",
        title=f"In {mixed} of {len(shown_)} rows single studies point both ways",
        note="Every dot is one simulated study with its own users and trainings; diamonds are means (generated)."
        " Studies in which either network failed to train are left out; the table counts them.",
    )


# Generated listeners at the paper's size --------------------------------------------------------------------------


def _converged(runs: Results) -> str:
    """How many trainings had converged when they ended; of networks alone."""
    networks = [run for run in runs if "train_loss" in run.curves]
    return f"{sum(map(levelled_off, networks))} of {len(networks)}" if networks else DASH


def _failed(runs: Results) -> str:
    networks = [run for run in runs if run.variant in NETWORKS]
    return f"{sum(map(failed, networks))} of {len(networks)}" if networks else DASH


#: What the verdicts on the network lean on, and what to compare it with.
MAIN = ("majority", "told", "logistic_tags", "tcn_lm", "no_tcn_one_layer", "no_attention", "no_lm", "bert_text")


def main_table(results: Results) -> Table:
    """The networks that most verdicts lean on, trained to convergence, beside simple rivals on the same folds."""
    rows = _trained_rows(results.where(variant=MAIN, rate=(RATE, None), keep=None))
    return Table(
        [{name: cell for name, cell in row.items() if name != "learning rate"} for row in rows], _size(results)
    )


def trained_table(results: Results) -> Table:
    """All networks at the stated length, at both learning rates, beside simple rivals on the same folds."""
    return Table(_trained_rows(results), f"All models: {_size(results)}")


def _size(results: Results) -> str:
    users, length = (results.stated(claim) for claim in ("t1.users", "sec411.sequence_length"))
    return f"{users} listeners (generated), {length} songs, at most 30 epochs"


def _trained_rows(results: Results) -> list[dict[str, Any]]:
    """A row for each planted condition, model, learning rate and rule of which weights are kept."""
    rows = []
    for condition, says in CONDITIONS.items():
        cells = results.where(protocol=study.FOLDS, target=condition, users=None, length=None)
        for variant, label in LABELS.items():
            of = cells.where(variant=variant)
            for rate, keep in itertools.product(of.values("rate") or [None], (None, *of.values("keep"))):
                runs = of.where(rate=rate, keep=keep)
                if len(runs):
                    good = runs.filter(lambda run: not failed(run))
                    row: dict[str, Any] = {"planted": says, "model": label + ", last epoch" * bool(keep)}
                    row |= {"learning rate": rate, "paper, %": _paper(variant)}
                    row |= {column.heading: column.cell(good) for column in SCORES[:3]}
                    row |= {"converged": _converged(runs), "failed": _failed(runs), "trainings": Runs(runs.ids)}
                    rows.append(row)
    return rows


def _paper(variant: str, metric: str = "accuracy") -> tuple[Stated, str] | None:
    return (stated(KEY, f"{STATED_ROWS[variant]}.{metric}"), "%1") if variant in STATED_ROWS else None


def sizes_table(results: Results) -> Table:
    """Fewer listeners, shorter and longer histories: accuracy, and TCN-LM minus its rivals on the same listeners."""
    users, length = (results.stated(claim).value for claim in ("t1.users", "sec411.sequence_length"))
    rows = []
    for size in sizes(results):
        runs = in_folds(results, "both", **size).where(variant=study.SIZED)
        row: dict[str, Any] = {"listeners": f"{size.get('users', users):,.0f}"}
        row["songs"] = f"{size.get('length', length):.0f}"
        for variant in ("majority", "told", "logistic_tags", "tcn_lm"):
            good = runs.where(variant=variant).filter(lambda run: not failed(run))
            row[f"{LABELS[variant].partition(':')[0]}, %"] = (good.score("accuracy"), "%1")
        for rival in ("no_tcn_one_layer", "no_attention"):
            gap = minus("both", rival, **size)(results)
            row[f"TCN-LM minus {LABELS[rival].partition(':')[0]}, points"] = (gap, "+%1")
        networks = runs.where(variant=("tcn_lm", "no_tcn_one_layer", "no_attention"))
        rows.append(row | {"failed": _failed(networks), "runs": Runs(runs.ids)})
    return Table(
        rows,
        "Signal in both (generated): fewer listeners, shorter and longer histories, networks trained to convergence",
    )


def sizes(results: Results) -> list[dict[str, int]]:
    """The sizes at which listeners with the signal in both were generated, the paper's own among them."""
    cells = results.where(protocol=study.FOLDS, target="both")
    if not len(cells):
        return []
    by_users = [{"users": users} for users in sorted(cells.values("users"))]
    return [*by_users, {}, *({"length": length} for length in sorted(cells.values("length")))]


def size_figure(results: Results) -> plots.DescribedFigure:
    """The smallest difference that a comparison can show, against how many people were asked."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axis = plt.subplots(figsize=(8, 3.8))
    points: dict[str, list[tuple[int, float]]] = {}
    for rival in ("no_tcn_one_layer", "no_attention"):
        for size in sizes(results):
            if "length" not in size and (gap := minus("both", rival, **size)(results)) is not None:
                found = points.setdefault(f"generated: TCN-LM minus {LABELS[rival].partition(':')[0]}", [])
                found.append((_people(results, gap), 100 * gap.detectable))
    others = {
        "HetRec: TCN-LM minus w/o attention": minus("play_concentration", "no_attention")(results),
        "MXMH: genre habits over age, points of AUC": over_age("depression")(results),
    }
    points |= {
        name: [(_people(results, gap), 100 * gap.detectable)]
        for name, gap in others.items()
        if gap and gap.detectable > 0
    }
    for (name, ends), colour, mark in zip(points.items(), plots.PALETTE[1:], "osDv", strict=False):
        axis.plot(*zip(*sorted(ends), strict=True), f"{mark}-", color=colour, label=name)
    for claim, says in (("t3.no_attention.accuracy", "attention"), ("t3.no_tcn.accuracy", "TCN")):
        stated_gap = 100 * (results.stated("t3.full.accuracy").value - results.stated(claim).value)
        axis.axhline(stated_gap, color=plots.STATED, ls="--", lw=1.2)
        place = {"xy": (1, stated_gap), "xycoords": ("axes fraction", "data"), "ha": "right", "va": "bottom"}
        axis.annotate(f"stated for {says}", **place, fontsize=9, color=plots.STATED)
    theirs = results.stated("t1.users_test").value
    axis.axvline(theirs, color=plots.STATED, ls=":", lw=1.2)
    place = {"xy": (theirs, 1), "xycoords": ("data", "axes fraction"), "ha": "left", "va": "top"}
    axis.annotate(" the paper's test users", **place, fontsize=9, color=plots.STATED)
    axis.set(xscale="log", yscale="log", xlabel="people tested", ylabel="least visible difference, points")
    axis.set_xticks([500, 1000, 2000, 4000], ["500", "1,000", "2,000", "4,000"], minor=False)
    axis.set_yticks([1, 2, 5, 10], ["1", "2", "5", "10"], minor=False)
    axis.tick_params(which="minor", labelbottom=False, labelleft=False)
    if points:
        axis.legend(fontsize=9)
    told = [
        f"{name}: " + ", ".join(f"{y:.1f} points of {x:,}" for x, y in sorted(ends)) for name, ends in points.items()
    ]
    return plots.described(
        figure,
        alt="The smallest difference seen four times in five, by people tested. " + "; ".join(told) + ".",
        title="The fewer people a comparison tests, the larger the difference that it can show",
        note="What paired comparisons of trained networks can show, four times in five at the 5 % level, from their"
        " own standard errors. Dashed: the differences that the paper's table 3 states; dotted: its test users.",
    )


def _people(results: Results, gap: Score) -> int:
    """On how many people a difference was measured."""
    runs = {run.id: run for run in results}
    found = [run for run in map(runs.get, gap.records) if run]
    return sum({run.factors.get("fold"): run.counts.get("n_test") or run.counts["people"] for run in found}.values())


SCORES = (
    Column("accuracy, %", "accuracy", "%1"),
    Column("macro F1, %", "macro_f1", "%1"),
    Column("weighted AUC", "auc"),
    Column("log loss", "log_loss"),
    Column("calibration error", "calibration_error", ".3~"),
    Column("single class", lambda runs: f"{sum(map(one_class, runs))} of {len(runs)}"),
    Column("converged", _converged),
    Column("splits", lambda runs: Runs(runs.ids)),
)


def scores_table(results: Results, dataset: str, target: str) -> Table:
    """All scores of one data set and target; all its models answer the same users."""
    cell = results.where(dataset=dataset, target=target, variant=tuple(LABELS))
    kind = ", ".join(sorted(cell.values("data"))) or "no runs"
    return grid(cell, LABELS, SCORES, f"{dataset}: {OUTCOMES.get(target) or CONDITIONS[target]} ({kind})")


def widths_table(results: Results) -> Table:
    """TCN-LM as wide as the paper's, on one split."""
    cell = results.where(protocol=study.PAPER_WIDTHS, target="both")
    return grid(cell, LABELS, SCORES, "TCN-LM at the paper's widths and learning rate, signal in both (generated)")


def paired_table(results: Results) -> Table:
    """TCN-LM against rivals on the same test users; p after Holm over the table. Failed trainings are left out."""
    rivals = ("majority", "logistic_tags", "bag_of_songs", *COMPARED)
    found = {
        (target, rival): minus(target, rival)(results)
        for target in (*CONDITIONS, *study.TAGS_TARGETS)
        for rival in rivals
    }
    rows = [
        {
            "data": f"HetRec: {OUTCOMES[target]}" if target in OUTCOMES else f"planted: {CONDITIONS[target]}",
            "TCN-LM minus": LABELS[rival],
            "points": (score, "+%1"),
            "p, Holm": (Score(score.p), ".3"),
        }
        for (target, rival), score in holm(found).items()
    ]
    return Table(rows, "Paired on the same test users; intervals over users and initialisations")


# Attention ---------------------------------------------------------------------------------------------------------


def attention_table(results: Results) -> Table:
    """What figure 2 would show of networks trained on true and on shuffled labels."""
    rows = []
    for condition, where in CONDITIONS.items():
        for variant, labels in (("tcn_lm", "true"), ("shuffled_labels", "shuffled")):
            runs = in_folds(results, condition).where(variant=variant)
            runs = runs.filter(lambda run: "planted_auc" in run.metrics)
            if len(runs):
                each = [run.metrics["planted_auc"] for run in runs]
                rows.append({
                    "planted": where, "labels": labels,
                    "AUC of sad songs": (runs.metric("planted_auc", interval=True), ".2"),
                    "least and most": f"{min(each):.2f}, {max(each):.2f}",
                    "listeners with sad above party, %": (runs.metric("favoured"), "%0"),
                    "attention on the top tenth, %": (runs.metric("top_tenth"), "%0"),
                    "variance that tags explain, %": (runs.metric("told_by_group"), "%0"),
                    "failed": _failed(runs) if variant == "tcn_lm" else DASH,
                    "trainings": Runs(runs.ids),
                })  # fmt: skip
    return Table(rows, "Attention of TCN-LM to the songs of test listeners (generated)")


def listener_figure(results: Results, condition: str = "both") -> plots.DescribedFigure:
    """Figure 2's picture twice: a network trained on true labels, and one trained on shuffled labels."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    figure, axes = plt.subplots(2, 1, figsize=(8, 4.6), sharex=True, sharey=True)
    names = {planted.SAD: ("sad tags", plots.PALETTE[0], ""), planted.PARTY: ("party tags", plots.PALETTE[2], "//")}
    told, heavier = [], 0
    kept = in_folds(results, condition).filter(lambda run: "listener_weight" in run.curves)
    pair = [kept.where(variant=variant) for variant in ("tcn_lm", "shuffled_labels")]
    pair = pair if all(map(len, pair)) else []
    for axis, runs in zip(axes, pair, strict=False):
        run = next(iter(runs))
        weight, group = (np.array(run.curves[f"listener_{name}"]) for name in ("weight", "group"))
        weight = weight * len(weight)
        axis.bar(range(len(weight)), weight, width=0.9, color="#C9C9C9", label="other songs")
        for which, (name, colour, hatch) in names.items():
            places = np.flatnonzero(group == which)
            axis.bar(places, weight[places], width=0.9, color=colour, hatch=hatch, label=name)
        axis.axhline(1, color=plots.MUTED, lw=1, ls=":")
        title = "trained on true labels" if run.variant == "tcn_lm" else "trained on shuffled labels"
        axis.set(title=title, ylabel="weight over the even weight")
        means = {g: weight[group == k].mean() for k, g in enumerate(planted.GROUPS) if (group == k).any()}
        heavier += means.get(planted.GROUPS[planted.SAD], 0) > 1
        told.append(
            f"{title}: mean weight over the even weight, " + ", ".join(f"{g} {m:.2f}" for g, m in means.items())
        )
    axes[1].set_xlabel("songs in the order heard (dotted: even weights)")
    if told:
        axes[0].legend(fontsize=9)
    return plots.described(
        figure,
        alt="Attention weights on the songs of one severe listener per network. " + "; ".join(told) + ".",
        title=f"Of the {len(told)} listeners shown, sad songs weigh more than their share in {heavier}",
        note="The paper's figure 2 for generated listeners, signal in both: of each network, the listener whom it"
        " most surely calls severe, so the two may be different listeners.",
    )


# Real data ---------------------------------------------------------------------------------------------------------


def survey_table(results: Results) -> Table:
    """How much of a self-rating music habits carry; what they add to age, after Holm over the table."""
    added = holm({(t, v): over_age(t, v)(results) for t in survey.OTHER for v in survey.VARIANTS if v != "age"})
    rows = []
    for target in survey.OTHER:
        for variant in survey.VARIANTS:
            runs = results.where(dataset="mxmh", data="real", target=target, variant=variant)
            if len(runs):
                more = added.get((target, variant))
                rows.append({
                    "self-rating": target, "from": FEATURES[variant],
                    "AUC": (survey_auc(results, target, variant), ".3"), "R²": (runs.score("r2"), ".3"),
                    "AUC over age alone": (more, "+.3"), "p, Holm": (Score(more.p) if more else None, ".3"),
                    "AUC, permuted scores: 95 % below": (runs.metric("auc_permuted_95"), ".3"),
                })  # fmt: skip
    caption = f"MXMH survey (real), {survey.FOLDS}-fold cross-validation, scores of {survey.HIGH} or more"
    return Table(rows, caption)


def screening_table(results: Results) -> Table:
    """Of those whom a test as good as genre habits points at, how many are well, by how common the illness is."""
    severe, high = results.stated("t1.share_severe"), share_high(results)
    cases: Sequence[tuple[str, Any, float]] = (
        ("one in twenty", "0.05", 0.05),
        ("severe in the paper's table 1", (severe, "%1"), severe.value),
        ("high self-rating of depression in MXMH", (high, "%1"), high.value if high else 0.0),
    )
    rows = [
        {"who counts as ill": says, "share who are ill, %": "5.0" if share == 0.05 else cell}
        | {
            f"well, of the {part:.0%} pointed at, %": (screened(results, share, part), "%0")
            for part in (0.05, 0.1, 0.2)
        }
        for says, cell, share in cases
        if high
    ]
    return Table(rows, "Binormal model with the AUC of genre habits for depression in MXMH and its interval")


def survey_figure(results: Results) -> plots.DescribedFigure:
    """AUC of each group of features for both self-ratings, and what permuted scores give."""
    import matplotlib.pyplot as plt

    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, sharex=True)
    told, above = [], 0
    for axis, target in zip(axes, survey.OTHER, strict=True):
        for height, variant in enumerate(reversed(survey.VARIANTS)):
            if (cell := survey_auc(results, target, variant)) is None:
                continue
            axis.plot([cell.low, cell.high], [height] * 2, color=plots.MEASURED, lw=2)
            axis.plot(cell.value, height, "o", color=plots.MEASURED)
            runs = results.where(dataset="mxmh", data="real", target=target, variant=variant)
            if permuted := runs.metric("auc_permuted_95"):
                above += cell.low > permuted.value
                axis.plot(permuted.value, height, "|", color="black", ms=12, mew=2)
            told.append(f"{target} from {FEATURES[variant]} {cell:.2}")
        axis.axvline(0.5, color=plots.MUTED, lw=1)
        axis.set_yticks(range(len(survey.VARIANTS)), [FEATURES[v] for v in reversed(survey.VARIANTS)], fontsize=9)
        axis.set(title=target, xlabel="AUC of a high self-rating")
    return plots.described(
        figure,
        alt="AUC with 95 % intervals over people: " + "; ".join(told) + ".",
        title=f"{above} of {len(told)} groups of features tell more of a self-rating than permuted scores do",
        note="MXMH survey (real). Black bars: what 95 % of the runs with permuted scores stay below.",
    )


def tagging_table(results: Results) -> Table:
    """HetRec as sequences of artists, mean over splits."""
    runs = results.where(dataset="hetrec2011_lastfm", variant="description", data="real")
    rows = [{"HetRec": says, "value": (runs.metric(name), style)} for name, (says, style) in TAGGING.items() if runs]
    return Table(rows, f"HetRec (real), 70/15/15 by user, mean of {len(runs)} splits")


def profiles_table(results: Results) -> Table:
    """Last.fm-1K's profiles in counts."""
    runs = results.where(dataset="lastfm1k", variant="description", data="real")
    rows = [{"Last.fm-1K": says, "value": (runs.metric(name), ",.0")} for name, says in PROFILES.items() if runs]
    return Table(rows, "Last.fm-1K, the profile table (real)")


# Prose and head ----------------------------------------------------------------------------------------------------


def numbers(results: Results) -> dict[str, Any]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    ledger = {"users": "t1.users", "lastfm": "sec411.lastfm_users", "test": "t1.users_test",
              "lead": "sec421.accuracy_gain", "length": "sec411.sequence_length", "rate": "sec413.learning_rate",
              "gain": "abstract.accuracy_gain",
              "cesd_healthy": "sec411.cesd_healthy", "cesd_mild": "sec411.cesd_mild_low"}  # fmt: skip
    quoted: dict[str, Any] = {f"stated_{name}": results.stated(claim) for name, claim in ledger.items()}
    quoted["stated_no_tcn"] = (results.stated("t3.no_tcn.accuracy"), "%1")
    asked = {f"least_{c}": ("power", "least_mcnemar", c) for c in (0, 50, 80, 95)}
    asked |= {f"least_best_{c}": ("power", "least_mcnemar_best_rival", c) for c in (50, 80, 95)}
    asked |= {f"lead_one_{c}": ("type_one_error", "leads_one_as_stated", c) for c in (50, 80)}
    asked |= {"best_variant_80": ("type_one_error", "best_variant", 80)}
    quoted |= {name: (simulated(*what)(results), "%1") for name, what in asked.items()}
    for variant in ("genres", "age"):
        quoted[f"depression_{variant}"] = (survey_auc(results, "depression", variant), ".2")
    severe, high = results.stated("t1.share_severe"), share_high(results)
    quoted["severe"], quoted["high"] = severe, (high, "%0")
    quoted["well_paper"] = (screened(results, severe.value), "%0")
    quoted["well_here"] = (screened(results, high.value) if high else None, "%0")
    quoted["well_rare"] = (screened(results, 0.05), "%0")
    tagging = results.where(dataset="hetrec2011_lastfm", variant="description")
    for name, metric in {"artists": "artists_a_user_50", "reaching": "share_reaching_length",
                         "padding": "padding", "seen": "seen"}.items():  # fmt: skip
        quoted[f"hetrec_{name}"] = (tagging.metric(metric), ",.0" if name == "artists" else "%0")
    profiles = results.where(dataset="lastfm1k", variant="description")
    quoted |= {f"profiles_{n}": (profiles.metric(m), ",.0") for n, m in (("users", "users"), ("age", "age_given"))}
    for variant in ("tcn_lm", "told", "majority"):
        for condition in ("order", "both"):
            quoted[f"accuracy_{variant}_{condition}"] = (_accuracy(results, condition, variant), "%1")
    for condition in ("order", "both"):
        quoted[f"gain_tcn_{condition}"] = (minus(condition, "no_tcn_one_layer")(results), "+%1")
    quoted["gain_attention"] = (minus("both", "no_attention")(results), "+%1")
    quoted["stated_no_attention"] = (results.stated("t3.no_attention.accuracy"), "%1")
    quoted["stated_full"] = (results.stated("t3.full.accuracy"), "%1")
    nothing = studies(results, "none_000", "tcn_lm")
    quoted["nothing_mean"] = (nothing.metric("tcn_lm"), "%1")
    return quoted


def _accuracy(results: Results, condition: str, variant: str) -> Score | None:
    """Accuracy of a model at the stated length, over all trainings on the folds on which TCN-LM trained."""
    cells = in_folds(results, condition)
    folds = tuple(settled(cells, ("tcn_lm",)).values("fold"))
    good = cells.where(variant=variant, fold=folds).filter(lambda run: not failed(run))
    return good.score("accuracy")


def card(results: Results) -> Table:
    """The head of the chapter."""
    theirs = Text.of(
        "{accuracy:%1} % of {test} test users (majority class {healthy} %)", test=results.stated("t1.users_test"),
        accuracy=results.stated("t2.tcn_lm.accuracy"), healthy=results.stated("t1.share_healthy"),
    )  # fmt: skip
    ours = Text.of(
        "generated listeners, class planted in order and tags, TCN-LM trained to convergence: {network:%1} %, not to"
        " be compared with theirs; MXMH survey: AUC {genres:.2} for a high self-rating of depression from genre habits,"
        " {age:.2} from age alone",
        network=_accuracy(results, "both", "tcn_lm"), genres=survey_auc(results, "depression", "genres"),
        age=survey_auc(results, "depression", "age"),
    )  # fmt: skip
    note = (
        "Networks were trained at reduced width; no public data known to us hold listening histories and a clinical"
        " label."
    )
    return report.card(results, verdicts(results), theirs, ours, note)


#: Of the reproduction, for `summary`.
EASY = (
    "The arithmetic of the tables can be checked without data, and the network is small enough to be trained on a"
    " processor until its curves are level."
)
HARD = (
    "The data set is not public and cannot have come about as described, so listeners were generated; full widths and a"
    " fine-tuned encoder were beyond the machine, and no original paper of the rivals is cited."
)


def summary(results: Results) -> Table:
    """The chapter under the headings of the reproducibility challenge."""
    return report.summary(results, verdicts(results), EASY, HARD)
