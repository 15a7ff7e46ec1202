"""abadeh2024's experiments: what does a recurrent network know of the next genre that the last one does not say?

Every record answers all items of a data set: users (or, under ``sessions_mixed``, items) are dealt into folds, each
fold is answered by a model that was trained on the others, and scores are over all items.

target   ``genres_6``, ``genres_4``, ``genres_3``: the classes (`genres.SETTINGS`)
variant  `simple.SIMPLE`; `networks.RECIPES`, of which `networks.FACTORIAL` is the full factorial of cell, attention and
         stress; ``best``, who knows how planted histories were made; ``tsne``, maps of one network's last layer

The factor ``users`` marks the curve of score against size: as many listeners of HetRec, or as many planted histories;
no other cell has it.

Whoever answers over six or four classes is also scored on the three-class items, choosing among the three.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.runs.records import Outcome, Run
from mer_repro.runs.study import locate_or_make
from mer_repro.training import TrainingConfig

if TYPE_CHECKING:
    import numpy as np

KEY = "abadeh2024"
Kind = Literal["real", "twin"]
Dataset = Literal["situnes", "hetrec2011_lastfm", "nowplaying_rs", "hetrec2011_lastfm+lastfm1k", "planted"]
Setting = Literal["genres_6", "genres_4", "genres_3"]
Seq2Seq = Literal["seq2seq_lstm", "seq2seq_gru", "seq2seq_lstm_attention"]
PROTOCOLS = ("users_apart", "sessions_mixed")

SIMPLE = ("majority", "user_majority", "last_genre", "markov_global", "markov_user", "logistic", "boosting")
SIMPLE_STRESS = ("logistic_stress", "logistic_stress_before", "logistic_stress_leak")
SIMPLE_GROUP = ("logistic_group", "logistic_group_shuffled")
PLAIN_FACTORIAL = ("lstm", "gru", "lstm_attention", "gru_attention")
STRESS_FACTORIAL = tuple(f"{name}_stress" for name in PLAIN_FACTORIAL)
TRAINING_VARIANTS = (
    "lstm_oversampled", "lstm_undersampled", "lstm_patience_5", "lstm_last", "lstm_patience_5_last", "lstm_fastformer",
)  # fmt: skip
TIMED = ("lstm_stress_before", "lstm_stress_leak")
GROUPED = ("lstm_no_group", "lstm_group_shuffled")
#: Planted histories answer what stress and group add, not the factorial.
PLANTED = ("lstm", "lstm_stress", *TIMED, *GROUPED)
#: What is run at every number of users.
SIZED = ("majority", "last_genre", "logistic", "boosting", "lstm")
#: Data sets with stress after each step; those with stress also before it.
WITH_STRESS, WITH_TIMING = ("situnes", "nowplaying_rs"), ("situnes", "planted")
TSNE_ITEMS, NEIGHBOURS = 600, 15


class Parameters(BaseModel):
    """What a profile may set. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    data: list[Kind] = ["real"]
    datasets: list[Dataset] = list(get_args(Dataset))
    settings: list[Setting] = list(get_args(Setting))
    most_users: Annotated[int, Field(ge=10)] = 1000
    folds: Annotated[int, Field(ge=2, le=10)] = 3
    seeds: Annotated[int, Field(ge=1, le=100, description="of simple models")] = 5
    network_seeds: dict[Dataset, Annotated[int, Field(ge=0, le=100, description="of the factorial")]] = {}
    network_settings: dict[Dataset, list[Setting]] = {}  # of the factorial; all of `settings` where not given
    variant_seeds: dict[Dataset, Annotated[int, Field(ge=0, le=100, description="of all other networks")]] = {}
    sizes: dict[
        Literal["hetrec2011_lastfm", "planted"],
        Annotated[list[Annotated[int, Field(ge=10)]], Field(description="numbers of users of the curve of sizes")],
    ] = {}
    size_seeds: Annotated[int, Field(ge=1, le=100, description="of the curve of sizes")] = 1
    seq2seq: list[Seq2Seq] = list(get_args(Seq2Seq))
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2000
    training: TrainingConfig = TrainingConfig(patience=10)


