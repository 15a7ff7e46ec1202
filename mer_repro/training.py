"""One training loop for all rebuilt networks, on CPU and GPU.

Conventions
-----------
- A network maps the inputs of a batch, each (batch, ...), to predictions. Where `Examples.mask` is given, it is
  called with ``mask=`` (batch, time), True at real steps, and predicts one value a step.
- A loss is ``loss(prediction, target) -> scalar``, the mean over the batch. With a mask, only real steps reach it.
- Data lives on the device as whole tensors; a batch is one gather. There is no loader and no worker process.
- Call `seed_everything` before building the network; `fit` seeds again, so that shuffling and dropout do not depend
  on what ran before. Two runs of one configuration on the CPU agree exactly. `fit_each` does both, for several
  initialisations of one network.
- Weights, loss and optimiser are float32. In bfloat16 ("bf16") only the forward pass is computed, where PyTorch's
  autocast deems it safe; `usable_precision` says what a device offers.

One rule for epochs: a cap that few runs reach, and `TrainingConfig.patience` on the validation loss, which is smooth.
Where a paper states a stopping rule of its own it stands beside that as `TrainingConfig.paper_rule`, and one training
serves both. `levelled_off` says of every curve whether training was long enough.

Adam is Kingma and Ba (2015), with the L2 term inside the gradient as the papers' weight decay means it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.errors import MerReproError, ParameterError, require_choice

if TYPE_CHECKING:
    import numpy as np
    import torch

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    Metric = Callable[[np.ndarray, np.ndarray], float]

#: What a forward pass is computed in.
Precision = Literal["fp32", "bf16"]
#: share of a GPU's memory that one process' data may take: several workers share a GPU, and networks need room, too
RESIDENT_SHARE = 1 / 8
#: `levelled_off`: the last stretch of a curve, as a share of its epochs and in epochs at least ...
LAST_STRETCH, SHORTEST_STRETCH = 0.25, 3
#: ... the largest share of the whole improvement that may fall into it ...
LATE_GAIN = 0.05
#: ... the share of its first value by which the training loss must have fallen, or epochs that say it never will.
STARTED, ENOUGH_EPOCHS = 0.01, 20


class StoppingRule(BaseModel):
    """When training ends and which weights count, in a paper's own words.

    With ``keep="last"`` the weights at the stop count, as Keras' ``EarlyStopping`` leaves them unless it is told to
    restore the best ones, and as algorithms mean that return the network after its last epoch.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    monitor: str = Field("loss", description="validation metric")
    monitor_mode: Literal["min", "max"] = "min"
    patience: int | None = Field(None, ge=1, description="epochs without a better monitor before training stops")
    keep: Literal["best", "last"] = "best"


