"""Records and ledger numbers as the chapter's tables, figures and verdicts ask for them, and the names readers see.

Records hold every answer, so that any two models are compared here on the same items, by resampling users.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mer_repro import report
from mer_repro.audit import ledger
from mer_repro.papers.abadeh2024 import genres, skill, study
from mer_repro.runs.records import find

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mer_repro.runs.records import Record

KEY = study.KEY
SETTINGS = tuple(genres.SETTINGS)
REAL = ("situnes", "hetrec2011_lastfm")
NAMES = {"situnes": "SiTunes", "hetrec2011_lastfm": "HetRec", "planted": "planted histories"}
LABELS = {
    "majority": "the commonest genre",
    "user_majority": "the person's commonest genre so far",
    "last_genre": "the last genre again",
    "markov_global": "Markov chain, all users",
    "markov_user": "Markov chain, per user, smoothed",
    "logistic": "logistic regression, last three steps",
    "boosting": "gradient boosting, counts and recency",
    "logistic_stress": "logistic regression",
    "logistic_stress_before": "logistic regression",
    "logistic_stress_leak": "logistic regression",
    "logistic_group": "logistic regression, true label",
    "logistic_group_shuffled": "logistic regression, label of another person",
    "lstm": "LSTM",
    "gru": "GRU",
    "lstm_attention": "LSTM, attention",
    "gru_attention": "GRU, attention",
    "lstm_stress": "LSTM, stress",
    "gru_stress": "GRU, stress",
    "lstm_attention_stress": "LSTM, attention, stress",
    "gru_attention_stress": "GRU, attention, stress",
    "lstm_oversampled": "LSTM, oversampling",
    "lstm_patience_5": "LSTM, patience 5",
    "lstm_no_group": "LSTM, no label",
    "lstm_group_shuffled": "LSTM, label of another person",
    "seq2seq_lstm": "Seq2Seq, LSTM",
    "seq2seq_gru": "Seq2Seq, GRU",
    "seq2seq_lstm_attention": "Seq2Seq, LSTM, attention",
    "best": "whoever knows how the histories were made",
}
METRICS = ("accuracy", "kappa", "over_majority", "macro_f1", "calibration_error", "log_loss")
#: What needs no network, for the plain LSTM to beat.
RIVALS = ("last_genre", "user_majority", "markov_user", "logistic", "boosting")
#: Factors of the factorial, as readers see them.
FACTORS = {"attention": "attention", "stress": "stress", "cell": "LSTM in place of GRU"}


def printed(claim_id: str) -> str:
    """A number of the ledger exactly as the report prints it."""
    return next(claim.value for claim in ledger.load(KEY).claims if claim.id == claim_id)


def percent(share: float | None) -> str:
    """0.8463 as "84.6"; a dash where there is nothing."""
    return "–" if share is None or share != share else f"{100 * share:.1f}"


def points(found: skill.Difference) -> str:
    """ "+1.2 [-0.4, +2.9]" from a difference in shares."""
    return f"{100 * found.difference:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"


def p_value(p: float) -> str:
    """A p-value in three digits; what resampling cannot tell from zero as such."""
    return "–" if p != p else "< 0.002" if p < 0.002 else f"{p:.3f}"


def mean(values: Iterable[float]) -> float:
    """The mean of at least one value."""
    values = list(values)
    return sum(values) / len(values)


def stated_accuracy(setting: str) -> float:
    """The test accuracy that the report states for its LSTM, as a share."""
    return float(printed(f"t7.g{genres.n_classes(setting)}.lstm.accuracy"))


def majority_of_table(setting: str) -> float:
    """The share of the commonest class among the report's own samples (tables IV, V, VI)."""
    table = {"genres_6": "t4", "genres_4": "t5", "genres_3": "t6"}[setting]
    counts = [int(printed(f"{table}.{name}")) for name in genres.class_names(setting)]
    return max(counts) / sum(counts)


def stated_over_majority(setting: str) -> str:
    """The report's LSTM over the commonest class of its own tables, in points."""
    return f"{100 * (stated_accuracy(setting) - majority_of_table(setting)):.1f}"


