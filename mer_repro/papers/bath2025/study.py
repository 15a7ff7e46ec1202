"""bath2025's three experiments, two of which the dissertation left undone, and its table of times.

=============  ========================================================================================  =============
experiment     what it is                                                                                module
=============  ========================================================================================  =============
``labels``     table 4.2 and the 'doughnut' from MERGE's labels alone; label planes of other data sets    `labels`
``doughnut``   the middle taken out of data sets that have one, with controls                             `doughnut`
``networks``   the five models of section 3.3, at a stated clip length                                    `networks`
``heard``      the same on those of MERGE's own songs whose sound is at hand                              `heard`
``congruence``  do audio and lyrics agree, and does that predict the error                                `congruence`
``timing``     table 3.1                                                                                  `timing`
=============  ========================================================================================  =============

The experiment of a run follows from its protocol; see `EXPERIMENT_OF`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.runs.records import Outcome, Run

KEY = "bath2025"
Kind = Literal["real", "twin"]
NetworkSet = Literal["vgmidi", "tcc_ceds", "deam", "emotify", "musifeast17", "merge"]
DoughnutSet = Literal["deam", "vgmidi", "tcc_ceds", "musifeast17"]
Experiment = Literal["labels", "doughnut", "networks", "heard", "congruence", "timing"]
TARGETS = ("valence", "arousal")

OFFICIAL = "official_70_15_15"
EXPERIMENT_OF = {
    "labels": "labels",
    "labels_" + OFFICIAL: "labels",
    "whole": "doughnut",
    "ring": "doughnut",
    "same_size": "doughnut",
    "same_spread": "doughnut",
    "grouped_folds": "networks",
    OFFICIAL: "networks",
    "official_parts": "heard",
    "artist_folds": "heard",
    "as_published": "congruence",
    "half_swapped": "congruence",
    "timing": "timing",
}
BASELINES = (
    "mean",
    "median",
    "quadrant_centre",
    "quadrant_median",
    "nearest_label",
    "predicted_quadrant",
    "random",
)
LISTENERS = ("hard_classifier", "near_middle_classifier", "noisy_plane_classifier", "soft_classifier", "regressor")
SIMPLE = ("ridge", "boosting", "network", "predicted_quadrant")
#: Probability-weighted quadrants, the rivals that decide whether regression is classification in disguise.
WEIGHED = ("weighed_logistic", "weighed_boosting")
FOLDS = 5
MODELS = tuple(f"model_{number}" for number in range(1, 6))
#: What the networks' data sets have: whether the lyric tower has something to read, whether there is audio, and whether
#: the labels are valence and arousal.
TWO_TOWERS = ("merge", "vgmidi", "tcc_ceds")
WITH_AUDIO = ("merge", "vgmidi", "emotify", "musifeast17")
WITH_QUADRANTS = ("merge", "vgmidi", "tcc_ceds", "deam", "musifeast17")


class Networks(BaseModel):
    """Sizes of the networks' trainings; the method does not depend on them."""

    model_config = ConfigDict(extra="forbid")

    datasets: list[NetworkSet] = ["vgmidi", "tcc_ceds", "deam", "emotify", "musifeast17"]
    frames: Annotated[int, Field(ge=16, le=1292, description="of a clip; the paper has 1292, 30 s")] = 1292
    songs: dict[NetworkSet, Annotated[int, Field(ge=1)]] = Field({}, description="at most; all where not named")
    tokens: Annotated[int, Field(ge=3, le=512)] = 256
    epochs: Annotated[int, Field(ge=1, description="on spectrograms")] = 50
    described_epochs: Annotated[int, Field(ge=1, description="on descriptors of songs")] = 50
    patience: Annotated[int, Field(ge=1)] = 10
    batch_size: Annotated[int, Field(ge=2)] = 16
    learning_rate: Annotated[float, Field(gt=0)] = 3e-4
    seeds: dict[NetworkSet, Annotated[int, Field(ge=1, le=100)]] = Field(
        {}, description="of all models on a data set; five test every song once, and are run where none is named"
    )