class TrainingConfig(BaseModel):
    """How a network is trained; every field may stand in ``params/<profile>/<key>.yaml``.

    The schedules: "constant"; "step" multiplies the rate by `decay` every `step_epochs`; "cosine" falls to zero over
    `epochs`; "plateau" multiplies by `decay` after `plateau_patience` epochs without a better `monitor`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(50, ge=1, description="at most; see patience")
    batch_size: int = Field(32, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.0, ge=0, description="coefficient of the L2 term")
    schedule: Literal["constant", "step", "cosine", "plateau"] = "constant"
    step_epochs: int = Field(10, ge=1)
    decay: float = Field(0.1, gt=0, lt=1)
    plateau_patience: int = Field(5, ge=0)
    clip_norm: float | None = Field(None, gt=0, description="largest norm of the gradient of all weights together")
    patience: int | None = Field(None, ge=1, description="epochs without a better monitor before training stops")
    monitor: str = Field("loss", description="validation metric that picks the best epoch")
    monitor_mode: Literal["min", "max"] = "min"
    compile: bool = Field(False, description="torch.compile: half a minute once, worth it for long runs on a GPU")
    # What was added after the first records is left out of a dump where it is not set, so that these still match.
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", exclude_if=lambda value: value == "auto", description="of the forward pass; see `usable_precision`"
    )
    paper_rule: StoppingRule | None = Field(
        None, exclude_if=lambda value: value is None, description="a second rule, tried on the same training"
    )

    @property
    def rule(self) -> StoppingRule:
        """The rule by which `fit` stops and leaves the network."""
        return StoppingRule(monitor=self.monitor, monitor_mode=self.monitor_mode, patience=self.patience)


@dataclass(frozen=True)
class Examples:
    """Inputs and targets of one part of a split.

    Attributes
    ----------
    inputs : tensors (n, ...), given to the network in this order.
    target : tensor (n, ...), or (n, time, ...) with a mask.
    mask : bool (n, time), True at real steps, or None where all examples have one length.
    """

    inputs: tuple[torch.Tensor, ...]
    target: torch.Tensor
    mask: torch.Tensor | None = None

    def __post_init__(self):
        lengths = {len(tensor) for tensor in self._tensors()}
        if lengths == {0} or len(lengths) != 1:
            raise ValueError(f"Inputs, target and mask must be equally many and at least one, found {sorted(lengths)}.")

    def __len__(self) -> int:
        return len(self.target)

    def _tensors(self) -> list[torch.Tensor]:
        return [*self.inputs, self.target] + ([] if self.mask is None else [self.mask])

    def map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Examples:
        """The examples with `function` applied to every tensor."""
        mask = None if self.mask is None else function(self.mask)
        return Examples(tuple(function(tensor) for tensor in self.inputs), function(self.target), mask)

    def take(self, indices: torch.Tensor) -> Examples:
        """Copies of the examples at `indices`."""
        return self.map(lambda tensor: tensor.index_select(0, indices))

    def n_bytes(self) -> int:
        """Memory of all tensors."""
        return sum(tensor.nbytes for tensor in self._tensors())


@dataclass(frozen=True)
class Kept:
    """The weights that a stopping rule keeps.

    Attributes
    ----------
    epoch : 0-based epoch that they are of.
    stopped_early : whether the rule's patience ran out before the cap.
    state : the network's state, or None where it is the state that the network has after the last epoch.
    """

    epoch: int
    stopped_early: bool
    state: dict[str, torch.Tensor] | None

    def restore(self, network: torch.nn.Module) -> None:
        """Put these weights into the network."""
        if self.state is not None:
            network.load_state_dict(self.state)


@dataclass(frozen=True)
class Fit:
    """How a training went; the network itself is changed in place.

    Attributes
    ----------
    curves : one value per epoch: train_loss, learning_rate, and with validation data validation_loss and
        validation_<metric>. With a paper's rule beside it they go on until both rules have stopped.
    best_epoch : 0-based epoch whose weights the network has.
    stopped_early : whether `patience` ended the training.
    epochs : how many epochs the rule of the configuration trained.
    precision : what forward passes were computed in.
    paper : what the paper's own rule keeps: ``fit.paper.restore(network)``; None where there is none.
    """

    curves: dict[str, list[float]]
    best_epoch: int
    stopped_early: bool
    epochs: int
    precision: Precision
    paper: Kept | None = None

    @property
    def notes(self) -> dict[str, Any]:
        """What a record says of the training: every network run reports it, under these names."""
        said = {
            "epochs_run": self.epochs,
            "best_epoch": self.best_epoch,
            "stopped_early": self.stopped_early,
            "levelled_off": levelled_off({name: curve[: self.epochs] for name, curve in self.curves.items()}),
            "precision": self.precision,
        }
        if self.paper is not None:
            said |= {"paper_best_epoch": self.paper.epoch, "paper_stopped_early": self.paper.stopped_early}
        return said


def levelled_off(curves: Mapping[str, Sequence[float]]) -> bool:
    """Whether a training went on until there was nothing more to gain: the same rule for every network run.

    The criterion is the validation loss, without validation data the training loss, and of it the lowest value so far.
    A curve has levelled off if at most `LATE_GAIN` (a twentieth) of the whole improvement since the first epoch falls
    into its last quarter, `SHORTEST_STRETCH` (three) epochs at least. A curve of three epochs or less never has, nor
    has one that did not start: whose training loss never fell by `STARTED` (a hundredth) of its first value, unless
    `ENOUGH_EPOCHS` (twenty) show that there is nothing to learn. Where a schedule anneals the learning rate to zero,
    every long plan ends level; then the rule says that the plan was followed to its end, not that a longer one would
    gain nothing.

    Parameters
    ----------
    curves : of a `Fit` or of a record: ``train_loss`` and, with validation data, ``validation_loss``, one value per
        epoch.
    """
    criterion = list(curves.get("validation_loss") or curves["train_loss"])
    stretch = max(SHORTEST_STRETCH, math.ceil(LAST_STRETCH * len(criterion)))
    if len(criterion) <= stretch:
        return False
    train = curves["train_loss"]
    started = train[0] - min(train) > STARTED * abs(train[0])
    if not started and len(train) < ENOUGH_EPOCHS:
        return False
    late = min(criterion[:-stretch]) - min(criterion)
    return late <= LATE_GAIN * (criterion[0] - min(criterion))


class TrainingDiverged(MerReproError):
    """The training loss is no longer a finite number."""


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's generators (all devices)."""
    import random

    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def init_seed(split_seed: int, number: int) -> int:
    """The seed of one of several initialisations of a fold: the fold's own for number 0, another one for each other.

    Parameters
    ----------
    split_seed : what deals songs out over the parts; two initialisations of a fold share it.
    number : from 0.
    """
    import numpy as np

    return split_seed if number == 0 else int(np.random.SeedSequence([split_seed, number]).generate_state(1)[0])


