"""The tables, figures and verdicts of the chapter on qiu2025, all from the ledger and the run records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mer_repro import plots, report
from mer_repro.audit import ledger
from mer_repro.papers.qiu2025 import study
from mer_repro.verdicts import Verdict

if TYPE_CHECKING:
    import pandas as pd

KEY = study.KEY
ENDS = study.ENDS
METRICS = ("r2", "squared_pearson", "rmse", "mae", "mape")
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


def printed(claim_id: str) -> str:
    """A number of the ledger exactly as the paper prints it."""
    return next(claim.value for claim in ledger.load(KEY).claims if claim.id == claim_id)


def stated(claim_id: str) -> float:
    """A number of the ledger as a float; percentages as fractions."""
    value = printed(claim_id)
    return float(value.rstrip("%")) / (100 if value.endswith("%") else 1)


def summary(records: list) -> pd.DataFrame:
    """All scores over seeds, a row a cell; see `mer_repro.report.over_seeds`."""
    if not records:
        return report.as_frame([]).reindex(columns=["data", "dataset", "target", "protocol", "variant", "r2", "seeds"])
    return report.over_seeds(report.as_frame(records), METRICS)


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
    axes[0, 0].legend(loc="lower left", bbox_to_anchor=(0, 1.2), ncols=3, fontsize=10)
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


#: Stands where a number would be whose runs are not recorded.
NOT_RUN = "(not run yet)"


def numbers(records: list) -> dict[str, str]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    quoted = {
        "stated_arousal": printed("t1.ours.testing.r2"),
        "stated_valence": printed("t2.ours.testing.r2"),
        "stated_ablation": printed("t3.full.r2"),
    }
    for name, protocol in (("leaking", "within_song_random"), ("clean", "song_grouped")):
        for target in STATED_TABLES:
            runs = _find(records, dataset=LIKELY, target=target, variant="song_mean", protocol=protocol)
            quoted[f"{name}_{target}"] = f"{_mean(runs, 'r2'):.3f}" if runs else NOT_RUN
    climbed = _find(records, protocol=ENDS[0], variant="cnn_bilstm")
    chosen = climbed[0].parameters if climbed else {}
    quoted["ladder_seeds"] = str(len({record.seed for record in climbed}))
    quoted["ladder_test_songs"] = str(climbed[0].counts["n_test_songs"]) if climbed else NOT_RUN
    for name in ("epochs", "released_epochs", "released_features"):
        quoted[f"ladder_{name}".replace("ladder_released", "released")] = str(chosen.get(name, NOT_RUN))
    return quoted


def measure_here(profile: str, given: dict) -> report.Table:
    """Run what the study is missing under `profile` on this machine, and show its scores.

    Parameters
    ----------
    given : the notebook's parameters, which stand above the profile's file.
    """
    from mer_repro.sweep import sweep

    sweep(KEY, profile, overrides=given)
    cells = summary(report.records(KEY, profile))
    cells["model"] = cells["variant"].map(LABELS)
    shown = cells[["data", "dataset", "target", "protocol", "model", "r2", "rmse", "mae", "seeds"]]
    return report.Table(shown.round(3), f"The {profile} profile on this machine", searchable=True)


def verdicts(records: list) -> list[Verdict]:
    """What the reruns so far say of the paper's claims; every number in the sentences comes from the records."""
    return [
        *(_merit_of_r2(records, target) for target in STATED_TABLES),
        _ablation_merit(records),
        _ablation_without_cnn(records),
        Verdict(
            "The network is better than MCAN, BCRSN, TNN+SVR and TPA-BiLSTM.",
            ("t1.mcan.rmse", "t2.mcan.rmse"),
            "undecided",
            "The rivals' numbers are taken from other papers or stand without a protocol; the network and TPA-LSTM are"
            " rebuilt and compared on one split in the next stage of this study.",
        ),
    ]


def _find(records: list, **wanted: str) -> list:
    """The records whose fields have these values."""
    return [record for record in records if all(getattr(record, name) == value for name, value in wanted.items())]


def _mean(records: list, metric: str) -> float:
    return sum(record.metrics[metric] for record in records) / len(records)


def _merit_of_r2(records: list, target: str) -> Verdict:
    claim_id = f"{STATED_TABLES[target]}.ours.testing.r2"
    clean, leaking = (
        _find(records, dataset=LIKELY, target=target, variant="song_mean", protocol=protocol)
        for protocol in ("song_grouped", "within_song_random")
    )
    says = f"An R² of {printed(claim_id)} shows that the network predicts {target} from music."
    if not clean or not leaking:
        return Verdict(says, (claim_id,), "undecided", "The runs that would tell are not recorded yet.")
    beaten = _mean(leaking, "r2") > stated(claim_id)
    because = (
        f"Under the split of the released code, the mean of a song's training labels, which hears no music, scores"
        f" {_mean(leaking, 'r2'):.3f} on {LIKELY} {target}; with songs kept apart it scores {_mean(clean, 'r2'):.3f}. A"
        " score below that baseline is no evidence of hearing."
    )
    ids = tuple(record.id for record in clean + leaking)
    return Verdict(says, (claim_id,), "unsupported" if beaten else "undecided", because, ids)