def plan(parameters: Parameters) -> list[Run]:
    """The grid of runs, the factorial of each seed before its other networks: a sweep may be stopped at any time."""
    places = [
        (dataset, "twin" if dataset == "planted" else data)
        for data in parameters.data
        for dataset in parameters.datasets
        if dataset != "planted" or data == parameters.data[0]
    ]
    most = max([parameters.seeds, *parameters.network_seeds.values(), *parameters.variant_seeds.values()])
    runs = [run for seed in range(most) for dataset, data in places for run in _runs(parameters, dataset, data, seed)]
    return sorted(runs, key=lambda run: (run.seed, _is_other(run))) + _sized(parameters)


def _given(parameters: Parameters) -> tuple[dict, dict]:
    """What a run's result depends on, of models that need no training and of networks."""
    common = {name: getattr(parameters, name) for name in ("most_users", "folds", "resamples")}
    return common, common | {"training": parameters.training.model_dump()}


def _sized(parameters: Parameters) -> list[Run]:
    """The curve of score against size; second partitions and initialisations last."""
    common, trained = _given(parameters)
    places = {"planted": "twin", "hetrec2011_lastfm": parameters.data[0]}
    return [
        Run(
            KEY, dataset, places[dataset], "users_apart", variant, "genres_6", seed,
            trained if variant == "lstm" else common, {"users": users},
        )
        for seed in range(parameters.size_seeds)
        for dataset, sizes in parameters.sizes.items()
        for users in sizes
        for variant in SIZED
    ]  # fmt: skip


def _is_other(run: Run) -> bool:
    """Whether a run is of a network outside the factorial with users apart."""
    return run.protocol == "sessions_mixed" or run.variant not in (*SIMPLE, *PLAIN_FACTORIAL, *STRESS_FACTORIAL)


def _runs(parameters: Parameters, dataset: str, data: str, seed: int) -> list[Run]:
    """The runs of one data set and seed."""
    common, trained = _given(parameters)

    def run(variant: str, setting: str, protocol: str = "users_apart") -> Run:
        cheap = variant == "best" or variant in (*SIMPLE, *SIMPLE_STRESS, *SIMPLE_GROUP)
        return Run(KEY, dataset, data, protocol, variant, setting, seed, common if cheap else trained)

    simple = seed < parameters.seeds
    factorial = seed < parameters.network_seeds.get(dataset, 1) and dataset != "planted"
    others = seed < parameters.variant_seeds.get(dataset, 1)
    networks = PLAIN_FACTORIAL + (STRESS_FACTORIAL if dataset in WITH_STRESS else ())
    runs = []
    for setting in parameters.settings:
        runs += [run(variant, setting) for variant in SIMPLE if simple]
        if factorial and setting in parameters.network_settings.get(dataset, parameters.settings):
            runs += [run(variant, setting) for variant in networks]
    first = parameters.settings[0]
    if dataset in WITH_TIMING:
        runs += [run(variant, first) for variant in SIMPLE_STRESS if simple]
    if dataset == "planted":
        runs += [run(variant, first) for variant in SIMPLE_GROUP if simple]
        runs += [run("best", setting) for setting in parameters.settings if seed == 0]
        return runs + [run(variant, first) for variant in PLANTED if others]
    runs += [run(variant, first, "sessions_mixed") for variant in SIMPLE if simple]
    if others:
        timed = TIMED if dataset in WITH_TIMING else ()
        runs += [run(variant, first) for variant in (*TRAINING_VARIANTS, *timed, *parameters.seq2seq)]
        runs.append(run("lstm", first, "sessions_mixed"))
        runs += [run("tsne", first)] * (seed == 0)
    return runs


