"""newkey2030's experiments: song-level arousal from descriptors, a mean beside a network, every song tested once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.runs.records import Outcome, Run
from mer_repro.training import TrainingConfig

if TYPE_CHECKING:
    import numpy as np

    from mer_repro.splits import Split

KEY = "newkey2030"
DATASET = "deam"
TARGET = "arousal"
PROTOCOL = "song_folds"
FOLDS = 5
Variant = Literal["global_mean", "network"]


class Parameters(BaseModel):
    """What a profile may set. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    data: list[Literal["real", "twin"]] = ["real"]
    variants: list[Variant] = list(get_args(Variant))
    folds: Annotated[int, Field(ge=1, le=FOLDS, description="how many of the five are run")] = FOLDS
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2000
    training: TrainingConfig = TrainingConfig(epochs=100, patience=10)


def plan(parameters: Parameters) -> list[Run]:
    """The grid of runs."""
    runs = []
    for data in parameters.data:
        for variant in parameters.variants:
            chosen = {"resamples": parameters.resamples}
            if variant == "network":
                chosen["training"] = parameters.training.model_dump()
            runs += [
                Run(KEY, DATASET, data, PROTOCOL, variant, TARGET, 0, chosen, {"fold": fold})
                for fold in range(parameters.folds)
            ]
    return runs


def sources(run: Run) -> tuple[str, ...]:
    """What a run's result depends on: `execute` and what it uses."""
    return (__name__,)


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one variant on the training songs and score the test songs; intervals resample songs."""
    from mer_repro import metrics, splits

    songs, descriptors, arousal = load_songs(run.data)
    split = splits.song_folds(songs, run.factors["fold"], FOLDS)
    if run.variant == "global_mean":
        predicted, curves = arousal[split.train].mean().repeat(len(split.test)), {}
    else:
        predicted, curves = train(run, descriptors, arousal, split, device)
    observed, tested = arousal[split.test], songs[split.test]
    return Outcome(
        metrics=metrics.regression(observed, predicted),
        intervals=metrics.regression_intervals(
            observed, predicted, tested, resamples=run.parameters["resamples"], seed=run.seed
        ),
        counts={"n_train": len(split.train), "n_validation": len(split.validation), "n_test": len(split.test)},
        predictions=dict(item=split.test, group=tested, y_true=observed, y_pred=predicted),
        curves=curves,
    )


@lru_cache(maxsize=2)
def load_songs(data: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Song ids (song,), openSMILE descriptors (song, feature) and arousal (song,) from 1 to 9."""
    from mer_repro.data import registry

    deam = registry.load(DATASET, source=data)
    table = deam.static[["song_id", TARGET]].merge(deam.song_features, on="song_id")
    descriptors = table.drop(columns=["song_id", TARGET])
    return table["song_id"].to_numpy(), descriptors.to_numpy(dtype="float32"), table[TARGET].to_numpy(dtype="float32")


def train(
    run: Run, descriptors: np.ndarray, arousal: np.ndarray, split: Split, device: str
) -> tuple[np.ndarray, dict[str, list[float]]]:
    """Predictions for ``split.test`` and the curves of the training; scaling is fitted on training songs."""
    import torch

    from mer_repro import training
    from mer_repro.papers.newkey2030.model import Network

    mean, deviation = descriptors[split.train].mean(axis=0), descriptors[split.train].std(axis=0)
    scaled = torch.from_numpy((descriptors - mean) / deviation.clip(min=1e-6))
    centre = arousal[split.train].mean()
    target = torch.from_numpy(arousal - centre)
    parts = [training.Examples((scaled[part],), target[part]) for part in (split.train, split.validation, split.test)]
    config = TrainingConfig(**run.parameters["training"])
    training.seed_everything(run.seed)
    network = Network(descriptors.shape[1])
    loss = torch.nn.functional.mse_loss
    fitted = training.fit(network, parts[0], parts[1], config, loss, seed=run.seed, device=device)
    predicted = (
        training.predict(network, parts[2], batch_size=config.batch_size, device=device, precision=fitted.precision)
        + centre
    )
    return predicted, fitted.curves