def _ablation_merit(records: list) -> Verdict:
    claim_id = "t3.full.r2"
    leaking = _find(records, dataset=LIKELY, target="arousal", variant="song_mean", protocol="within_song_random")
    says = f"The full network's R² of {printed(claim_id)} on PMEmo arousal shows what its parts contribute."
    if not leaking:
        return Verdict(says, (claim_id,), "undecided", "The runs that would tell are not recorded yet.")
    beaten = _mean(leaking, "r2") > stated(claim_id)
    because = f"The song's mean training label alone scores {_mean(leaking, 'r2'):.3f} under the released code's split."
    ids = tuple(record.id for record in leaking)
    return Verdict(says, (claim_id,), "unsupported" if beaten else "undecided", because, ids)


#: How near a constant must come to table 3's row without CNN to count as an explanation of it.
CLOSE = 0.02


def _ablation_without_cnn(records: list) -> Verdict:
    names = {metric: f"t3.no_cnn.{metric}" for metric in ("rmse", "mae", "mape")}
    runs = _find(records, dataset=LIKELY, target="arousal", variant="training_maximum", protocol="within_song_random")
    says = "Without the CNN the network cannot learn (R² 0.00 %), so the CNN extracts the essential patterns."
    about = (*names.values(), "t3.no_cnn.r2")
    if not runs:
        return Verdict(says, about, "undecided", "The runs that would tell are not recorded yet.")
    close = all(abs(_mean(runs, metric) - stated(name)) < CLOSE for metric, name in names.items())
    shown = ", ".join(
        f"{metric.upper()} {_mean(runs, metric):.3f} ({printed(name)} stated)" for metric, name in names.items()
    )
    because = f"Saying the largest training label for every frame gives {shown}."
    if close:
        because += " So the row is what an output stuck at its upper end scores: a failed training, not a missed part."
    return Verdict(says, about, "unsupported" if close else "undecided", because, tuple(record.id for record in runs))


def card(records: list) -> report.Card:
    """The head of the chapter."""
    frame = report.as_frame(records)
    main = _merit_of_r2(records, "arousal")
    leaking, clean = (
        _mean(_find(records, dataset=LIKELY, target="arousal", variant="song_mean", protocol=protocol), "r2")
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


# The ladder of leaks ----------------------------------------------------------------------------------------------

RUNG_LABELS = {
    "ladder_0_clean": "songs held out (clean)",
    "ladder_1_scaling": "+ scaling on all songs",
    "ladder_2_selection": "+ selection on all songs",
    "ladder_3_time": "+ time as an input",
    "ladder_4_windows": "+ windows split at random",
    "ladder_5_within_song": "+ split within every song",
    "ladder_6_lagged": "+ earlier labels as inputs",
}
MODEL_LABELS = {
    "global_mean": "mean of all training labels",
    "song_mean": "mean of the song's training labels",
    "ridge": "ridge",
    "random_forest": "random forest",
    "cnn_bilstm": "CNN-BiLSTM as the paper states it",
    "no_cnn": "without CNN",
    "no_bilstm": "without BiLSTM",
    "neither": "without CNN and BiLSTM",
    "no_attention": "without attention",
    "multi_head": "multi-head attention instead",
    "softmax_output": "softmax over the one output, as stated",
    "tpa_bilstm": "TPA-BiLSTM (Shih et al.), rebuilt",
    "released_code": "network of the released code",
}


def ladder(records: list) -> pd.DataFrame:
    """Scores of the ladder over seeds, a row a (rung, model); empty where no run is recorded yet."""
    return summary([record for record in records if record.protocol in RUNG_LABELS] or records[:0])


def ladder_table(records: list) -> report.Table:
    """R² of every model on every rung, with intervals over songs, and what each rung adds for the network."""
    import pandas as pd

    cells = ladder(records)
    rows = []
    for rung, label in RUNG_LABELS.items():
        row = {"rung": label}
        for model in ("global_mean", "song_mean", "ridge", "random_forest", "cnn_bilstm"):
            row[MODEL_LABELS[model]] = _shown(cells, rung, model)
        network = _cell(cells, rung, "cnn_bilstm")
        row["squared Pearson of the network"] = "–" if network is None else f"{network['squared_pearson']:.2f}"
        rows.append(row)
    seeds = int(cells["seeds"].max())
    return report.Table(pd.DataFrame(rows), f"R² for arousal on VGMIDI (real); splits and seeds: {seeds}")


def ladder_figure(records: list) -> plots.DescribedFigure:
    """R² climbing the ladder: the network, a forest, ridge, and what hears nothing."""
    import matplotlib.pyplot as plt

    plots.use_style()
    cells = ladder(records)
    figure, axis = plt.subplots(figsize=(8, 4.6))
    heights = {rung: -index for index, rung in enumerate(RUNG_LABELS)}
    models = ("song_mean", "ridge", "random_forest", "cnn_bilstm")
    for model, colour, marker in zip(models, (plots.MUTED, *plots.PALETTE[2:4], plots.MEASURED), "sv^o", strict=True):
        chosen = cells.query("variant == @model")
        axis.plot(
            chosen["r2"].clip(lower=-0.6),
            chosen["protocol"].map(heights),
            marker=marker,
            color=colour,
            linewidth=1,
            label=MODEL_LABELS[model],
        )
    paper_r2 = stated("t1.ours.testing.r2")
    axis.axvline(paper_r2, color=plots.STATED, linestyle="--", label=f"the paper, {printed('t1.ours.testing.r2')}")
    axis.set_yticks(list(heights.values()), list(RUNG_LABELS.values()))
    axis.set_xlabel("R² for arousal on test measures of VGMIDI")
    axis.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=3, fontsize=9)
    network = cells.query("variant == 'cnn_bilstm'").set_index("protocol")["r2"]
    described = ", ".join(f"{RUNG_LABELS[rung]}: {value:.2f}" for rung, value in network.items())
    return plots.described(
        figure,
        alt=f"R² of four models on seven rungs of leaks. The rebuilt network scores {described}.",
        caption="One leak more on every rung, from top to bottom. Not the paper's data set: compare the steps.",
    )