def usable_precision(asked: Literal["auto", "fp32", "bf16"], device: str, family: Precision | None = None) -> Precision:
    """What to compute forward passes in.

    Parameters
    ----------
    asked : "fp32" or "bf16", or "auto" for what the network family has, float32 where the device cannot do it.
    device : "cpu" or "cuda:N". bfloat16 needs a processor with AVX-512 BF16 or AMX, or a GPU that has it: others
        emulate it, slowly, or refuse some layers.
    family : what "auto" means for this kind of network, decided once and never by a probe, so that a record does not
        depend on what else a machine was doing. None: float32 on a processor, bfloat16 on a GPU.

    Raises
    ------
    ParameterError
        If bfloat16 is asked for and the device does not have it.
    """
    wanted = asked if asked != "auto" else family or ("fp32" if device == "cpu" else "bf16")
    if wanted == "fp32" or _has_bf16(device):
        return wanted
    if asked == "auto":
        return "fp32"
    raise ParameterError(
        f"precision is 'bf16', but {device} has no bfloat16 arithmetic (AVX-512 BF16 or AMX on a processor); expected"
        " 'fp32', or 'auto', which takes what the device has."
    )


def _has_bf16(device: str) -> bool:
    import torch

    if device != "cpu":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def fit_each(
    build: Callable[[], torch.nn.Module],
    train: Examples,
    validation: Examples | None,
    config: TrainingConfig,
    loss: Loss,
    *,
    init_seeds: Sequence[int],
    device: str = "cpu",
    **options: Any,
) -> Iterator[tuple[torch.nn.Module, Fit]]:
    """Several initialisations of one network on the same data, which goes to the device once: network and fit of each.

    Parameters
    ----------
    build : makes the untrained network; called after seeding.
    init_seeds : of initial weights, shuffling and dropout, one per network; see `init_seed`. The split has its own.
    train, validation, config, loss, device, options : as for `fit`.
    """
    train, validation = _resident(train, validation, device)
    for seed in init_seeds:
        seed_everything(seed)
        network = build()
        yield network, fit(network, train, validation, config, loss, seed=seed, device=device, **options)