class Heard(BaseModel):
    """Sizes of the trainings on MERGE's own songs."""

    model_config = ConfigDict(extra="forbid")

    frames: Annotated[int, Field(ge=16, le=1292, description="of a clip that a network hears")] = 1292
    longer: Annotated[
        dict[str, Annotated[int, Field(ge=16, le=1292)]],
        Field(description="networks that are trained on more frames, too, and on how many"),
    ] = {}
    tokens: Annotated[int, Field(ge=3, le=512, description="of a title")] = 24
    fold_models: Annotated[bool, Field(description="whether the networks are trained on folds of artists, too")] = True
    seeds: Annotated[int, Field(ge=1, le=100, description="initialisations on the official parts")] = 1
    epochs: Annotated[int, Field(ge=1)] = 50
    patience: Annotated[int, Field(ge=1)] = 10
    batch_size: Annotated[int, Field(ge=2)] = 16
    learning_rate: Annotated[float, Field(gt=0)] = 3e-4


class Parameters(BaseModel):
    """What a profile may set. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    data: list[Kind] = ["real"]
    experiments: list[Experiment] = list(get_args(Experiment))
    label_sets: list[Literal["merge", "deam", "vgmidi", "tcc_ceds"]] = ["merge", "deam", "vgmidi", "tcc_ceds"]
    doughnut_sets: list[DoughnutSet] = list(get_args(DoughnutSet))
    seeds: Annotated[int, Field(ge=1, le=100)] = 5
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2000
    random_draws: Annotated[int, Field(ge=100, le=1_000_000)] = 20_000
    hearings: Annotated[int, Field(ge=10, le=10_000)] = 200
    congruence_epochs: Annotated[int, Field(ge=1)] = 25
    timed_clips: Annotated[int, Field(ge=2)] = 20
    networks: Networks = Networks()
    heard: Heard = Heard()


def plan(parameters: Parameters) -> list[Run]:
    """The grid of runs, those that share data next to each other."""
    planners = {
        "labels": _plan_labels,
        "doughnut": _plan_doughnut,
        "networks": _plan_networks,
        "heard": _plan_heard,
        "congruence": _plan_congruence,
        "timing": _plan_timing,
    }
    return [
        run
        for data in parameters.data
        for experiment in parameters.experiments
        for run in planners[experiment](parameters, data)
    ]


def _plan_labels(p: Parameters, data: Kind) -> list[Run]:
    runs = [Run(KEY, dataset, data, "labels", "plane") for dataset in p.label_sets]
    for target in TARGETS:
        for variant in BASELINES:
            given = {"draws": p.random_draws} if variant == "random" else {"resamples": p.resamples}
            runs.append(Run(KEY, "merge", data, "labels_" + OFFICIAL, variant, target, 0, given))
        for variant in LISTENERS:
            given = {"hearings": p.hearings}
            runs.append(Run(KEY, "merge", data, "labels_" + OFFICIAL, variant, target, 0, given))
    return runs


def _plan_doughnut(p: Parameters, data: Kind) -> list[Run]:
    """Real data alone: what a hole does to generated labels is what their generator makes of it."""
    given = {"resamples": p.resamples}
    return [
        Run(KEY, dataset, data, selection, variant, target, seed, given)
        for dataset in p.doughnut_sets
        if data == "real"
        for selection in ("whole", "ring", "same_size", "same_spread")
        for variant in (*SIMPLE, *WEIGHED)
        if variant in SIMPLE or selection in ("whole", "ring")
        for target in TARGETS
        for seed in range(p.seeds)
    ]


def _plan_networks(p: Parameters, data: Kind) -> list[Run]:
    """All models under one seed before the next seed: a sweep that is cut short has compared them.

    Of twins MERGE's alone is planned: it has both modalities, so every path is taken.
    """
    sizes = p.networks
    shared = {
        "resamples": p.resamples,
        "tokens": sizes.tokens,
        "patience": sizes.patience,
        "batch_size": sizes.batch_size,
        "learning_rate": sizes.learning_rate,
    }
    heard = {"frames": sizes.frames, "epochs": sizes.epochs}
    described = {"frames": 0, "epochs": sizes.described_epochs}
    runs = []
    for dataset in sizes.datasets:
        if data == "twin" and dataset != "merge":
            continue
        given = shared | (heard if dataset in WITH_AUDIO else described) | {"songs": sizes.songs.get(dataset, 0)}
        protocol = OFFICIAL if dataset == "merge" else "grouped_folds"
        runs += [
            Run(KEY, dataset, data, protocol, variant, "", seed, given)
            for seed in range(sizes.seeds.get(dataset, FOLDS))
            for variant in network_variants(dataset)
        ]
    return runs


def network_variants(dataset: str) -> tuple[str, ...]:
    """What is trained on a data set: without lyrics Model 5 is Model 3, without quadrants nobody can name one."""
    named = ("quadrant_centre", "predicted_quadrant") if dataset in WITH_QUADRANTS else ()
    models = (*MODELS, "model_2_audio", "model_2_lyrics") if dataset in TWO_TOWERS else MODELS[:4]
    return ("mean", "ridge", *named, *models)


def _plan_heard(p: Parameters, data: Kind) -> list[Run]:
    """Real songs alone: a twin's sound and labels have nothing to do with MERGE's."""
    if data == "twin":
        return []
    from mer_repro.papers.bath2025 import heard

    sizes = p.heard
    shared = {"resamples": p.resamples}
    given = shared | sizes.model_dump(include={"frames", "epochs", "patience", "batch_size", "learning_rate"})

    def parameters(name: str) -> dict:
        if name in heard.TITLED:
            return given | {"tokens": sizes.tokens}
        return given if name.startswith("model_") else shared

    runs = [
        Run(KEY, heard.DATASET, data, protocol, name, "", seed, parameters(name))
        for protocol, seeds in ((heard.FOLDS, FOLDS), (heard.OFFICIAL, sizes.seeds))
        for seed in range(seeds)
        for name in heard.VARIANTS
        if (sizes.fold_models if protocol == heard.FOLDS else seed == 0)
        or name.startswith("model_") == (protocol == heard.OFFICIAL)
    ]
    return runs + [
        Run(
            KEY, heard.DATASET, data, heard.OFFICIAL, name, "", 0, parameters(name) | {"frames": frames},
            {"frames": frames},
        )
        for name, frames in sizes.longer.items()
    ]  # fmt: skip


def _plan_congruence(p: Parameters, data: Kind) -> list[Run]:
    given = {"resamples": p.resamples, "epochs": p.congruence_epochs}
    return [
        Run(KEY, "tcc_ceds", data, protocol, negatives, "", seed, given)
        for protocol in ("as_published", "half_swapped")
        for negatives in ("easy", "hard")
        for seed in range(p.seeds)
    ]


def _plan_timing(p: Parameters, data: Kind) -> list[Run]:
    """Real clips alone: a generated tone would take as long."""
    if data == "twin":
        return []
    given = {"clips": p.timed_clips}
    runs = [Run(KEY, "emotify", data, "timing", variant, "", 0, given) for variant in ("librosa", "numpy", "torch")]
    cnn = given | {"frames": p.networks.frames}
    return [*runs, Run(KEY, "emotify", data, "timing", "cnn", "", 0, cnn)]


def batch_key(run: Run) -> tuple[str, str, str]:
    """Runs of one experiment on one copy of a data set share its loaded tables."""
    return EXPERIMENT_OF[run.protocol], run.dataset, run.data


def sources(run: Run) -> tuple[str, ...]:
    """What a run's result depends on: its experiment alone, so that work on one leaves the others' records current."""
    module = f"mer_repro.papers.{KEY}.{EXPERIMENT_OF[run.protocol]}"
    if EXPERIMENT_OF[run.protocol] == "doughnut":
        return f"{module}:evaluate", f"{module}:{run.variant}"
    return (f"{module}:execute",)


def execute(run: Run, *, device: str) -> Outcome:
    """One run of the experiment that its protocol names.

    Raises
    ------
    DataError, DataMissing
        As the loader of the data set.
    """
    experiment = EXPERIMENT_OF[run.protocol]
    if experiment == "labels":
        from mer_repro.papers.bath2025 import labels

        return labels.execute(run)
    if experiment == "doughnut":
        from mer_repro.papers.bath2025 import doughnut

        return doughnut.execute(run)
    if experiment == "networks":
        from mer_repro.papers.bath2025 import networks

        return networks.execute(run, device)
    if experiment == "heard":
        from mer_repro.papers.bath2025 import heard

        return heard.execute(run, device)
    if experiment == "congruence":
        from mer_repro.papers.bath2025 import congruence

        return congruence.execute(run, device)
    from mer_repro.papers.bath2025 import timing

    return timing.execute(run, device)
