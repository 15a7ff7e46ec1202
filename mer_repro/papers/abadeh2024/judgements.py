"""The verdicts on abadeh2024; every number in their sentences comes from the ledger or the run records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mer_repro.papers.abadeh2024 import skill, study
from mer_repro.papers.abadeh2024.cells import (
    LABELS,
    NAMES,
    REAL,
    RIVALS,
    SETTINGS,
    by_setting,
    compare,
    effects,
    majority_of_table,
    mean,
    percent,
    points,
    printed,
    stated_accuracy,
    stated_over_majority,
)
from mer_repro.papers.abadeh2024.genres import n_classes
from mer_repro.runs.records import find
from mer_repro.verdicts import Verdict

if TYPE_CHECKING:
    from mer_repro.runs.records import Record

NOT_YET = "The runs that would tell are not recorded yet."
#: The level of all tests, after Holm's correction within a table.
LEVEL = 0.05
#: The smallest gain that the report reads as one: a point, between its LSTM and its GRU. An interval below it leaves no
#: room for one.
SMALLEST_STATED = 0.01


def verdicts(records: list[Record]) -> list[Verdict]:
    """What the reruns say of the report's claims; every number in the sentences comes from ledger and records."""
    return [
        _stated_accuracies(records),
        _beyond_simple(records),
        fewer_classes(records),
        _four_classes(records),
        _factor(
            records,
            "attention",
            "Attention over the steps of a history enhances the accuracy.",
            ("s.attention_accuracy", "t7.g3.lstm.accuracy", "t7.g3.gru.accuracy"),
        ),
        _factor(
            records,
            "stress",
            "The stress after a session, appended to its vector, gives a more accurate next genre.",
            ("s.stress_concatenated", "s.three_classes_better", "t7.g3.lstm.accuracy"),
        ),
        _factor(
            records,
            "cell",
            "The LSTM is slightly more accurate than the GRU, with every number of classes.",
            ("s.lstm_above_gru", "s.lstm_above_gru_again"),
        ),
        _training(
            records,
            "lstm_oversampled",
            f"Oversampling lowers the six-class accuracy ({printed('text.g6.lstm_oversampled.accuracy')} in place of"
            f" {printed('text.g6.lstm.accuracy')} %).",
            ("s.oversampling_lower", "text.g6.lstm_oversampled.accuracy"),
        ),
        _training(
            records,
            "lstm_patience_5",
            f"A patience of {printed('text.patience_tried')} epochs is less accurate than one of"
            f" {printed('text.patience')}.",
            ("s.patience_ten_best", "text.patience", "text.patience_tried"),
        ),
        _pop_and_rock(records),
        _group(records),
    ]


def _ids(records: list[Record], datasets: Iterable[str], variants: Iterable[str]) -> tuple[str, ...]:
    """Ids of the runs with users apart of some variants."""
    wanted, places = set(variants), set(datasets)
    return tuple(r.id for r in records if r.dataset in places and r.variant in wanted and r.protocol == "users_apart")


def _stated_accuracies(records: list[Record]) -> Verdict:
    shown = ", ".join(printed(f"t7.g{n_classes(setting)}.lstm.accuracy") for setting in SETTINGS)
    says = f"The LSTM's test accuracies are {shown} with six, four and three classes."
    about = tuple(f"t7.g{n_classes(setting)}.lstm.accuracy" for setting in SETTINGS)
    because = (
        "The tweets, their stress scores and the split are private, and no split is described; nobody outside can"
        f" measure these numbers. From the report's own tables, always answering the commonest genre would reach"
        f" {', '.join(percent(majority_of_table(setting)) for setting in SETTINGS)} %; what repeating the last genre"
        " would reach there, the report does not say."
    )
    return Verdict(says, about, "untestable", because)


