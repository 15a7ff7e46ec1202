"""qiu2025's experiments: the plan of all runs, and who executes which.

- frame-wise baselines and descriptor models under three splits: `mer_repro.papers.qiu2025.frames`;
- the ladder of leaks, the ablations and the rival network on windows: `mer_repro.papers.qiu2025.ladder`;
- lag orders with labels alone: `mer_repro.papers.qiu2025.lags`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.papers.qiu2025.frames import DESCRIPTOR_VARIANTS, WITH_DESCRIPTORS
from mer_repro.records import Outcome, Run

KEY = "qiu2025"
Kind = Literal["real", "twin"]
Dataset = Literal["deam", "pmemo", "vgmidi"]
Target = Literal["arousal", "valence"]
Protocol = Literal["song_grouped", "frame_random", "within_song_random"]
Variant = Literal[
    "global_mean",
    "song_mean",
    "last_value",
    "linear_interpolation",
    "training_maximum",
    "ridge",
    "random_forest",
]
Rung = Literal[
    "ladder_0_clean",
    "ladder_1_scaling",
    "ladder_2_selection",
    "ladder_3_time",
    "ladder_4_windows",
    "ladder_5_within_song",
    "ladder_6_lagged",
]
LadderModel = Literal["global_mean", "song_mean", "ridge", "random_forest", "cnn_bilstm"]
Ablation = Literal[
    "no_cnn", "no_bilstm", "neither", "no_attention", "multi_head", "softmax_output", "tpa_bilstm", "released_code"
]

#: The two ends of the ladder, where ablations and rivals are compared.
ENDS: tuple[Rung, Rung] = ("ladder_0_clean", "ladder_5_within_song")
#: The data set whose audio is at hand as a whole; the others lack per-frame descriptors.
WITH_WINDOWS = "vgmidi"


class Training(BaseModel):
    """Training of the networks on windows. The paper's values; a CPU gets fewer epochs."""

    model_config = ConfigDict(extra="forbid")

    epochs: Annotated[int, Field(ge=1)] = 50
    patience: Annotated[int, Field(ge=1)] = 5
    batch_size: Annotated[int, Field(ge=2)] = 32
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    released_epochs: Annotated[int, Field(ge=1)] = 40
    released_features: Annotated[int, Field(ge=1, description="most important descriptors it gets")] = 260


class Parameters(BaseModel):
    """What a profile may set. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    data: list[Kind] = ["real"]
    datasets: list[Dataset] = ["deam", "pmemo", "vgmidi"]
    targets: list[Target] = ["arousal", "valence"]
    protocols: list[Protocol] = ["song_grouped", "frame_random", "within_song_random"]
    variants: list[Variant] = list(get_args(Variant))
    rungs: list[Rung] = list(get_args(Rung))
    ladder_models: list[LadderModel] = list(get_args(LadderModel))
    ladder_targets: list[Target] = ["arousal", "valence"]
    ablations: list[Ablation] = list(get_args(Ablation))
    ablation_targets: list[Target] = ["arousal"]
    seeds: Annotated[int, Field(ge=1, le=100)] = 5
    ladder_seeds: Annotated[int, Field(ge=1, le=100)] = 5
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2000
    trees: Annotated[int, Field(ge=1, le=2000)] = 100
    training: Training = Training()


def plan(parameters: Parameters) -> list[Run]:
    """The grid of runs, those that share data next to each other."""
    return [
        run
        for data in parameters.data
        for dataset in parameters.datasets
        for part in (_frame_runs, _ladder_runs, _lag_runs)
        for run in part(parameters, dataset, data)
    ]


def _frame_runs(parameters: Parameters, dataset: Dataset, data: Kind) -> list[Run]:
    runs = []
    for variant in parameters.variants:
        if variant in DESCRIPTOR_VARIANTS and dataset not in WITH_DESCRIPTORS:
            continue
        chosen = {"resamples": parameters.resamples}
        if variant == "random_forest":
            chosen["trees"] = parameters.trees
        runs += [
            Run(KEY, dataset, data, protocol, variant, target, seed, chosen)
            for protocol in parameters.protocols
            for target in parameters.targets
            for seed in range(parameters.seeds)
        ]
    return runs


def _ladder_runs(parameters: Parameters, dataset: Dataset, data: Kind) -> list[Run]:
    """Every rung with every model, and the ablations at the ladder's two ends."""
    if dataset != WITH_WINDOWS:
        return []
    cells = [
        (rung, variant, target)
        for rung in parameters.rungs
        for variant in parameters.ladder_models
        for target in parameters.ladder_targets
    ]
    cells += [
        (rung, variant, target)
        for rung in ENDS
        if rung in parameters.rungs
        for variant in parameters.ablations
        for target in parameters.ablation_targets
    ]
    runs = []
    # Seeds outermost: a sweep that is stopped has finished whole seeds, and can be shown with fewer of them.
    for seed in range(parameters.ladder_seeds):
        for rung, variant, target in sorted(cells, key=lambda cell: (cell[0], cell[2])):
            chosen = {"resamples": parameters.resamples, "trees": parameters.trees}
            if variant == "cnn_bilstm" or variant in parameters.ablations:
                chosen |= parameters.training.model_dump()
            runs.append(Run(KEY, dataset, data, rung, variant, target, seed, chosen))
    return runs


def _lag_runs(parameters: Parameters, dataset: Dataset, data: Kind) -> list[Run]:
    """Lag orders 1 to 29 on PMEmo, the data set of the paper's ablation, with labels alone."""
    if dataset != "pmemo" or "ladder_6_lagged" not in parameters.rungs:
        return []
    chosen = {"resamples": parameters.resamples}
    return [
        Run(KEY, dataset, data, protocol, "lag_orders", target, seed, chosen)
        for protocol in parameters.protocols
        if protocol != "frame_random"
        for target in parameters.targets
        for seed in range(parameters.seeds)
    ]


def _part(run: Run) -> str:
    """The module that executes a run."""
    if run.variant == "lag_orders":
        return "lags"
    return "ladder" if run.protocol.startswith("ladder_") else "frames"


def batch_key(run: Run) -> tuple[str, ...]:
    """Runs on one copy of a data set share its loaded tables; networks are apart, to spread over workers."""
    return run.dataset, run.data, _part(run)


def sources(run: Run) -> tuple[str, ...]:
    """What a run's result depends on: the function that executes it, and what that uses."""
    return (f"mer_repro.papers.{KEY}.{_part(run)}:execute",)


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one variant and score its test items.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    """
    import importlib

    return importlib.import_module(f"mer_repro.papers.{KEY}.{_part(run)}").execute(run, device=device)
