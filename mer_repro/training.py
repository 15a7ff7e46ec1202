"""One training loop for all rebuilt networks, on CPU and GPU.

Conventions
-----------
- A network maps the inputs of a batch, each (batch, ...), to predictions. Where `Examples.mask` is given, it is
  called with ``mask=`` (batch, time), True at real steps, and predicts one value a step.
- A loss is ``loss(prediction, target) -> scalar``, the mean over the batch. With a mask, only real steps reach it.
- Data lives on the device as whole tensors; a batch is one gather. There is no loader and no worker process.
- Call `seed_everything` before building the network; `fit` seeds again, so that shuffling and dropout do not depend
  on what ran before. Two runs of one configuration on the CPU agree exactly.

Adam is Kingma and Ba (2015), with the L2 term inside the gradient as the papers' weight decay means it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.errors import MerReproError, require_choice

if TYPE_CHECKING:
    import numpy as np
    import torch

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    Metric = Callable[[np.ndarray, np.ndarray], float]

#: share of a GPU's free memory that resident data may take; the rest is for the network
RESIDENT_SHARE = 0.5
#: `levelled_off`: the last stretch of a curve, as a share of its epochs and in epochs at least ...
LAST_STRETCH, SHORTEST_STRETCH = 0.25, 3
#: ... the largest share of the whole improvement that may fall into it ...
LATE_GAIN = 0.05
#: ... the share of its first value by which the training loss must have fallen, or epochs that say it never will.
STARTED, ENOUGH_EPOCHS = 0.01, 20


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
class Fit:
    """How a training went; the network itself is changed in place.

    Attributes
    ----------
    curves : one value an epoch: train_loss, learning_rate, and with validation data validation_loss and
        validation_<metric>.
    best_epoch : 0-based epoch whose weights the network has.
    stopped_early : whether `patience` ended the training.
    """

    curves: dict[str, list[float]]
    best_epoch: int
    stopped_early: bool


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
    progress: bool = False,
) -> Fit:
    """Train `network` in place and leave it with the weights of its best epoch.

    Parameters
    ----------
    network : weights that do not require a gradient stay frozen.
    train, validation : without validation data, the last epoch counts as the best and nothing stops early.
    loss : see the module's conventions.
    seed : of shuffling and dropout.
    device : "cpu" or "cuda:N"; on a GPU, forward passes run in bfloat16 where PyTorch deems it safe.
    metrics : name -> function of (y_true, y_pred), computed on the validation data after every epoch.
    progress : show a progress bar on stderr.

    Raises
    ------
    TrainingDiverged
        If the loss of an epoch is not finite.
    ParameterError
        If `config.monitor` is neither "loss" nor in `metrics`.
    """
    import torch
    from tqdm import tqdm

    metrics = dict(metrics or {})
    require_choice("monitor", config.monitor, ["loss", *metrics])
    seed_everything(seed)
    shuffling = torch.Generator().manual_seed(seed)
    # The order of memory in which convolutions over images are fastest; it changes nothing else.
    network.to(device, memory_format=torch.channels_last)
    train = _resident(train, device)
    validation = None if validation is None else _resident(validation, device)
    forward = torch.compile(network) if config.compile else network
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(weights, config.learning_rate, weight_decay=config.weight_decay, fused=True)
    schedule = _schedule(optimizer, config)
    best = _Best(network, config)
    curves: dict[str, list[float]] = {"train_loss": [], "learning_rate": []}

    with tqdm(range(config.epochs), unit="epoch", disable=not progress) as epochs:
        for epoch in epochs:
            curves["learning_rate"].append(optimizer.param_groups[0]["lr"])
            train_loss = _train_epoch(forward, train, optimizer, weights, loss, config, shuffling, device)
            if not math.isfinite(train_loss):
                rate = curves["learning_rate"][-1]
                raise TrainingDiverged(f"The loss is {train_loss} in epoch {epoch} (learning rate {rate:g}).")
            curves["train_loss"].append(train_loss)
            scores = {}
            if validation is not None:
                scores = evaluate(forward, validation, loss, metrics, batch_size=config.batch_size, device=device)
                for name, value in scores.items():
                    curves.setdefault(f"validation_{name}", []).append(value)
            best.offer(epoch, scores)
            schedule(scores)
            epochs.set_postfix(train_loss=train_loss, **scores, refresh=False)
            if best.is_stale(epoch):
                break
    best.restore()
    return Fit(curves, best.epoch, stopped_early=epoch + 1 < config.epochs)


def _train_epoch(forward, train, optimizer, weights, loss, config, shuffling, device) -> float:
    """One pass over the training data in random order; returns the mean loss an example (a step, with a mask)."""
    import torch

    forward.train()
    total = weight = 0.0
    for indices in _batches(torch.randperm(len(train), generator=shuffling), config.batch_size):
        value, count = _batch_loss(forward, _to(train.take(indices.to(train.target.device)), device), loss)
        optimizer.zero_grad()
        value.backward()
        if config.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(weights, config.clip_norm)
        optimizer.step()
        # Tensors are summed and read once an epoch: reading one makes a GPU wait.
        total, weight = total + value.detach() * count, weight + count
    return float(total / weight)


def _batches(indices: torch.Tensor, batch_size: int) -> Sequence[torch.Tensor]:
    """Consecutive parts of `indices`; a last part of one example is left out, for batch norm cannot train on it."""
    parts = indices.split(batch_size)
    return parts[:-1] if len(parts) > 1 and len(parts[-1]) == 1 else parts


def _forward(network, batch: Examples) -> torch.Tensor:
    """Predictions in float32; on a GPU computed in bfloat16 where that is safe."""
    import torch

    given = {} if batch.mask is None else {"mask": batch.mask}
    kind = batch.target.device.type
    with torch.autocast(kind, dtype=torch.bfloat16, enabled=kind == "cuda"):
        return network(*batch.inputs, **given).float()


def _batch_loss(network, batch: Examples, loss: Loss):
    """The batch's loss and what it is the mean of: a number of examples, or with a mask of steps."""
    prediction = _forward(network, batch)
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
) -> dict[str, float]:
    """Loss and metrics of a network on some examples: {"loss": ..., metric: ...}; masked steps do not count."""
    import torch

    network.eval()
    total = weight = 0.0
    predictions = []
    with torch.inference_mode():
        for indices in torch.arange(len(examples), device=examples.target.device).split(batch_size):
            batch = _to(examples.take(indices), device)
            prediction, target = _forward(network, batch), batch.target
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