def summary(records: list[Record], dataset: str, protocol: str = "users_apart") -> pd.DataFrame:
    """Means over seeds, a row a (variant, target): the metrics with ``_low`` and ``_high``, and `seeds`."""
    import pandas as pd

    chosen = [r for r in find(records, dataset=dataset, protocol=protocol) if r.variant != "tsne"]
    if not chosen:
        return pd.DataFrame(columns=["variant", "target", *METRICS])
    frame = report.as_frame(chosen)
    names = [f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *names])))
    return report.over_seeds(frame, METRICS)


def by_setting(records: list[Record], dataset: str, protocol: str = "users_apart") -> dict[tuple[str, str], dict]:
    """`summary` by (variant, setting)."""
    found = summary(records, dataset, protocol)
    return {(row["variant"], row["target"]): row for row in found.to_dict("records")}


@dataclass(frozen=True)
class Items:
    """All items of a data set: genre to be predicted, last genre, user; (items,) each."""

    genre: np.ndarray
    last: np.ndarray
    user: np.ndarray


def items(records: list[Record], dataset: str) -> Items | None:
    """The items, as the majority's record has them; None where there is none yet."""
    import numpy as np

    for record in find(records, dataset=dataset, variant="majority"):
        genre, last = (np.array(list(record.notes[name]), dtype=int) for name in ("genre", "last"))
        return Items(genre, last, np.repeat(np.arange(record.counts["n_users"]), record.notes["items_of_user"]))
    return None


def right(
    records: list[Record],
    dataset: str,
    variant: str,
    trained: str,
    scored: str,
    seeds: Iterable[int] | None = None,
    protocol: str = "users_apart",
) -> tuple[np.ndarray, set[int]] | None:
    """How often each item of the setting `scored` was answered right, a mean over seeds, by what was trained on
    `trained`; and the seeds. None where there is no run."""
    import numpy as np

    asked = items(records, dataset)
    runs = find(records, dataset=dataset, variant=variant, target=trained, protocol=protocol)
    runs = [run for run in runs if seeds is None or run.seed in seeds]
    if asked is None or not runs:
        return None
    true = genres.classes_of(asked.genre, scored)
    kept = true != genres.LEFT_OUT
    answered = [np.array(list(run.notes["answers"][scored]))[kept].astype(int) == true[kept] for run in runs]
    return np.mean(answered, axis=0), {run.seed for run in runs}


def compare(
    records: list[Record],
    dataset: str,
    pairs: Sequence[tuple[str, str, str, str]],
    scored: str,
) -> skill.Difference | None:
    """Accuracy of the first of each pair minus that of the second, the mean over pairs, on the same items and folds.

    Parameters
    ----------
    pairs : (variant, setting it was trained on) of the first and of the second, flat.
    scored : the setting whose items and classes are scored.
    """
    import numpy as np

    gains = []
    for better, better_on, worse, worse_on in pairs:
        one, other = (right(records, dataset, *cell, scored) for cell in ((better, better_on), (worse, worse_on)))
        if one is None or other is None:
            continue
        seeds = one[1] & other[1]
        if seeds:
            one, other = (
                right(records, dataset, *cell, scored, seeds) for cell in ((better, better_on), (worse, worse_on))
            )
            gains.append(np.stack([one[0], other[0]]))
    if not gains:
        return None
    asked = items(records, dataset)
    kept = genres.classes_of(asked.genre, scored) != genres.LEFT_OUT
    first, second = np.mean(gains, axis=0)
    return skill.difference(first, second, asked.user[kept])


def pairs_of_factor(factor: str, setting: str, dataset: str) -> list[tuple[str, str, str, str]]:
    """The cells of the factorial that differ in one factor alone, as `compare` takes them."""
    names = [*study.PLAIN_FACTORIAL, *(study.STRESS_FACTORIAL if dataset in study.WITH_STRESS else ())]
    if factor == "cell":
        twins = [(name, name.replace("lstm", "gru")) for name in names if name.startswith("lstm")]
    else:
        twins = [(name, name.replace(f"_{factor}", "")) for name in names if f"_{factor}" in name]
    return [(first, setting, second, setting) for first, second in twins]


def effects(records: list[Record]) -> dict[tuple[str, str, str], skill.Difference]:
    """(data set, factor, setting) -> what the factor adds, averaged over all other factors."""
    found = {}
    for dataset in REAL:
        for factor in FACTORS:
            for setting in SETTINGS:
                one = compare(records, dataset, pairs_of_factor(factor, setting, dataset), setting)
                if one is not None:
                    found[dataset, factor, setting] = one
    return found
