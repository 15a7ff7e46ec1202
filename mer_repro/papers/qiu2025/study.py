"""qiu2025's experiments: the plan of all runs, and who executes which.

- the split, decided, and all networks: clean and leaking folds that test every label once:
  `mer_repro.papers.qiu2025.folds`;
- frame-wise baselines and descriptor models under three splits: `mer_repro.papers.qiu2025.frames`;
- the ladder of leaks with simple models on windows: `mer_repro.papers.qiu2025.ladder`;
- lag orders with labels alone: `mer_repro.papers.qiu2025.lags`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.papers.qiu2025.folds import CODE_NETWORKS, FOLDS
from mer_repro.papers.qiu2025.frames import DESCRIPTOR_VARIANTS, WITH_DESCRIPTORS
from mer_repro.papers.qiu2025.windows import STEPS
from mer_repro.runs.records import Outcome, Run

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
LadderModel = Literal[
    "global_mean",
    "song_mean",
    "linear_interpolation",
    "ridge",
    "random_forest",
    "window_lengths",
]
FoldProtocol = Literal["song_folds", "frame_folds"]
FoldModel = Literal["song_mean", "linear_interpolation", "ridge", "extra_trees"]
#: Simple models on the labels that networks get, where these are fewer: what a network is compared with.
ThinnedModel = Literal["ridge_thinned", "extra_trees_thinned"]
FoldNetwork = Literal[
    "cnn_bilstm",
    "no_cnn",
    "no_bilstm",
    "neither",
    "no_attention",
    "multi_head",
    "both_attentions",
    "softmax_output",
    "expected_score",
    "min_max",
    "lagged",
    "tpa_bilstm",
    "tpa_own_ends",
    "released_code",
    "code_bilstm",
    "code_cnn",
]

#: The clean and the leaking side of the comparison on the same labels.
SIDES: tuple[FoldProtocol, FoldProtocol] = get_args(FoldProtocol)
#: The ladder's cleanest rung and the released code's, where lengths of windows are compared.
ENDS: tuple[Rung, Rung] = ("ladder_0_clean", "ladder_5_within_song")
#: The data set whose audio is at hand as a whole: ablations and lengths of windows are compared on it.
WITH_AUDIO = "vgmidi"
#: Models that hear nothing: scaling, selection and inputs are nothing to them.
HEARING_NOTHING = ("global_mean", "song_mean", "linear_interpolation")
#: Rung -> the rung whose run stands for a model that hears nothing: the first one with the same split.
SAME_SPLIT: dict[Rung, Rung] = {
    "ladder_0_clean": "ladder_0_clean",
    "ladder_1_scaling": "ladder_0_clean",
    "ladder_2_selection": "ladder_0_clean",
    "ladder_3_time": "ladder_0_clean",
    "ladder_4_windows": "ladder_4_windows",
    "ladder_5_within_song": "ladder_5_within_song",
    "ladder_6_lagged": "ladder_5_within_song",
}


class Ladder(BaseModel):
    """The ladder on one data set."""

    model_config = ConfigDict(extra="forbid")

    stride: Annotated[int, Field(ge=1, description="every how-manieth label of a song is trained and tested on")] = 1
    targets: list[Target] = ["arousal", "valence"]
    seeds: Annotated[int, Field(ge=1, le=100)] = 5
    models: list[LadderModel] = list(get_args(LadderModel))
    rungs: list[Rung] = list(get_args(Rung))
    hearing_rungs: Annotated[
        list[Rung], Field(description="rungs of models with inputs; with PMEmo's labels alone, those with time")
    ] = list(get_args(Rung))
    trees: Annotated[int, Field(ge=1, le=2000)] = 100
    selection_trees: Annotated[int, Field(ge=1, le=2000, description="of the forest that selects descriptors")] = 100


class Training(BaseModel):
    """Training of the networks: the paper's values, and for networks of the released code that code's."""

    model_config = ConfigDict(extra="forbid")

    epochs: Annotated[int, Field(ge=1)] = 50
    patience: Annotated[int, Field(ge=1)] = 5
    batch_size: Annotated[int, Field(ge=2)] = 32
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    code_epochs: Annotated[int, Field(ge=1)] = 40
    code_batch_size: Annotated[int, Field(ge=2)] = 168

    def of(self, variant: str) -> dict[str, float]:
        """What the training of one network depends on: other networks' settings make no run of it stale."""
        of_code = variant in CODE_NETWORKS
        names = ("code_epochs", "code_batch_size") if of_code else ("epochs", "patience", "batch_size", "learning_rate")
        return {name: getattr(self, name) for name in names}


class Trained(BaseModel):
    """How often a network is trained on every fold."""

    model_config = ConfigDict(extra="forbid")

    targets: list[Target] = ["arousal"]
    inits: Annotated[int, Field(ge=1, le=100, description="initialisations per fold")] = 2


class Folds(BaseModel):
    """Clean against leaking folds on one data set."""

    model_config = ConfigDict(extra="forbid")

    stride: Annotated[int, Field(ge=1, description="every how-manieth label of a song is trained and tested on")] = 1
    targets: list[Target] = ["arousal", "valence"]
    models: list[FoldModel] = list(get_args(FoldModel))
    networks: dict[FoldNetwork, Trained] = {}
    lengths: Annotated[
        list[Annotated[int, Field(ge=1, le=STEPS)]], Field(description="frames of a window that `lagged` sees")
    ] = []
    network_stride: Annotated[int | None, Field(ge=1, description="the same for networks; as `stride` if None")] = None
    trees: Annotated[int, Field(ge=1, le=2000)] = 100
    selection_trees: Annotated[int, Field(ge=1, le=2000, description="of the forest that selects descriptors")] = 100
    training: Training = Training()


