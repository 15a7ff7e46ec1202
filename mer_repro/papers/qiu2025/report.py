"""The tables, figures and verdicts of the chapter on qiu2025, all from the ledger and the run records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mer_repro import plots, report
from mer_repro.papers.qiu2025 import ladder_report, study
from mer_repro.papers.qiu2025.ladder_report import CLEAN, LEAKING, MODEL_LABELS
from mer_repro.papers.qiu2025.lookup import NOT_RUN, difference, ids, mean, printed, stated, summary
from mer_repro.runs.records import find
from mer_repro.verdicts import Verdict

if TYPE_CHECKING:
    import pandas as pd

KEY = study.KEY
#: Tables 1 and 2 of the paper: its rows for the test split, and the target each table is about.
STATED_TABLES = {"arousal": "t1", "valence": "t2"}
#: The data set whose labels have the spread that tables 1 and 2 imply; see `implied_spread`.
LIKELY = "pmemo"
LABELS = {
    "global_mean": "mean of all training labels",
    "song_mean": "mean of the song's training labels",
    "last_value": "last label before the frame",
    "linear_interpolation": "line between the song's labels",
    "training_maximum": "largest training label",
    "ridge": "ridge: song descriptors, time",
    "random_forest": "random forest: song descriptors, time",
}
PROTOCOL_LABELS = {
    "song_grouped": "songs kept apart (clean)",
    "frame_random": "frames shuffled (leaks)",
    "within_song_random": "frames of each song split (leaks; released code)",
}


def against_table(records: list, target: str, dataset: str = LIKELY) -> report.Table:
    """Tables 1 and 2 beside our baselines: the paper's test row first, then ours under each protocol.

    Each of our cells is the mean over seeds with the mean 95 % interval over songs.
    """
    import pandas as pd

    table = STATED_TABLES[target]
    columns = {"r2": "R²", "squared_pearson": "squared Pearson", "rmse": "RMSE", "mae": "MAE", "mape": "MAPE"}
    paper = {"model": "the paper's network, test row", "protocol": "stated 80/10/10", "squared Pearson": "–"}
    paper |= {columns[name]: printed(f"{table}.ours.testing.{name}") for name in ("r2", "rmse", "mae", "mape")}
    rows = [paper]
    cells = summary(records).query("dataset == @dataset and target == @target and protocol in @PROTOCOL_LABELS")
    cells = cells[cells["variant"].isin(LABELS)]
    for cell in cells.sort_values(["protocol", "r2"]).to_dict("records"):
        row = {"model": LABELS[cell["variant"]], "protocol": PROTOCOL_LABELS[cell["protocol"]]}
        for name, column in columns.items():
            row[column] = report.interval(cell[name], cell[f"{name}_low"], cell[f"{name}_high"])
        rows.append(row)
    shown = pd.DataFrame(rows)[["model", "protocol", *columns.values()]]
    return report.Table(shown, f"{target}, {dataset}; the paper's row first")


def implied_spread(records: list) -> report.Table:
    """Which labels can tables 1 to 3 be about? The standard deviation they imply beside the data sets' own.

    R² and RMSE on one set of labels imply its standard deviation, RMSE / sqrt(1 - R²). Where R² is a squared Pearson
    correlation, as in the released code, that is an upper bound. A data set's own is the RMSE of the test labels' mean,
    for which the global mean stands here.
    """
    import pandas as pd

    rows = []
    for source, target, r2, rmse in (
        ("Table 1, test", "arousal", "t1.ours.testing.r2", "t1.ours.testing.rmse"),
        ("Table 2, test", "valence", "t2.ours.testing.r2", "t2.ours.testing.rmse"),
        ("Table 3, full model", "arousal", "t3.full.r2", "t3.full.rmse"),
    ):
        row = {"stated in": source, "target": target, "implied": stated(rmse) / (1 - stated(r2)) ** 0.5}
        cells = summary(records).query("variant == 'global_mean' and protocol == 'within_song_random'")
        for cell in cells.query("target == @target").itertuples():
            row[f"{cell.dataset} ({cell.data})"] = cell.rmse
        rows.append(row)
    shown = pd.DataFrame(rows).map(lambda cell: f"{cell:.3f}" if isinstance(cell, float) else cell)
    return report.Table(shown, "Standard deviation of the labels")


def ablation_row(records: list) -> report.Table:
    """Table 3's row without CNN beside a constant: the largest training label, for every frame of PMEmo arousal."""
    import pandas as pd

    columns = {"rmse": "RMSE", "mae": "MAE", "mape": "MAPE", "r2": "R²", "squared_pearson": "squared Pearson"}
    paper = {"model": "the paper's network without CNN (table 3)", "protocol": "not stated"}
    paper |= {columns[name]: printed(f"t3.no_cnn.{name}") for name in ("rmse", "mae", "mape", "r2")}
    rows = [paper | {"squared Pearson": "–"}]
    cells = summary(records).query("dataset == @LIKELY and target == 'arousal' and variant == 'training_maximum'")
    for cell in cells.to_dict("records"):
        ours = {"model": LABELS[cell["variant"]], "protocol": PROTOCOL_LABELS[cell["protocol"]]}
        rows.append(ours | {column: report.interval(cell[name], None, None) for name, column in columns.items()})
    return report.Table(pd.DataFrame(rows), "Table 3 without CNN, beside a constant")