def batch_key(run: Run) -> tuple[str, ...]:
    """Runs on one data set and seed share its loaded histories; networks outside the factorial come later."""
    return run.dataset, run.data, str(run.seed), str(_is_other(run)), str(run.factors.get("users"))


def locate(name: str, source: str):
    """As the registry's, and the planted histories."""
    return locate_or_make(name, source, made=("planted",))


def sources(run: Run) -> tuple[str, ...]:
    """What a run's result depends on: this module, and what it looks up by a computed name."""
    return (__name__,)


def execute(run: Run, *, device: str) -> Outcome:
    """Answer all items fold by fold with one variant, and score the answers.

    Raises
    ------
    DataError, DataMissing
        If a data file is not what its documentation promises, or not here.
    MerReproError
        If a copy has too few users to hold some out.
    """
    users = run.factors.get("users")
    histories = _load(run.dataset, run.data, users or run.parameters["most_users"], users)
    if run.variant == "tsne":
        return _tsne(run, histories, device)
    probabilities, curves, notes = answer(run, histories, device)
    return _scored(run, histories, probabilities, curves, notes)


@lru_cache(maxsize=1)
def _load(dataset: str, data: str, most_users: int, planted_users: int | None):
    from mer_repro.papers.abadeh2024 import histories

    return histories.load(dataset, data, most_users, planted_users)


def parts(histories, protocol: str, folds: int, seed: int) -> list:
    """The folds of the items: each is tested once; a fifth of the rest, users or items, is for validation.

    Returns
    -------
    `folds` of `simple.Part`, positions among the items.

    Raises
    ------
    AssertionError
        If a user stands on both sides although users are to be kept apart.
    """
    import numpy as np

    from mer_repro.papers.abadeh2024.simple import Part

    user = histories.user[histories.items]
    unit = user if protocol == "users_apart" else np.arange(len(user))
    order = np.random.default_rng([seed, PROTOCOLS.index(protocol)]).permutation(np.unique(unit))
    found = []
    for test in np.array_split(order, folds):
        rest = order[~np.isin(order, test)]
        validation, train = np.split(rest, [round(0.2 * len(rest))])
        part = Part(*(np.flatnonzero(np.isin(unit, units)) for units in (train, validation, test)))
        if protocol == "users_apart":
            learnt = np.concatenate([user[part.train], user[part.validation]])
            assert not np.intersect1d(learnt, user[part.test]).size, "a user is trained on and tested"
        found.append(part)
    return found


def answer(run: Run, histories, device: str) -> tuple[np.ndarray, dict, dict]:
    """Probabilities (items, classes) of a variant, each item answered by a model that did not learn from its fold;
    with the first fold's curves and the notes of all."""
    import numpy as np

    from mer_repro.papers.abadeh2024 import genres, networks, simple

    if run.variant == "best":
        return genres.reduce_probabilities(histories.chance[histories.items], run.target), {}, {}
    probabilities = np.zeros((len(histories.items), genres.n_classes(run.target)))
    answers = []
    for part in parts(histories, run.protocol, run.parameters["folds"], run.seed):
        if run.variant in simple.SIMPLE:
            probabilities[part.test] = simple.SIMPLE[run.variant](histories, part, run.target, run.seed)[part.test]
        else:
            config = TrainingConfig(**run.parameters["training"])
            answers.append(networks.train(run.variant, histories, part, run.target, config, run.seed, device))
            probabilities[part.test] = answers[-1].probabilities
    notes = {name: [one.notes[name] for one in answers] for name in (answers[0].notes if answers else ())}
    return probabilities, (answers[0].curves if answers else {}), notes