def fit(
    network: torch.nn.Module,
    train: Examples,
    validation: Examples | None,
    config: TrainingConfig,
    loss: Loss,
    *,
    seed: int,
    device: str = "cpu",
    metrics: Mapping[str, Metric] | None = None,
    family: Precision | None = None,
    progress: bool = False,
) -> Fit:
    """Train `network` in place and leave it with the weights that the rule of `config` keeps.

    Parameters
    ----------
    network : weights that do not require a gradient stay frozen.
    train, validation : without validation data, the last epoch counts as the best and nothing stops early.
    loss : see the module's conventions.
    seed : of shuffling and dropout.
    device : "cpu" or "cuda:N".
    metrics : name -> function of (y_true, y_pred), computed on the validation data after every epoch.
    family : what "auto" means as the precision of this kind of network; see `usable_precision`.
    progress : show a progress bar on stderr.

    Raises
    ------
    TrainingDiverged
        If the loss of an epoch is not finite.
    ParameterError
        If a rule's monitor is neither "loss" nor in `metrics`, or the device does not have the precision.
    """
    from tqdm import tqdm

    rules = [_Tracked(rule, network) for rule in (config.rule, config.paper_rule) if rule is not None]
    for tracked in rules:
        require_choice("monitor", tracked.rule.monitor, ["loss", *(metrics or {})])
    precision = usable_precision(config.precision, device, family)
    loop = _Loop(network, *_resident(train, validation, device), config, loss, metrics, seed, device, precision)
    with tqdm(range(config.epochs), unit="epoch", disable=not progress) as epochs:
        for epoch in epochs:
            scores = loop.epoch(epoch)
            for tracked in rules:
                tracked.offer(epoch, scores)
            loop.schedule(scores)
            epochs.set_postfix(train_loss=loop.curves["train_loss"][-1], **scores, refresh=False)
            if all(tracked.stopped_at is not None for tracked in rules):
                break
    ours, *paper = (tracked.kept(config.epochs) for tracked in rules)
    ours.restore(network)
    trained = config.epochs if rules[0].stopped_at is None else rules[0].stopped_at + 1
    return Fit(loop.curves, ours.epoch, ours.stopped_early, trained, precision, paper[0] if paper else None)