def split_figure(records: list) -> plots.DescribedFigure:
    """R² of models that hear no music, clean split against leaking split, beside the paper's number."""
    import matplotlib.pyplot as plt

    plots.use_style()
    cells = summary(records).query("protocol in ('song_grouped', 'within_song_random')")
    cells = cells[cells["variant"].isin(SHOWN)]
    panels = [(dataset, target) for dataset in ("pmemo", "deam") for target in STATED_TABLES]
    panels = [panel for panel in panels if ((cells["dataset"] == panel[0]) & (cells["target"] == panel[1])).any()]
    figure, axes = plt.subplots(len(panels), 1, figsize=(8, 0.9 + 1.45 * len(panels)), sharex=True, squeeze=False)
    for axis, (dataset, target) in zip(axes[:, 0], panels, strict=True):
        chosen = cells.query("dataset == @dataset and target == @target").set_index(["variant", "protocol"])
        _draw_split_panel(axis, chosen, f"{STATED_TABLES[target]}.ours.testing.r2")
        axis.set_title(f"{target}, {dataset} ({chosen['data'].iloc[0]})", fontsize=11)
    axes[-1, 0].set_xlabel("R² on test frames (95 % interval over songs)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=10)
    best = cells.query("variant == 'song_mean' and protocol == 'within_song_random'")["r2"].min()
    return plots.described(
        figure,
        alt="Dot plot of R² under two splits. With whole songs held out, predictors that hear no music score at or"
        " below zero. When frames of test songs are in training, the same predictors score above"
        f" {best:.2f}, to the right of the line that marks the paper's R².",
        caption="Predictors that hear no music, under the split of the released code and with songs kept apart.",
    )


#: Variants in the figure, from top to bottom.
SHOWN = ("global_mean", "song_mean", "linear_interpolation")


def _draw_split_panel(axis, cells: pd.DataFrame, claim_id: str) -> None:
    styles = {
        "within_song_random": (plots.MEASURED, "o", "test songs' frames in training"),
        "song_grouped": (plots.MUTED, "s", "test songs held out"),
    }
    for height, variant in enumerate(reversed(SHOWN)):
        for protocol, (colour, marker, label) in styles.items():
            cell = cells.loc[(variant, protocol)]
            axis.plot([cell["r2_low"], cell["r2_high"]], [height] * 2, color=colour, linewidth=2, zorder=2)
            axis.plot(cell["r2"], height, marker, color=colour, markersize=8, label=label if height == 0 else None)
    paper_r2 = stated(claim_id)
    axis.axvline(paper_r2, color=plots.STATED, linestyle="--", label="the paper's network")
    axis.text(paper_r2 - 0.01, len(SHOWN) - 0.6, printed(claim_id), color=plots.STATED, ha="right", fontsize=10)
    axis.set_yticks(range(len(SHOWN)), [LABELS[variant] for variant in reversed(SHOWN)], fontsize=10)
    axis.set_ylim(-0.6, len(SHOWN) - 0.2)
    axis.set_xlim(-0.15, 1.03)


def numbers(records: list) -> dict[str, str]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    quoted = {
        "stated_arousal": printed("t1.ours.testing.r2"),
        "stated_valence": printed("t2.ours.testing.r2"),
        "stated_ablation": printed("t3.full.r2"),
        "stated_no_cnn": printed("t3.no_cnn.r2"),
        "stated_neither": printed("t3.neither.r2"),
    }
    for name, protocol in (("leaking", "within_song_random"), ("clean", "song_grouped")):
        for target in STATED_TABLES:
            runs = find(records, dataset=LIKELY, target=target, variant="song_mean", protocol=protocol)
            quoted[f"{name}_{target}"] = f"{mean(runs, 'r2'):.3f}" if runs else NOT_RUN
    return quoted | _ladder_numbers(records)


#: Variant -> settings of its training that the prose quotes.
SETTINGS = {
    "cnn_bilstm": ("stride", "epochs"),
    "trained_long": ("long_epochs",),
    "released_code": ("released_epochs", "released_features", "released_batch_size"),
}


#: Scores of the other data sets' ladders that the prose quotes.
ELSEWHERE = (
    *(("deam", rung, model) for rung in (CLEAN, LEAKING) for model in ("random_forest", "cnn_bilstm")),
    ("pmemo", LEAKING, "cnn_bilstm"),
    *(("pmemo", "ladder_6_lagged", model) for model in ("cnn_bilstm", "ridge")),
)


def _ladder_numbers(records: list) -> dict[str, str]:
    quoted = {}
    for name, rung in (("clean", CLEAN), ("leaking", LEAKING), ("lagged", "ladder_6_lagged")):
        for model in ("cnn_bilstm", "ridge", "random_forest", "tpa_bilstm"):
            for target in STATED_TABLES:
                runs = ladder_report.runs(records, rung, model, target=target)
                quoted[f"{name}_{model}_{target}"] = ladder_report.shown(runs) if runs else NOT_RUN
    climbed = ladder_report.runs(records, CLEAN, "cnn_bilstm")
    quoted["ladder_seeds"] = str(ladder_report.seeds_of(climbed))
    quoted["ladder_test_songs"] = str(climbed[0].counts["n_test_songs"]) if climbed else NOT_RUN
    for variant, settings in SETTINGS.items():
        trained = ladder_report.runs(records, CLEAN, variant)
        quoted |= {name: str(trained[0].parameters[name]) if trained else NOT_RUN for name in settings}
    gains = ladder_report.steps(records, "cnn_bilstm")
    for rung in list(ladder_report.RUNG_LABELS)[1:]:
        quoted[f"step_{rung.split('_', 2)[2]}"] = str(gains.get(rung) or NOT_RUN)
    for dataset, rung, model in ELSEWHERE:
        for target in STATED_TABLES:
            runs = ladder_report.runs(records, rung, model, dataset, target)
            name = f"{dataset}_{rung.split('_', 2)[2]}_{model}_{target}"
            quoted[name] = ladder_report.shown(runs) if runs else NOT_RUN
    whole = difference(climbed, ladder_report.runs(records, LEAKING, "cnn_bilstm"))
    quoted["step_whole"] = str(whole or NOT_RUN)
    over_ridge = difference(ladder_report.runs(records, CLEAN, "ridge"), climbed)
    quoted["network_over_ridge"] = str(over_ridge or NOT_RUN)
    return quoted | {"flattened": _flattened(records), "pattern_answer": _pattern_answer(records)}


def _flattened(records: list) -> str:
    """Whether more epochs would have changed the scores, in a sentence: from the seed that was trained long."""
    sentences = []
    for rung, name in ((CLEAN, "With songs held out"), (LEAKING, "Under the released code's split")):
        long, short = (
            find(ladder_report.runs(records, rung, variant), seed=0) for variant in ("trained_long", "cnn_bilstm")
        )
        if not (long and short):
            return NOT_RUN
        losses = long[0].curves["validation_loss"]
        best, until = losses.index(min(losses)) + 1, short[0].parameters["epochs"]
        gain = long[0].metrics["r2"] - short[0].metrics["r2"]
        sentences.append(
            f"{name}, validation loss is lowest in epoch {best} of {len(losses)}; the runs above train for"
            f" {until} at most. The network of that epoch changes R² by {gain:+.3f} on that seed."
        )
    return " ".join(sentences)


def _pattern_answer(records: list) -> str:
    """Which rebuilt variants can and which cannot make table 3's row without CNN, in a sentence."""
    explained = ladder_report.could_explain(records)
    alike = [label for label, _, found in explained if ladder_report.is_like_row_without_cnn(found)]
    unlike = [label for label, _, found in explained if not ladder_report.is_like_row_without_cnn(found)]
    if not explained:
        return NOT_RUN
    return (
        f"Ours that score like that: {', '.join(alike) or 'none'}. Ours that do not: {', '.join(unlike) or 'none'}."
        " So the pattern needs a training that failed in one row and not in the others; it does not say what the"
        " CNN is for."
    )


def measure_here(profile: str, given: dict) -> report.Table:
    """Run what the study is missing under `profile` on this machine, and show its scores.

    Parameters
    ----------
    given : the notebook's parameters, which stand above the profile's file.
    """
    from mer_repro.runs.sweep import measured

    records = measured(KEY, profile, given)
    cells = summary(records)
    cells["model"] = cells["variant"].map(MODEL_LABELS | LABELS)
    shown = cells[["data", "dataset", "target", "protocol", "model", "r2", "rmse", "mae", "seeds"]]
    return report.Table(shown.round(3), f"The {profile} profile on this machine", searchable=True)


# Verdicts ---------------------------------------------------------------------------------------------------------

MISSING = "The runs that would tell are not recorded yet."


def verdicts(records: list) -> list[Verdict]:
    """What the reruns say of the paper's claims; every number in the sentences comes from the ledger or the records."""
    return [
        *(_merit_of_r2(records, target) for target in STATED_TABLES),
        _better_than_tpa(records),
        _better_than_the_rest(),
        _ablation_merit(records),
        _each_part_helps(records),
        _ablation_without_cnn(records),
        _better_without_both(records),
        _attention_helps(records),
        _softmax_regresses(records),
        _lag_improves(records),
        _best_lag(records),
        _test_indicators_lead(records),
        Verdict(
            "Optimised with the sparrow search algorithm, the network is markedly better still.",
            ("s.sparrow_search",),
            "untestable",
            "The paper prints no number of it and does not say what was searched; the released code does not contain"
            " it.",
        ),
    ]


def _merit_of_r2(records: list, target: str) -> Verdict:
    claim_id = f"{STATED_TABLES[target]}.ours.testing.r2"
    clean, leaking = (
        find(records, dataset=LIKELY, target=target, variant="song_mean", protocol=protocol)
        for protocol in ("song_grouped", "within_song_random")
    )
    says = f"An R² of {printed(claim_id)} shows that the network predicts {target} from music."
    if not clean or not leaking:
        return Verdict(says, (claim_id,), "undecided", MISSING)
    beaten = mean(leaking, "r2") > stated(claim_id)
    because = (
        f"Under the split of the released code, the mean of a song's training labels, which hears no music, scores"
        f" {mean(leaking, 'r2'):.3f} on {LIKELY} {target}; with songs kept apart it scores {mean(clean, 'r2'):.3f}. A"
        " score below that baseline is no evidence of hearing."
    )
    used = list(clean + leaking)
    for dataset, name in (("vgmidi", "VGMIDI"), ("deam", "DEAM's descriptors of whole songs")):
        networks = [
            ladder_report.runs(records, rung, "cnn_bilstm", dataset, target=target) for rung in (CLEAN, LEAKING)
        ]
        if all(networks):
            apart, split = (ladder_report.shown(runs) for runs in networks)
            because += f" The network rebuilt scores {apart} on {name} with songs kept apart, {split} under that split."
            used += [record for runs in networks for record in runs]
    return Verdict(says, (claim_id,), "unsupported" if beaten else "undecided", because, ids(used))


def _at_both_ends(records: list, before: str, after: str):
    """What `after` scores above `before`, with songs held out and under the released code's split; or None."""
    found = [
        difference(ladder_report.runs(records, rung, before), ladder_report.runs(records, rung, after))
        for rung in (CLEAN, LEAKING)
    ]
    return found if all(found) else None


def _better_than_tpa(records: list) -> Verdict:
    about = ("t1.ours.testing.r2", "t1.tpa.testing.r2")
    says = "The network predicts arousal far better than TPA-BiLSTM."
    found = _at_both_ends(records, "tpa_bilstm", "cnn_bilstm")
    if not found:
        return Verdict(says, about, "undecided", MISSING)
    clean, leaking = found
    judgement = "undecided"
    if clean.above_zero and leaking.above_zero:
        judgement = "supported"
    elif clean.below_zero and leaking.below_zero:
        judgement = "unsupported"
    because = (
        f"Trained alike on VGMIDI, the network's R² exceeds the rebuilt TPA-BiLSTM's by {clean} with songs held out and"
        f" by {leaking} under the released code's split; the paper states {stated(about[0]) - stated(about[1]):.2f},"
        " with no setting of TPA-BiLSTM, on other data."
    )
    return Verdict(says, about, judgement, because, clean.records + leaking.records)


def _better_than_the_rest() -> Verdict:
    return Verdict(
        "The network is better than MCAN, BCRSN and TNN + SVR.",
        ("s.beats_mcan_arousal", "s.beats_mcan_valence", "t1.mcan.rmse", "t2.mcan.rmse"),
        "untestable",
        "The rivals' rows carry no split and no R², and all but one of their MAEs exceed their RMSEs, which those of"
        " one set of predictions cannot; nor are their protocols or predictions at hand. There is nothing to set a"
        " rerun against.",
    )


def _ablation_merit(records: list) -> Verdict:
    claim_id = "t3.full.r2"
    leaking = find(records, dataset=LIKELY, target="arousal", variant="song_mean", protocol="within_song_random")
    says = f"The full network's R² of {printed(claim_id)} on PMEmo arousal shows what its parts contribute."
    if not leaking:
        return Verdict(says, (claim_id,), "undecided", MISSING)
    beaten = mean(leaking, "r2") > stated(claim_id)
    because = f"The song's mean training label alone scores {mean(leaking, 'r2'):.3f} under the released code's split."
    return Verdict(says, (claim_id,), "unsupported" if beaten else "undecided", because, ids(leaking))


def _each_part_helps(records: list) -> Verdict:
    says = "Both the CNN and the BiLSTM make the network better."
    about = ("s.each_part_helps", "t3.no_cnn.r2", "t3.no_bilstm.r2", "t3.neither.r2")
    found = {variant: _at_both_ends(records, "cnn_bilstm", variant) for variant in ("no_cnn", "no_bilstm", "neither")}
    if not all(found.values()):
        return Verdict(says, about, "undecided", MISSING)
    changes = [change for both in found.values() for change in both]
    judgement = "undecided"
    if all(change.below_zero for change in changes):
        judgement = "supported"
    elif any(all(change.above_zero for change in found[variant]) for variant in ("no_cnn", "no_bilstm")):
        judgement = "unsupported"
    because = "Leaving a part out changes R² on VGMIDI, songs held out / released code's split, by " + "; ".join(
        f"{clean} / {leaking} ({MODEL_LABELS[variant]})" for variant, (clean, leaking) in found.items()
    )
    return Verdict(says, about, judgement, because + ".", tuple(id_ for change in changes for id_ in change.records))


#: How near a constant must come to table 3's row without CNN to count as an explanation of it.
CLOSE = 0.02


def _ablation_without_cnn(records: list) -> Verdict:
    names = {metric: f"t3.no_cnn.{metric}" for metric in ("rmse", "mae", "mape")}
    runs = find(records, dataset=LIKELY, target="arousal", variant="training_maximum", protocol="within_song_random")
    says = "Without the CNN the network cannot learn (R² 0.00 %), so the CNN extracts the essential patterns."
    about = (*names.values(), "t3.no_cnn.r2")
    if not runs:
        return Verdict(says, about, "undecided", MISSING)
    close = all(abs(mean(runs, metric) - stated(name)) < CLOSE for metric, name in names.items())
    shown = ", ".join(
        f"{metric.upper()} {mean(runs, metric):.3f} ({printed(name)} stated)" for metric, name in names.items()
    )
    because = f"Saying the largest training label for every frame of PMEmo gives {shown}."
    if close:
        because += " So the row is what an output stuck at its upper end scores: a failed training, not a missed part."
    rebuilt = ladder_report.runs(records, LEAKING, "no_cnn")
    if rebuilt:
        score = ladder_report.shown(rebuilt)
        because += f" Rebuilt without CNN, the network learns: R² {score} under the same split, on VGMIDI."
    return Verdict(says, about, "unsupported" if close else "undecided", because, ids(runs + rebuilt))


def _better_without_both(records: list) -> Verdict:
    says = "The network without CNN and BiLSTM is better than that without either one of them."
    about = ("t3.neither.r2", "t3.no_cnn.r2", "t3.no_bilstm.r2")
    found = [_at_both_ends(records, variant, "neither") for variant in ("no_cnn", "no_bilstm")]
    if not all(found):
        return Verdict(says, about, "undecided", MISSING)
    leaking = [both[1] for both in found]
    judgement = "undecided"
    if all(change.above_zero for change in leaking):
        judgement = "supported"
    elif any(change.below_zero for change in leaking):
        judgement = "unsupported"
    because = (
        f"Rebuilt, the network without both exceeds that without CNN by {leaking[0]} and that without BiLSTM by"
        f" {leaking[1]} under the released code's split; with songs held out by {found[0][0]} and {found[1][0]}."
        " What could make the"
        " paper's order is a training of the network without CNN that failed."
    )
    return Verdict(says, about, judgement, because, tuple(id_ for both in found for c in both for id_ in c.records))


def _attention_helps(records: list) -> Verdict:
    says = "Attention, and multi-head self-attention in its place, make the network better."
    about = ("s.multi_head_attention", "s.attention_after_fc")
    none, heads = (_at_both_ends(records, "no_attention", variant) for variant in ("cnn_bilstm", "multi_head"))
    if not (none and heads):
        return Verdict(says, about, "undecided", MISSING)
    changes = [*none, *heads]
    judgement = "undecided"
    if all(change.above_zero for change in changes):
        judgement = "supported"
    elif all(change.below_zero for change in changes):
        judgement = "unsupported"
    because = (
        f"Over the same network without attention, the stated attention adds {none[0]} to R² with songs held out and"
        f" {none[1]} under the released code's split; multi-head attention adds {heads[0]} and {heads[1]}."
    )
    return Verdict(says, about, judgement, because, tuple(id_ for change in changes for id_ in change.records))


def _softmax_regresses(records: list) -> Verdict:
    says = "A softmax layer at the end of the network performs the regression."
    found = ladder_report.runs(records, LEAKING, "softmax_output")
    if not found:
        return Verdict(says, ("s.softmax_output",), "undecided", MISSING)
    constant = all(record.metrics["squared_pearson"] != record.metrics["squared_pearson"] for record in found)
    because = (
        "A softmax over one output is 1 for every input; trained so, the network says one value for all moments and"
        f" scores R² {ladder_report.shown(found)}. The released code ends in tanh. A softmax over many outputs, read"
        " as a distribution over scores, could regress; the paper does not say which scores."
    )
    return Verdict(says, ("s.softmax_output",), "unsupported" if constant else "undecided", because, ids(found))


def _lag_improves(records: list) -> Verdict:
    says = "With rising lag order the scores rise."
    about = ("s.lag_improves", "s.lag_improves_score")
    lagged = find(records, variant="lag_orders", target="arousal", protocol="song_grouped")
    heard = find(records, variant="window_lengths", target="arousal", protocol=CLEAN)
    if not lagged or not heard:
        return Verdict(says, about, "undecided", MISSING)
    first, last = (sum(record.curves["test_r2"][at] for record in lagged) / len(lagged) for at in (0, -1))
    short, long = (sum(record.curves["test_r2"][at] for record in heard) / len(heard) for at in (0, -1))
    # Neither network nor data are theirs: the direction is what can be compared.
    rises = all(record.curves["test_r2"][-1] > record.curves["test_r2"][0] for record in heard)
    because = (
        f"If labels are lagged, one lag suffices: R² {first:.3f} at the first order and {last:.3f} at the last, from"
        f" labels alone, songs of PMEmo held out. If sound is lagged, it holds: ridge on VGMIDI has R² {short:.2f}"
        f" with {heard[0].notes['lengths'][0]} frame and {long:.2f} with {heard[0].notes['lengths'][-1]}, songs held"
        " out. The paper does not say which."
    )
    return Verdict(says, about, "supported" if rises else "undecided", because, ids(lagged + heard))


def _best_lag(records: list) -> Verdict:
    says = f"The lag order of {printed('lag.best')} is the best."
    about = ("s.best_at_25", "lag.best")
    found = find(records, variant="lag_orders", target="arousal", protocol="song_grouped")
    if not found:
        return Verdict(says, about, "undecided", MISSING)
    orders = found[0].notes["lag_orders"]
    best = sorted(orders[max(range(len(orders)), key=record.curves["test_r2"].__getitem__)] for record in found)
    gain = max(max(record.curves["test_r2"]) - record.curves["test_r2"][0] for record in found)
    because = (
        f"With labels lagged, the best order over {len(found)} splits of PMEmo is {', '.join(map(str, best))}, and"
        f" the best gains at most {gain:.4f} in R² over the first: noise decides. The paper's best order was picked"
        " by a score that contains the test scores."
    )
    return Verdict(says, about, "undecided", because, ids(found))


def _test_indicators_lead(records: list) -> Verdict:
    says = "The four indicators of the test set carry the four highest entropy weights for arousal."
    about = ("s.test_indicators_lead", "weights.arousal_highest", "weights.arousal_lowest")
    weights = ladder_report.entropy_weights(records, "arousal", "within_song_random")
    if weights is None:
        return Verdict(says, about, "untestable", "The scores that the weights follow from are not printed.")
    order = sorted(weights, key=lambda name: -weights[name][0])
    ranks = [str(1 + order.index(f"test_{indicator}")) for indicator in ladder_report.INDICATORS]
    because = (
        "The weights follow from scores of 29 networks that are not printed. Over our lag orders the test set's R²,"
        f" MAE, RMSE and MAPE rank {', '.join(ranks)} of {len(order)}."
    )
    used = find(records, variant="lag_orders", target="arousal", protocol="within_song_random")
    return Verdict(says, about, "untestable", because, ids(used))


def card(records: list) -> report.Card:
    """The head of the chapter."""
    frame = report.as_frame(records)
    main = _merit_of_r2(records, "arousal")
    leaking, clean = (
        mean(find(records, dataset=LIKELY, target="arousal", variant="song_mean", protocol=protocol), "r2")
        for protocol in ("within_song_random", "song_grouped")
    )
    return report.Card(
        verdict=main.judgement,
        claim="A CNN-BiLSTM with attention predicts valence and arousal, second by second, better than others do.",
        theirs=f"R² {printed('t1.ours.testing.r2')} (arousal, test)",
        ours=f"R² {leaking:.3f} for a predictor that hears nothing, under the same kind of split;"
        f" {clean:.3f} when songs are kept apart",
        data=report.kinds(frame),
        seconds=frame["seconds"].sum(),
        devices=tuple(sorted(frame["device"].unique())),
    )