def _scored(run: Run, histories, probabilities: np.ndarray, curves: dict, notes: dict) -> Outcome:
    import numpy as np

    from mer_repro import metrics
    from mer_repro.papers.abadeh2024 import genres, skill

    genre, user = histories.genre[histories.items], histories.user[histories.items]
    scores, intervals = {}, {}
    kept = {"item": histories.items, "group": user}
    for setting in genres.SETTINGS:
        n = genres.n_classes(setting)
        if n > probabilities.shape[1]:
            continue
        reduced = genres.reduce_probabilities(probabilities, setting)
        true, called = genres.classes_of(genre, setting), reduced.argmax(axis=1)
        asked = true != genres.LEFT_OUT
        counts = skill.confusion_by_user(true[asked], called[asked], user[asked], n)
        found, ends = skill.with_intervals(counts, resamples=run.parameters["resamples"], seed=run.seed)
        prefix, suffix = ("", "") if setting == run.target else (f"{setting}_", f"_{setting}")
        kept |= {f"y_true{suffix}": true, f"y_pred{suffix}": called}
        scores |= {prefix + name: value for name, value in found.items()}
        intervals |= {prefix + name: value for name, value in ends.items()}
        if setting == run.target:
            curve = skill.reliability(reduced[asked], true[asked])
            scores["macro_f1"] = metrics.macro_f1(true[asked], called[asked], n)
            scores["calibration_error"] = skill.calibration_error(curve)
            picked = reduced[asked][np.arange(asked.sum()), true[asked]]
            scores["log_loss"] = float(-np.log(np.maximum(picked, 1e-12)).mean())
            curves = curves | {f"reliability_{name}": values for name, values in curve.items()}
            notes = notes | {"confusion": counts.sum(axis=0).tolist()}
            kept |= {f"p_{k}": column for k, column in enumerate(reduced.T)}
            own = histories.items[asked]
    notes |= histories.notes | {"classes": list(genres.class_names(run.target))}
    return Outcome(scores, intervals, _counts(histories, own), kept, curves, notes)


def _counts(histories, asked: np.ndarray) -> dict[str, int]:
    import numpy as np

    return {
        "n_steps": len(histories.genre),
        "n_items": len(asked),
        "n_users": len(np.unique(histories.user)),
        "n_histories": len(np.unique(histories.history)),
    }


def _tsne(run: Run, histories, device: str) -> Outcome:
    """t-SNE of an LSTM's last layer on test items, beside one of the raw last genre; and how far an item's neighbours
    share its next and its last genre, in the layer itself."""
    import numpy as np
    from sklearn.manifold import TSNE
    from sklearn.neighbors import NearestNeighbors

    from mer_repro.papers.abadeh2024 import genres, networks

    part = parts(histories, run.protocol, run.parameters["folds"], run.seed)[0]
    config = TrainingConfig(**run.parameters["training"])
    trained = networks.train("lstm", histories, part, run.target, config, run.seed, device)
    shown = np.random.default_rng(run.seed).permutation(len(part.test))[:TSNE_ITEMS]
    items = histories.items[part.test[shown]]
    following, last = histories.genre[items], histories.genre[items - 1]
    # Equal points would fall on each other: a little noise shows how many there are.
    raw = np.eye(len(genres.GENRES))[last] + 0.05 * np.random.default_rng(run.seed).standard_normal((len(items), 6))
    curves, scores = {"next_genre": following.tolist(), "last_genre": last.tolist()}, {}
    for name, values in (("layer", trained.features[shown]), ("raw", raw)):
        points = TSNE(random_state=run.seed, init="pca", perplexity=30).fit_transform(values.astype(np.float32))
        curves |= {f"{name}_{axis}": np.round(points[:, k], 2).astype(float).tolist() for k, axis in enumerate("xy")}
        near = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(values).kneighbors(values)[1][:, 1:]
        scores[f"{name}_shares_next"] = float((following[near] == following[:, None]).mean())
        scores[f"{name}_shares_last"] = float((last[near] == last[:, None]).mean())
    for name, one in (("next", following), ("last", last)):
        scores[f"chance_shares_{name}"] = float(((np.bincount(one) / len(one)) ** 2).sum())
    return Outcome(scores, counts=_counts(histories, items), curves=curves, notes=trained.notes | histories.notes)