class _Loop:
    """A network on its device with all that an epoch of training needs."""

    def __init__(
        self, network, train: Examples, validation: Examples | None, config: TrainingConfig, loss: Loss, metrics,
        seed: int, device: str, precision: Precision,
    ):  # fmt: skip
        import torch

        seed_everything(seed)
        self.shuffling = torch.Generator().manual_seed(seed)
        # The order of memory in which convolutions over images are fastest; it changes nothing else.
        network.to(device, memory_format=torch.channels_last)
        self.forward = torch.compile(network) if config.compile else network
        self.weights = [weight for weight in network.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.Adam(
            self.weights, config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.schedule = _schedule(self.optimizer, config)
        self.train, self.validation, self.config, self.loss, self.metrics = train, validation, config, loss, metrics
        self.where: dict[str, Any] = {"device": device, "precision": precision}
        self.curves: dict[str, list[float]] = {"train_loss": [], "learning_rate": []}

    def epoch(self, number: int) -> dict[str, float]:
        """Train for one epoch, extend the curves, and return the validation scores; none without validation data."""
        rate = self.optimizer.param_groups[0]["lr"]
        train_loss = self._train_epoch()
        if not math.isfinite(train_loss):
            raise TrainingDiverged(f"The loss is {train_loss} in epoch {number} (learning rate {rate:g}).")
        self.curves["learning_rate"].append(rate)
        self.curves["train_loss"].append(train_loss)
        if self.validation is None:
            return {}
        size = self.config.batch_size
        scores = evaluate(self.forward, self.validation, self.loss, self.metrics, batch_size=size, **self.where)
        for name, value in scores.items():
            self.curves.setdefault(f"validation_{name}", []).append(value)
        return scores

    def _train_epoch(self) -> float:
        """One pass over the training data in random order; the mean loss per example (per step, with a mask)."""
        import torch

        self.forward.train()
        total = weight = 0.0
        # The whole order goes to the data's device at once: a copy for every batch would make a GPU wait.
        order = torch.randperm(len(self.train), generator=self.shuffling).to(self.train.target.device)
        for indices in _batches(order, self.config.batch_size):
            batch = _to(self.train.take(indices), self.where["device"])
            value, count = _batch_loss(self.forward, batch, self.loss, self.where["precision"])
            self.optimizer.zero_grad()
            value.backward()
            if self.config.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.weights, self.config.clip_norm)
            self.optimizer.step()
            # Tensors are summed and read once an epoch: reading one makes a GPU wait.
            total, weight = total + value.detach() * count, weight + count
        return float(total / weight)


def _batches(indices: torch.Tensor, batch_size: int) -> Sequence[torch.Tensor]:
    """Consecutive parts of `indices`; a last part of one example is left out, for batch norm cannot train on it."""
    parts = indices.split(batch_size)
    return parts[:-1] if len(parts) > 1 and len(parts[-1]) == 1 else parts


def _forward(network, batch: Examples, precision: Precision) -> torch.Tensor:
    """Predictions in float32, computed in `precision`."""
    import torch

    given = {} if batch.mask is None else {"mask": batch.mask}
    with torch.autocast(batch.target.device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        return network(*batch.inputs, **given).float()


def _batch_loss(network, batch: Examples, loss: Loss, precision: Precision):
    """The batch's loss and what it is the mean of: a number of examples, or with a mask of steps."""
    prediction = _forward(network, batch, precision)
    if batch.mask is None:
        return loss(prediction, batch.target), len(batch)
    return loss(prediction[batch.mask], batch.target[batch.mask]), batch.mask.sum()


def evaluate(
    network: torch.nn.Module,
    examples: Examples,
    loss: Loss,
    metrics: Mapping[str, Metric] | None = None,
    *,
    batch_size: int,
    device: str = "cpu",
    precision: Precision | None = None,
) -> dict[str, float]:
    """Loss and metrics of a network on some examples: {"loss": ..., metric: ...}; masked steps do not count.

    `precision` is `Fit.precision` of a trained network; None for what "auto" means on the device.
    """
    import torch

    precision = precision or usable_precision("auto", device)
    network.eval()
    total = weight = 0.0
    predictions = []
    with torch.inference_mode():
        for indices in torch.arange(len(examples), device=examples.target.device).split(batch_size):
            batch = _to(examples.take(indices), device)
            prediction, target = _forward(network, batch, precision), batch.target
            if batch.mask is not None:
                prediction, target = prediction[batch.mask], target[batch.mask]
            total, weight = total + loss(prediction, target) * len(target), weight + len(target)
            predictions.append(prediction)
        scores = {"loss": float(total / weight)}
        if metrics:
            y_pred = torch.cat(predictions).cpu().numpy()
            y_true = examples.target if examples.mask is None else examples.target[examples.mask]
            scores |= {name: float(metric(y_true.cpu().numpy(), y_pred)) for name, metric in metrics.items()}
    return scores


def predict(
    network: torch.nn.Module,
    examples: Examples,
    *,
    batch_size: int,
    device: str = "cpu",
    precision: Precision | None = None,
) -> np.ndarray:
    """Predictions (n, ...) in the order of the examples; steps outside the mask hold whatever the network says.

    `precision` as for `evaluate`.
    """
    import torch

    precision = precision or usable_precision("auto", device)
    network.to(device).eval()
    with torch.inference_mode():
        parts = torch.arange(len(examples), device=examples.target.device).split(batch_size)
        said = [_forward(network, _to(examples.take(part), device), precision) for part in parts]
        return torch.cat(said).cpu().numpy()


def _to(batch: Examples, device: str) -> Examples:
    """A batch on the device; pinned on its way to a GPU, so that the copy runs beside the computation before it."""
    if str(batch.target.device) == device:
        return batch
    if device != "cpu" and batch.target.device.type == "cpu":
        batch = batch.map(lambda tensor: tensor.pin_memory())
    return batch.map(lambda tensor: tensor.to(device, non_blocking=True))


def _resident(train: Examples, validation: Examples | None, device: str) -> tuple[Examples, Examples | None]:
    """The data on the device if all of it fits there, else as it is: every batch is then copied in its turn."""
    import torch

    if device == "cpu":
        return train, validation
    parts = [train] if validation is None else [train, validation]
    free, whole = torch.cuda.mem_get_info(device)
    elsewhere = sum(part.n_bytes() for part in parts if part.target.device.type == "cpu")
    if elsewhere > min(free / 2, RESIDENT_SHARE * whole):
        return train, validation
    moved = [part.map(lambda tensor: tensor.to(device)) for part in parts]
    return moved[0], None if validation is None else moved[1]


def _schedule(optimizer, config: TrainingConfig) -> Callable[[dict[str, float]], None]:
    """A function of the epoch's validation scores that sets the next epoch's learning rate."""
    from torch.optim import lr_scheduler

    if config.schedule == "plateau":
        plateau = lr_scheduler.ReduceLROnPlateau(
            optimizer, config.monitor_mode, factor=config.decay, patience=config.plateau_patience, threshold=0.0
        )
        return lambda scores: plateau.step(scores[config.monitor]) if scores else None
    if config.schedule == "step":
        schedule = lr_scheduler.StepLR(optimizer, config.step_epochs, config.decay)
    elif config.schedule == "cosine":
        schedule = lr_scheduler.CosineAnnealingLR(optimizer, config.epochs)
    else:
        return lambda scores: None
    return lambda scores: schedule.step()


class _Tracked:
    """A stopping rule while a training goes on: the weights it would keep by now, and when it would have stopped."""

    def __init__(self, rule: StoppingRule, network):
        self.rule, self.network = rule, network
        self.epoch = 0
        self.score: float | None = None
        self.state: dict[str, Any] | None = None
        self.stopped_at: int | None = None

    def offer(self, epoch: int, scores: dict[str, float]) -> None:
        """Take the network's weights if they are the best so far; without scores, the last epoch is the best.

        After its own stop a rule takes nothing more, though another rule may still train.
        """
        if self.stopped_at is not None:
            return
        if not scores:
            self.epoch = epoch
            return
        score = scores[self.rule.monitor] * (1 if self.rule.monitor_mode == "min" else -1)
        if self.score is None or score < self.score:
            self.epoch, self.score = epoch, score if math.isfinite(score) else math.inf
            if self.rule.keep == "best":
                self._copy()
        if self.rule.patience is not None and epoch - self.epoch >= self.rule.patience:
            self.stopped_at = epoch
            if self.rule.keep == "last":
                self.epoch = epoch
                self._copy()

    def kept(self, cap: int) -> Kept:
        """What the rule keeps, once training has ended; `cap` is the most epochs it might have had."""
        if self.rule.keep == "last" and self.stopped_at is None and self.score is not None:
            self.epoch = cap - 1
            self._copy()
        return Kept(self.epoch, self.stopped_at is not None and self.stopped_at + 1 < cap, self.state)

    def _copy(self) -> None:
        self.state = copy.deepcopy(self.network.state_dict())


# Helpers for the data side ---------------------------------------------------------------------------------------


def pad(sequences: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Sequences (time_i, ...) as one tensor (n, longest, ...), zero-padded at the end, and its mask (n, longest)."""
    import torch

    tensors = [torch.as_tensor(sequence) for sequence in sequences]
    padded = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)
    lengths = torch.tensor([len(tensor) for tensor in tensors])
    return padded, torch.arange(padded.shape[1]) < lengths[:, None]


def class_weights(labels: np.ndarray, n_classes: int) -> torch.Tensor:
    """Weights (n_classes,) inversely proportional to how often a class occurs, n / (n_classes * count).

    A class that does not occur gets weight zero.
    """
    import numpy as np
    import torch

    counts = np.bincount(labels, minlength=n_classes)
    weights = np.divide(len(labels), n_classes * counts, out=np.zeros(n_classes), where=counts > 0)
    return torch.tensor(weights, dtype=torch.float32)


def oversample(labels: np.ndarray, seed: int) -> np.ndarray:
    """Indices of all examples plus random repeats, after which every class is as frequent as the largest one."""
    import numpy as np

    generator = np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    repeats = [
        generator.choice(np.flatnonzero(labels == label), counts.max() - count)
        for label, count in zip(classes, counts, strict=True)
    ]
    return np.concatenate([np.arange(len(labels)), *repeats])


def undersample(labels: np.ndarray, seed: int) -> np.ndarray:
    """Indices of random examples, as many of every class as the smallest one has, ascending."""
    import numpy as np

    generator = np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    kept = [generator.choice(np.flatnonzero(labels == label), counts.min(), replace=False) for label in classes]
    return np.sort(np.concatenate(kept))