def _beyond_simple(records: list[Record]) -> Verdict:
    says = "A recurrent network learns long patterns of a history, which look beyond the last genre and the counts."
    about = ("s.features", "t7.g6.lstm.accuracy", "t7.g6.gru.accuracy")
    found = {
        dataset: {r: compare(records, dataset, [("lstm", "genres_6", r, "genres_6")], "genres_6") for r in RIVALS}
        for dataset in REAL
    }
    if not all(one for rivals in found.values() for one in rivals.values()):
        return Verdict(says, about, "undecided", NOT_YET)
    hardest = {d: min(rivals.items(), key=lambda pair: pair[1].difference) for d, rivals in found.items()}
    because = (
        "; ".join(
            f"{NAMES[d]}: LSTM minus {LABELS[rival]}, the hardest rival, {points(one)} points"
            for d, (rival, one) in hardest.items()
        )
        + "."
    )
    corrected = {d: skill.holm(rivals) for d, rivals in found.items()}
    beats = [one.low > 0 and corrected[d][rival] < LEVEL for d, (rival, one) in hardest.items()]
    beaten = [one.high < 0 for _, one in hardest.values()]
    because += " The report has no such rival, and far more items."
    judgement = "supported" if all(beats) else "unsupported" if all(beaten) else "undecided"
    return Verdict(says, about, judgement, because, _ids(records, REAL, ("lstm", *RIVALS)))


def fewer_classes(records: list[Record]) -> Verdict:
    says = "Removing the others and adding attention and stress improves the prediction of pop, rock and hip hop."
    about = ("s.three_classes_better", "t7.g4.lstm.accuracy", "t7.g3.lstm.accuracy")
    parts, scored = [], {}
    for dataset in REAL:
        six = find(records, dataset=dataset, variant="lstm", target="genres_6", protocol="users_apart")
        last = "lstm_attention_stress" if dataset in study.WITH_STRESS else "lstm_attention"
        inputs = "attention and stress" if dataset in study.WITH_STRESS else "attention"
        if six:
            parts.append(
                f"{NAMES[dataset]}: the six-class LSTM rises from {percent(mean(r.metrics['accuracy'] for r in six))}"
                f" to {percent(mean(r.metrics['genres_3_accuracy'] for r in six))} % when it is only asked for one of"
                " three"
            )
        added = compare(records, dataset, [(last, "genres_3", "lstm", "genres_6")], "genres_3")
        if added is not None:
            scored[dataset] = added
            parts[-1] += f", and training with three classes and {inputs} adds {points(added)} points on the same items"
    if not scored:
        return Verdict(says, about, "undecided", NOT_YET)
    stated = stated_accuracy("genres_3") - stated_accuracy("genres_4")
    because = (
        "; ".join(parts) + ". The report says itself that fewer classes are not necessarily an improvement; over the"
        f" commonest class of its own tables it gains {stated_over_majority('genres_4')} points with four classes and"
        f" {stated_over_majority('genres_3')} with three."
    )
    judgement = _judged(scored, stated)
    return Verdict(
        says, about, judgement, because, _ids(records, REAL, ("lstm", "lstm_attention", "lstm_attention_stress"))
    )


def _judged(found: dict, stated: float) -> str:
    """Supported if every difference is above zero; unsupported if none is and none can be as large as `stated`, on
    more than one data set, for each alone is only a stand-in; else undecided."""
    datasets = {name if isinstance(name, str) else name[0] for name in found}
    if all(one.low > 0 for one in found.values()):
        return "supported"
    small = not any(one.low > 0 for one in found.values()) and all(one.high < stated for one in found.values())
    return "unsupported" if small and len(datasets) > 1 else "undecided"


def _four_classes(records: list[Record]) -> Verdict:
    says = "With four classes the model captures each genre better."
    about = ("s.four_classes_better", "t7.g6.lstm.accuracy", "t7.g4.lstm.accuracy")
    pairs = [(cell, "genres_4", cell, "genres_6") for cell in ("lstm", "gru")]
    found = {dataset: compare(records, dataset, pairs, "genres_4") for dataset in REAL}
    found = {dataset: one for dataset, one in found.items() if one is not None}
    if not found:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        "Counting electronic and jazz as others in the six-class answers needs no training. Training with four classes"
        " adds to that, on the same items and over both cells, "
        + "; ".join(f"{points(one)} points on {NAMES[dataset]}" for dataset, one in found.items())
        + "."
    )
    stated = stated_accuracy("genres_4") - stated_accuracy("genres_6")
    return Verdict(says, about, _judged(found, stated), because, _ids(records, REAL, ("lstm", "gru")))


