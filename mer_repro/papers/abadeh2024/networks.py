"""Training abadeh2024's networks on histories, and their answers.

`NextGenre` reads whole histories: every step but the first is a target, given what stands before it, and a mask says
which targets are trained on. `Seq2Seq`, whose decoder starts from the end of a history, reads each item's last
`WINDOW` steps. An oversampled item counts as often as its repeats would: its loss is multiplied.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.papers.abadeh2024 import genres
from mer_repro.papers.abadeh2024.histories import Histories
from mer_repro.papers.abadeh2024.simple import Part
from mer_repro.training import TrainingConfig

if TYPE_CHECKING:
    from mer_repro.training import Examples

WINDOW = 10  # steps that Seq2Seq reads
WINDOWS_A_HISTORY = 8  # a batch of histories holds about so many times more targets than one of as many windows


@dataclass(frozen=True)
class Recipe:
    """A network: its `model.Config` beside the classes, and what is done to its inputs and its training.

    timing : when the stress in a step's vector was measured: "after_step" (the report's), "before_next" or
    "after_next". Of an item's last step, the third is measured after the item itself: a leak. keep_last : the weights
    at the stop count, as Keras' ``EarlyStopping`` leaves them, not those of the best epoch.
    """

    config: dict = field(default_factory=dict)
    timing: str = "after_step"
    seq2seq: bool = False
    oversample: bool = False
    undersample: bool = False
    shuffle_group: bool = False
    patience: int | None = None  # in place of the study's
    keep_last: bool = False


def _factorial() -> dict[str, Recipe]:
    return {
        cell + "_attention" * attention + "_stress" * stress: Recipe(
            {"cell": cell, "attention": attention, "stress": stress}
        )
        for cell in ("lstm", "gru")
        for attention in (False, True)
        for stress in (False, True)
    }


#: Both cells, with and without attention, with and without stress.
FACTORIAL = _factorial()
RECIPES: dict[str, Recipe] = FACTORIAL | {
    "lstm_fastformer": Recipe({"attention": True, "form": "fastformer"}),
    "lstm_oversampled": Recipe(oversample=True),
    "lstm_undersampled": Recipe(undersample=True),
    "lstm_patience_5": Recipe(patience=5),
    "lstm_last": Recipe(keep_last=True),
    "lstm_patience_5_last": Recipe(patience=5, keep_last=True),
    "lstm_stress_before": Recipe({"stress": True}, timing="before_next"),
    "lstm_stress_leak": Recipe({"stress": True}, timing="after_next"),
    "lstm_no_group": Recipe({"group": False}),
    "lstm_group_shuffled": Recipe(shuffle_group=True),
    "seq2seq_lstm": Recipe(seq2seq=True),
    "seq2seq_gru": Recipe({"cell": "gru"}, seq2seq=True),
    "seq2seq_lstm_attention": Recipe({"attention": True}, seq2seq=True),
}


@dataclass(frozen=True)
class Answer:
    """What a network says of the test items: probabilities (test items, classes); `features` (test items, 64) of the
    layer before the classifier; curves and notes for the record."""

    probabilities: np.ndarray
    features: np.ndarray | None = None
    curves: dict = field(default_factory=dict)
    notes: dict = field(default_factory=dict)


def train(
    variant: str, histories: Histories, part: Part, setting: str, config: TrainingConfig, seed: int, device: str
) -> Answer:
    """Build one variant, train it on ``part.train``, stop by ``part.validation``, answer ``part.test``.

    Raises
    ------
    TrainingDiverged
        If the loss is no longer a number.
    """
    import torch
    from scipy.special import softmax

    from mer_repro import training
    from mer_repro.papers.abadeh2024 import model

    recipe = RECIPES[variant]
    if recipe.seq2seq:
        config = config.model_copy(update={"batch_size": WINDOWS_A_HISTORY * config.batch_size})
    if recipe.patience is not None:
        config = config.model_copy(update={"patience": recipe.patience})
    if recipe.keep_last:
        rule = training.StoppingRule(patience=config.patience, keep="last")
        config = config.model_copy(update={"paper_rule": rule})
    if recipe.shuffle_group:
        histories = replace(histories, group=histories.shuffled_group(seed))
    sizes = model.Config(classes=genres.n_classes(setting), **recipe.config)
    training.seed_everything(seed)
    built = (model.Seq2Seq if recipe.seq2seq else model.NextGenre)(sizes, torch.from_numpy(histories.vectors))
    inputs = _Inputs(histories, setting, recipe)
    present = windows if recipe.seq2seq else sequences
    network = built if recipe.seq2seq else _every_step(built)
    learnt = _trained_on(inputs, part.train, recipe, seed)
    fit = training.fit(
        network,
        present(inputs, learnt, _repeats(inputs, learnt, recipe, seed)),
        present(inputs, part.validation, np.ones(len(histories.items), dtype=np.int64)),
        config,
        _weighted_cross_entropy,
        seed=seed,
        device=device,
    )
    if recipe.keep_last:
        fit.paper.restore(network)
    test = _placed(inputs, part.test)
    examples = windows(inputs, part.test, None) if recipe.seq2seq else sequences(inputs, part.test, None)
    logits = training.predict(network, examples, batch_size=64, device=device, precision=fit.precision)
    features = None
    if not recipe.seq2seq:
        logits = logits[test]
        with torch.inference_mode():
            features = built.features_at_every_step(*(one.to(device) for one in examples.inputs)).cpu().numpy()[test]
    notes = fit.notes | {
        "step_width": sizes.step_width,
        "weights": sum(weight.numel() for weight in built.parameters()),
    }
    return Answer(softmax(logits, axis=1), features, fit.curves, notes)


class _Inputs:
    """What the networks read of histories, for one setting and recipe."""

    def __init__(self, histories: Histories, setting: str, recipe: Recipe):
        self.histories = histories
        self.items = histories.items
        self.target = genres.classes_of(histories.genre[self.items], setting)  # (items,), LEFT_OUT where no class
        self.stress = _timed_stress(histories, recipe.timing) if recipe.config.get("stress") else None

    def listens(self, steps: np.ndarray) -> tuple:
        """Tensors of the steps (rows, time): track, genre, time_of_day, group (rows,)[, stress]."""
        import torch

        h = self.histories
        parts = [h.track[steps], h.genre[steps], h.time_of_day[steps], h.group[steps[:, 0]]]
        if self.stress is not None:
            parts.append(self.stress[steps])
        return tuple(torch.from_numpy(part) for part in parts)


def _timed_stress(histories: Histories, timing: str) -> np.ndarray:
    """The stress in each step's vector, (steps,); see `Recipe`. The last step of all stands in no input."""
    if timing == "after_step":
        return histories.stress["after"]
    return np.roll(histories.stress["before" if timing == "before_next" else "after"], -1)