def predict(network: torch.nn.Module, examples: Examples, *, batch_size: int, device: str = "cpu") -> np.ndarray:
    """Predictions (n, ...) in the order of the examples; steps outside the mask hold whatever the network says."""
    import torch

    network.to(device).eval()
    with torch.inference_mode():
        parts = torch.arange(len(examples), device=examples.target.device).split(batch_size)
        return torch.cat([_forward(network, _to(examples.take(part), device)) for part in parts]).cpu().numpy()


def _to(batch: Examples, device: str) -> Examples:
    if str(batch.target.device) == device:
        return batch
    return batch.map(lambda tensor: tensor.to(device, non_blocking=True))


def _resident(examples: Examples, device: str) -> Examples:
    """The examples on the device if they fit there, else as they are: every batch is then copied in its turn."""
    import torch

    if device != "cpu" and examples.n_bytes() > RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]:
        return examples
    return _to(examples, device)


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


class _Best:
    """The best epoch so far, with a copy of its weights and buffers."""

    def __init__(self, network, config: TrainingConfig):
        self.network, self.config = network, config
        self.epoch = 0
        self.score = math.inf
        self.state: dict[str, Any] | None = None

    def offer(self, epoch: int, scores: dict[str, float]) -> None:
        """Take the network's weights as the best if its monitored score is; without scores, the last is."""
        if not scores:
            self.epoch = epoch
            return
        score = scores[self.config.monitor] * (1 if self.config.monitor_mode == "min" else -1)
        if self.state is None or score < self.score:
            self.epoch, self.score = epoch, score if math.isfinite(score) else math.inf
            self.state = copy.deepcopy(self.network.state_dict())

    def is_stale(self, epoch: int) -> bool:
        """Whether training has gone on for `patience` epochs without a better score."""
        return (
            self.state is not None and self.config.patience is not None and (epoch - self.epoch >= self.config.patience)
        )

    def restore(self) -> None:
        """Put the best weights back into the network."""
        if self.state is not None:
            self.network.load_state_dict(self.state)


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