def ablation_table(records: list) -> report.Table:
    """Table 3's rows beside the rebuilt variants at the two ends of the ladder."""
    import pandas as pd

    cells = ladder(records)
    paper = {"cnn_bilstm": "t3.full", "no_cnn": "t3.no_cnn", "no_bilstm": "t3.no_bilstm", "neither": "t3.neither"}
    rows = []
    for model in MODEL_LABELS:
        if model in ("global_mean", "ridge", "random_forest") or not (cells["variant"] == model).any():
            continue
        row = {"model": MODEL_LABELS[model], "the paper's R² (PMEmo)": "–"}
        if model in paper:
            row["the paper's R² (PMEmo)"] = printed(f"{paper[model]}.r2")
        for rung, label in zip(ENDS, ("songs held out", "released code's split"), strict=True):
            row[f"ours, {label}"] = _shown(cells, rung, model)
        rows.append(row)
    return report.Table(pd.DataFrame(rows), "R² for arousal; ours on VGMIDI (real)")


def _cell(cells: pd.DataFrame, rung: str, model: str) -> dict | None:
    found = cells[(cells["protocol"] == rung) & (cells["variant"] == model)]
    return None if found.empty else found.iloc[0].to_dict()


def _shown(cells: pd.DataFrame, rung: str, model: str) -> str:
    cell = _cell(cells, rung, model)
    return "–" if cell is None else report.interval(cell["r2"], cell["r2_low"], cell["r2_high"], digits=2)


def lag_figure(records: list) -> plots.DescribedFigure:
    """R² and composite score against the lag order, from labels alone, on PMEmo."""
    import matplotlib.pyplot as plt
    import numpy as np

    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharex=True)
    lowest = 1.0
    for target, colour in zip(STATED_TABLES, (plots.MEASURED, plots.PALETTE[2]), strict=True):
        runs = _find(records, variant="lag_orders", target=target, protocol="song_grouped")
        orders = runs[0].notes["lag_orders"]
        for axis, curve in zip(axes, ("test_r2", "composite"), strict=True):
            mean = np.mean([run.curves[curve] for run in runs], axis=0)
            axis.plot(orders, mean, color=colour, label=target)
            lowest = min(lowest, mean.min()) if curve == "test_r2" else lowest
    axes[0].set(title="R² on test songs", xlabel="lag order", ylim=(0.9, 1.0))
    axes[1].set(title="composite score, equations (2) to (8)", xlabel="lag order", ylim=(0, 1))
    axes[1].legend()
    return plots.described(
        figure,
        alt="Two panels over lag orders 1 to 29 for a linear model that sees only earlier labels of the song. Left: R²"
        f" on held-out songs is at least {lowest:.2f} from the first lag on. Right: the composite score still moves"
        " between low and high values.",
        caption="PMEmo (real), songs held out, past labels as the only input.",
    )


def fidelity_table() -> report.Table:
    """What the paper and the released code state about the network, and what became of it."""
    from mer_repro import fidelity
    from mer_repro.papers.qiu2025 import model

    return report.Table(fidelity.as_frame(model.FIDELITY), "Stated details and what we did", searchable=True)