def sequences(inputs: _Inputs, chosen: np.ndarray, repeats: np.ndarray | None) -> Examples:
    """Whole histories of the chosen items: inputs (histories, time), target (histories, time, 2) class and how often it
    counts, mask True at chosen items that have a class; without `repeats`, at all chosen items."""
    import torch

    from mer_repro.training import Examples

    steps, there, _ = _grid(inputs, chosen)
    item = np.full(len(inputs.histories.genre) + 1, -1)
    item[inputs.items] = np.arange(len(inputs.items))
    item = np.where(there, item[steps + 1], -1)  # (histories, time): the item that follows each step
    mask = there & np.isin(item, chosen)
    target = np.stack([inputs.target[item], np.ones_like(item) if repeats is None else repeats[item]], axis=-1)
    if repeats is not None:
        mask &= inputs.target[item] != genres.LEFT_OUT
    keep = mask.any(axis=1)
    listens = [one[torch.from_numpy(keep)] for one in inputs.listens(steps)]
    return Examples(tuple(listens), torch.from_numpy(target[keep]), torch.from_numpy(mask[keep]))


def _grid(inputs: _Inputs, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps (histories, time) of the histories that hold chosen items, but each one's last; which cells are steps; and
    the history of each row."""
    history = inputs.histories.history
    rows = np.unique(history[inputs.items[chosen]])
    starts = np.array([np.flatnonzero(history == row)[0] for row in rows])
    lengths = np.array([np.sum(history == row) - 1 for row in rows])
    time = np.arange(lengths.max())
    there = time < lengths[:, None]
    return np.where(there, starts[:, None] + time, starts[:, None]), there, rows


def _placed(inputs: _Inputs, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each chosen item in `sequences` of these items."""
    _, _, rows = _grid(inputs, chosen)
    step = inputs.items[chosen]
    return np.searchsorted(rows, inputs.histories.history[step]), inputs.histories.place[step] - 1


def windows(inputs: _Inputs, chosen: np.ndarray, repeats: np.ndarray | None) -> Examples:
    """The last `WINDOW` steps before each chosen item: lengths (items,), inputs (items, time), target (items, 2)."""
    import torch

    from mer_repro.training import Examples

    if repeats is not None:
        chosen = chosen[inputs.target[chosen] != genres.LEFT_OUT]
    step = inputs.items[chosen]
    lengths = np.minimum(inputs.histories.place[step], WINDOW)
    time = np.arange(WINDOW)
    steps = (step - lengths)[:, None] + np.minimum(time, lengths[:, None] - 1)
    counts = np.ones(len(chosen), dtype=np.int64) if repeats is None else repeats[chosen]
    target = torch.from_numpy(np.stack([inputs.target[chosen], counts], axis=-1))
    return Examples((torch.from_numpy(lengths), *inputs.listens(steps)), target)


def _repeats(inputs: _Inputs, train: np.ndarray, recipe: Recipe, seed: int) -> np.ndarray:
    """How often each item counts in training, (items,)."""
    from mer_repro import training

    repeats = np.ones(len(inputs.items), dtype=np.int64)
    if recipe.oversample:
        known = train[inputs.target[train] != genres.LEFT_OUT]
        drawn = known[training.oversample(inputs.target[known], seed)]
        repeats[known] = np.bincount(drawn, minlength=len(repeats))[known]
    return repeats


def _trained_on(inputs: _Inputs, train: np.ndarray, recipe: Recipe, seed: int) -> np.ndarray:
    """The items that a recipe trains on, of those it may."""
    from mer_repro import training

    if not recipe.undersample:
        return train
    known = train[inputs.target[train] != genres.LEFT_OUT]
    return known[training.undersample(inputs.target[known], seed)]


def _every_step(network):
    """`network` as `training.fit` calls it: logits of every step of whole histories, the mask being the loss's."""
    import torch

    class EveryStep(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, *listens, mask):
            return self.network.at_every_step(*listens)

    return EveryStep()


def _weighted_cross_entropy(logits, target):
    """Cross-entropy of logits (n, classes) with class and count (n, 2), the mean over counts."""
    import torch.nn.functional as F

    losses = F.cross_entropy(logits, target[..., 0], reduction="none")
    return (losses * target[..., 1]).sum() / target[..., 1].sum()
