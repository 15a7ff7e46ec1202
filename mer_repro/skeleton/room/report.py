"""The tables, figures and verdicts of the chapter on newkey2030, all from the ledger and the run records."""

from __future__ import annotations

from mer_repro import plots, report
from mer_repro.audit import ledger
from mer_repro.errors import LedgerError, closest
from mer_repro.papers.newkey2030 import study
from mer_repro.runs.records import Record
from mer_repro.verdicts import Verdict

KEY = study.KEY
LABELS = {"global_mean": "mean of the training songs", "network": "the network, rebuilt"}
CLAIM = "The network predicts the arousal of songs."
METRICS = ("rmse", "mae", "r2")


def printed(claim_id: str) -> str:
    """A number of the ledger exactly as the paper prints it. Raises `LedgerError` where the ledger does not have it."""
    values = {claim.id: claim.value for claim in ledger.load(KEY).claims}
    if claim_id not in values:
        hint = closest(claim_id, values)
        raise LedgerError(f"report.py asks for the claim '{claim_id}', which the ledger of {KEY} does not have.{hint}")
    return values[claim_id]


def numbers(records: list[Record]) -> dict[str, str]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    errors = [record.metrics["rmse"] for record in records if record.variant == "network"]
    measured = f"{sum(errors) / len(errors):.3f}" if errors else "not measured yet"
    return {"stated_rmse": printed("t1.ours.rmse"), "network_rmse": measured}


def scores(records: list[Record]) -> report.Table:
    """The paper's row first, then ours: means over seeds with the mean 95 % interval over songs."""
    import pandas as pd

    rows = [{"model": "the paper's network", "RMSE": printed("t1.ours.rmse"), "MAE": printed("t1.ours.mae"), "R²": "–"}]
    if records:
        for cell in report.over_seeds(report.as_frame(records), METRICS).to_dict("records"):
            shown = [report.interval(cell[name], cell[f"{name}_low"], cell[f"{name}_high"]) for name in METRICS]
            label = f"{LABELS[cell['variant']]} ({cell['data']})"
            rows.append({"model": label} | dict(zip(("RMSE", "MAE", "R²"), shown, strict=True)))
    return report.Table(pd.DataFrame(rows), "Arousal of DEAM's songs, songs kept apart")


def figure(records: list[Record]) -> plots.DescribedFigure:
    """RMSE of every variant with its interval, beside the paper's."""
    import matplotlib.pyplot as plt

    plots.use_style()
    drawing, axis = plt.subplots(figsize=(8, 2.2))
    cells = report.over_seeds(report.as_frame(records), METRICS).to_dict("records") if records else []
    for height, cell in enumerate(cells):
        axis.plot([cell["rmse_low"], cell["rmse_high"]], [height] * 2, color=plots.MEASURED, linewidth=2)
        axis.plot(cell["rmse"], height, "o", color=plots.MEASURED)
    axis.set_yticks(range(len(cells)), [LABELS[cell["variant"]] for cell in cells])
    axis.axvline(float(printed("t1.ours.rmse")), color=plots.STATED, linestyle="--", label="the paper")
    axis.set_xlabel("RMSE on test songs (95 % interval over songs)")
    axis.legend()
    described = "; ".join(f"{LABELS[cell['variant']]} {cell['rmse']:.2f}" for cell in cells) or "none recorded yet"
    return plots.described(drawing, alt=f"RMSE beside the paper's {printed('t1.ours.rmse')}: {described}.")


def verdicts(records: list[Record]) -> list[Verdict]:
    """Whether the network beats the mean on every split."""
    about = ("s.predicts_arousal", "t1.ours.rmse")
    error = {(record.variant, record.seed): record.metrics["rmse"] for record in records}
    seeds = sorted(seed for variant, seed in error if variant == "network" and ("global_mean", seed) in error)
    if not seeds:
        return [Verdict(CLAIM, about, "undecided", "The runs that would tell are not recorded yet.")]
    gains = [error["global_mean", seed] - error["network", seed] for seed in seeds]
    because = (
        f"RMSE falls by {min(gains):.3f} to {max(gains):.3f} from the mean to the network, over {len(seeds)} splits."
    )
    judgement = "supported" if min(gains) > 0 else "undecided"
    return [Verdict(CLAIM, about, judgement, because, tuple(record.id for record in records))]


def card(records: list[Record]) -> report.Card:
    """The head of the chapter."""
    ours = "not measured yet"
    if records:
        means = report.over_seeds(report.as_frame(records), METRICS).set_index("variant")["rmse"]
        ours = ", ".join(f"RMSE {value:.3f} ({LABELS[variant]})" for variant, value in means.items())
    return report.Card(
        verdict=verdicts(records)[0].judgement,
        claim=CLAIM,
        theirs=f"RMSE {printed('t1.ours.rmse')} (arousal, test)",
        ours=ours,
        data=report.kinds(report.as_frame(records)) if records else (),
        seconds=sum(record.seconds for record in records),
        devices=tuple(sorted({record.device for record in records})) or ("no machine yet",),
    )


def measure_here(profile: str, given: dict) -> report.Table:
    """Run what the study is missing under `profile` on this machine, and show its scores."""
    from mer_repro.runs.sweep import measured

    records = measured(KEY, profile, given)
    return scores(records)