class Parameters(BaseModel):
    """What a profile may set. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    data: list[Kind] = ["real"]
    datasets: list[Dataset] = ["deam", "pmemo", "vgmidi"]
    targets: list[Target] = ["arousal", "valence"]
    protocols: list[Protocol] = ["song_grouped", "frame_random", "within_song_random"]
    variants: list[Variant] = list(get_args(Variant))
    ladders: dict[Dataset, Ladder] = {name: Ladder() for name in get_args(Dataset)}
    folds: dict[Dataset, Folds] = {name: Folds() for name in get_args(Dataset)}
    lag_orders: bool = True
    seeds: Annotated[int, Field(ge=1, le=100)] = 5
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2000
    trees: Annotated[int, Field(ge=1, le=2000)] = 100


def plan(parameters: Parameters) -> list[Run]:
    """The grid of runs, those that share data next to each other."""
    return [
        run
        for data in parameters.data
        for dataset in parameters.datasets
        for part in (_fold_runs, _frame_runs, _ladder_runs, _lag_runs)
        for run in part(parameters, dataset, data)
    ]


def _fold_runs(parameters: Parameters, dataset: Dataset, data: Kind) -> list[Run]:
    """Both sides of the comparison for every model, fold and, for the network, initialisation."""
    chosen = parameters.folds.get(dataset)
    if chosen is None:
        return []
    thinned = get_args(ThinnedModel) if chosen.networks and chosen.network_stride else ()
    cells: list[tuple[str, Target, dict, int]] = [
        (model, target, {"trees": chosen.trees} if model.startswith("extra_trees") else {}, 0)
        for model in (*chosen.models, *thinned)
        for target in chosen.targets
    ]
    for name, network in chosen.networks.items():
        settings = {"selection_trees": chosen.selection_trees} | chosen.training.of(name)
        cells += [(name, target, settings, network.inits) for target in network.targets]
    return [
        Run(KEY, dataset, data, side, model, target, 0, {"stride": _stride(chosen, model)} | settings, factors | more)
        for model, target, settings, inits in cells
        for factors in _repeats(inits)
        for more in ([{"length": length} for length in chosen.lengths] if model == "lagged" else [{}])
        for side in SIDES
    ]


def _stride(chosen: Folds, model: str) -> int:
    """Of networks, and of models to compare them with, their own where one is given."""
    return chosen.stride if model in get_args(FoldModel) else chosen.network_stride or chosen.stride


def _repeats(inits: int) -> list[dict[str, int]]:
    """The factors of every fold, and of every initialisation where there are some."""
    folds = [{"fold": fold} for fold in range(FOLDS)]
    return [fold | {"init": init} for fold in folds for init in range(inits)] if inits else folds


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
    """Every rung with every model."""
    ladder = parameters.ladders.get(dataset)
    if ladder is None:
        return []
    # (rung, variant, target, seed)
    cells = [
        (rung, variant, target, seed)
        for rung in ladder.rungs
        for variant in ladder.models
        for target in ladder.targets
        for seed in range(_seeds(ladder, dataset, rung, variant))
    ]
    runs = []
    # Seeds outermost: a sweep that is stopped has finished whole seeds, and can be shown with fewer of them.
    for rung, variant, target, seed in sorted(cells, key=lambda cell: (cell[3], cell[0], cell[2])):
        chosen = {"resamples": parameters.resamples, "stride": ladder.stride}
        if variant not in HEARING_NOTHING:
            chosen |= {"trees": ladder.trees, "selection_trees": ladder.selection_trees}
        runs.append(Run(KEY, dataset, data, rung, variant, target, seed, chosen))
    return runs


def _seeds(ladder: Ladder, dataset: Dataset, rung: Rung, variant: LadderModel) -> int:
    """How many seeds a model gets on a rung."""
    if variant in HEARING_NOTHING:
        return ladder.seeds if SAME_SPLIT[rung] == rung else 0
    if variant == "window_lengths" and (dataset != WITH_AUDIO or rung not in ENDS):
        return 0
    return ladder.seeds if rung in ladder.hearing_rungs else 0


def _lag_runs(parameters: Parameters, dataset: Dataset, data: Kind) -> list[Run]:
    """Lag orders 1 to 29 on PMEmo, the data set of the paper's ablation, with labels alone."""
    if dataset != "pmemo" or not parameters.lag_orders:
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
    if run.protocol in SIDES:
        return "folds"
    if run.variant == "lag_orders":
        return "lags"
    return "ladder" if run.protocol.startswith("ladder_") else "frames"


def batch_key(run: Run) -> tuple[str, ...]:
    """Runs on one copy of a data set share its loaded tables; networks are apart, to spread over workers."""
    return run.dataset, run.data, _part(run), _function(run)


def _function(run: Run) -> str:
    """The function of that module: networks on folds have one of their own, on which no simple model depends."""
    return "execute_network" if run.protocol in SIDES and run.variant in get_args(FoldNetwork) else "execute"


def sources(run: Run) -> tuple[str, ...]:
    """What a run's result depends on: the function that executes it, and what that uses."""
    return (f"mer_repro.papers.{KEY}.{_part(run)}:{_function(run)}",)


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one variant and score its test items.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    """
    import importlib

    module = importlib.import_module(f"mer_repro.papers.{KEY}.{_part(run)}")
    return getattr(module, _function(run))(run, device=device)