def _factor(records: list[Record], factor: str, says: str, about: tuple[str, ...]) -> Verdict:
    """Whether a factor adds accuracy in each setting where it was varied alone."""
    every = effects(records)
    found = {name: one for name, one in every.items() if name[1] == factor}
    if not found or "situnes" not in {name[0] for name in found}:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        "Varied alone, over all other factors: "
        + "; ".join(
            f"{NAMES[d]}, {n_classes(setting)} classes, {points(one)}" for (d, _, setting), one in found.items()
        )
        + " points."
    )
    if factor == "stress":
        because += " SiTunes has measured emotion in the place of stress; HetRec has neither."
    corrected = skill.holm(every)
    judgement = _judged(found, SMALLEST_STATED)
    if judgement == "supported" and max(corrected[name] for name in found) >= LEVEL:
        judgement = "undecided"
    variants = (*study.PLAIN_FACTORIAL, *study.STRESS_FACTORIAL)
    return Verdict(says, about, judgement, because, _ids(records, REAL, variants))


def _training(records: list[Record], variant: str, says: str, about: tuple[str, ...]) -> Verdict:
    """Whether a way of training lowers the accuracy of the six-class LSTM."""
    found = {
        dataset: compare(records, dataset, [(variant, "genres_6", "lstm", "genres_6")], "genres_6") for dataset in REAL
    }
    found = {dataset: one for dataset, one in found.items() if one is not None}
    if not found:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        f"{LABELS[variant]} minus plain LSTM: "
        + "; ".join(f"{NAMES[dataset]} {points(one)} points" for dataset, one in found.items())
        + "."
    )
    if all(one.high < 0 for one in found.values()):
        judgement = "supported"
    else:
        judgement = "unsupported" if all(one.low > 0 for one in found.values()) else "undecided"
    return Verdict(says, about, judgement, because, _ids(records, found, ("lstm", variant)))


def _pop_and_rock(records: list[Record]) -> Verdict:
    import numpy as np

    says = "Pop and rock are hard to tell apart."
    about = ("s.pop_rock_confused",)
    parts = []
    for dataset in REAL:
        runs = find(records, dataset=dataset, variant="lstm", target="genres_3", protocol="users_apart")
        if not runs:
            continue
        counts = np.sum([run.notes["confusion"] for run in runs], axis=0)
        shares = counts / counts.sum(axis=1, keepdims=True)
        parts.append(
            f"{NAMES[dataset]}: of pop {percent(shares[0, 1])} % are called rock and {percent(shares[0, 2])} % hip hop;"
            f" of hip hop {percent(shares[2, 1])} % are called rock"
        )
    if not parts:
        return Verdict(says, about, "undecided", NOT_YET)
    because = (
        "; ".join(parts) + ". In our data rock is the commonest of the three and draws both others, which says nothing"
        " of pop in particular; the report's own matrices are pictures."
    )
    return Verdict(says, about, "undecided", because, _ids(records, REAL, ("lstm",)))


def _group(records: list[Record]) -> Verdict:
    says = "The diagnosis label accounts for differences in what people with a disorder listen to next."
    about = ("text.disorder_label_dimension", "s.diagnosis_pattern")
    cells = by_setting(records, "planted")
    wanted = [cells.get((name, "genres_6")) for name in ("logistic", "logistic_group", "logistic_group_shuffled")]
    because = "The report never leaves the label out, and no public data set of listens has diagnoses."
    if all(wanted):
        without, true, shuffled = (f"{cell['log_loss']:.3f}" for cell in wanted)
        because += (
            f" Where we planted a group effect, logistic regression's log loss is {without} without the label,"
            f" {true} with it and {shuffled} with labels dealt out anew: the control that was missing can tell."
        )
    variants = ("logistic", "logistic_group", "logistic_group_shuffled")
    return Verdict(says, about, "untestable", because, _ids(records, ("planted",), variants))
