"""bai2026's experiments: what its comparison can show, what its network can find, what music says of health.

- ``power``: the comparison on 578 test users, simulated from right and wrong answers alone (`power`);
- ``studies``: whole studies simulated, each with its own users, training and test, at a reduced size;
- ``trained``: generated listeners at the paper's size and length, in folds that test each once, networks trained until
  they are level; and fewer of them, and shorter and longer histories;
- ``paper_widths``: networks as wide as the paper's, on one split of table 1's shares;
- ``survey``: MXMH, self-rated depression and anxiety from genre habits (`survey`);
- ``tags``: HetRec as it is, and two outcomes that it does hold (`histories`), in such folds;
- ``profiles``: Last.fm-1K's profiles, and their fields as outcomes for those whose listens are at hand.

Variants: `simple.SIMPLE`; the networks of `networks.TCN_LM` and `networks.RIVALS`; ``late_fusion``; ``study``, all of
one simulated study; ``description``, a data set in counts. Factors of networks in folds: ``rate``, their learning rate;
``init``, another initialisation of the same fold; ``keep``, the weights of the last epoch; ``users`` and ``length``,
how many listeners and songs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from mer_repro.papers.bai2026 import planted, survey
from mer_repro.runs.records import Outcome, Run
from mer_repro.runs.study import locate_or_make
from mer_repro.training import TrainingConfig

KEY = "bai2026"
Kind = Literal["real", "twin"]
Experiment = Literal["power", "survey", "tags", "profiles", "studies", "paper_widths", "trained"]
Condition = Literal["none", "order", "tags", "both", "gated"]
#: What folds are dealt for: a planted condition, or an outcome of HetRec.
Folded = Literal["none", "order", "tags", "both", "gated", "play_concentration", "sad_tags"]
SPLIT, STUDY, FOLDS, PAPER_WIDTHS = "users_70_15_15", "one_study", "user_folds", "users_70_15_15_paper_widths"
#: Folds of the listeners, each tested once; an eighth of the others validates.
N_FOLDS = 5

SIMPLE = ("majority", "logistic_statistics", "logistic_tags", "logistic_both", "bag_of_songs")
TABLE_2 = ("lstm_audio", "bert_text", "early_fusion", "late_fusion", "tcn_lm")
TABLE_3 = ("no_tcn", "no_lm", "no_attention")
#: What a simulated study trains, by what is planted: both tables, or what is compared there.
STUDIED: dict[str, tuple[str, ...]] = {
    "none": ("tcn_lm", "no_tcn_one_layer", "no_attention"),
    "order": ("tcn_lm", "no_tcn", "no_tcn_one_layer"),
    "tags": ("tcn_lm", "no_attention"),
    "gated": ("tcn_lm", "no_attention"),
    "both": (*TABLE_2, *TABLE_3, "no_tcn_one_layer"),
}
TAGS_TARGETS = ("play_concentration", "sad_tags")
PROFILE_TARGETS = ("gender", "older")
#: What is trained on fewer listeners, and on shorter and longer histories, with the signal in both.
SIZED = ("majority", "told", "logistic_tags", "tcn_lm", "no_tcn_one_layer", "no_attention")
PROFILE_VARIANTS = ("majority", "logistic_statistics", "bag_of_songs", "logistic_tags", "no_lm")
POWER_VARIANTS = ("type_one_error", "power", "table_2", "table_3")
LEADS = tuple(round(0.01 * points, 2) for points in range(11))


class Size(BaseModel):
    """How large listeners and networks are; the defaults are the paper's, and ours where it says nothing."""

    model_config = ConfigDict(extra="forbid")

    users: Annotated[int, Field(ge=40)] = planted.TABLE_1["users"]
    length: Annotated[int, Field(ge=4)] = planted.TABLE_1["length"]
    catalogue: Annotated[int, Field(ge=12, description="songs there are; not stated")] = 600
    hidden: Annotated[int, Field(ge=2)] = 128
    attention: Annotated[int, Field(ge=2)] = 256
    blocks: Annotated[int, Field(ge=1)] = 4
    lstm_layers: Annotated[int, Field(ge=1)] = 8
    training: TrainingConfig = TrainingConfig(weight_decay=2e-4, schedule="cosine")


class Parameters(BaseModel):
    """What a profile may set. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    data: list[Kind] = ["real"]
    profile_data: list[Kind] = Field(["twin"], description="copies of Last.fm-1K that hold the listens of many users")
    experiments: list[Experiment] = list(get_args(Experiment))
    simulations: Annotated[int, Field(ge=100, le=10_000_000, description="studies a point")] = 50_000
    correlations: list[Annotated[float, Field(ge=0, lt=1)]] = [0.0, 0.5, 0.8, 0.95]
    seeds: Annotated[int, Field(ge=1, le=100, description="partitions of the survey, splits of descriptions")] = 5
    permutations: Annotated[int, Field(ge=0, le=10_000)] = 200
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 1000
    effect: Annotated[float, Field(ge=0)] = 1.0
    trained: Size = Size()
    trained_networks: dict[Folded, list[str]] = Field({}, description="and simple rivals, by condition or outcome")
    trained_folds: dict[Folded, dict[float, Annotated[int, Field(ge=1, le=N_FOLDS)]]] = Field(
        {}, description="by condition or outcome: learning rate -> how many of the five folds"
    )
    again: dict[Condition, list[str]] = Field({}, description="networks that get a second initialisation a fold")
    last: dict[Condition, list[str]] = Field({}, description="networks that also keep what the last epoch leaves")
    sizes: dict[Literal["users", "length"], list[Annotated[int, Field(ge=4)]]] = Field(
        {}, description="other numbers of listeners and of songs, for `SIZED`"
    )
    sized_folds: Annotated[int, Field(ge=1, le=N_FOLDS)] = 2
    paper: Size = Size()
    paper_cells: list[tuple[Condition, str]] = []
    tags: Size = Size()
    profiles: Size = Size()
    study: Size = Size()
    study_training_users: Annotated[int, Field(ge=10)] = 2696
    study_test_users: Annotated[int, Field(ge=10, description="the rest validates")] = 578
    studies: Annotated[int, Field(ge=1, le=1000, description="simulated studies a point")] = 20
    study_points: list[tuple[Condition, Annotated[float, Field(ge=0)]]] = []


def plan(parameters: Parameters) -> list[Run]:
    """The grid of runs; experiments in the order asked for, seeds outermost, runs of one split side by side."""
    parts = {
        "power": _power_runs,
        "survey": _survey_runs,
        "tags": _tags_runs,
        "profiles": _profile_runs,
        "studies": _study_runs,
        "paper_widths": _paper_runs,
        "trained": _trained_runs,
    }
    return [run for experiment in parameters.experiments for run in parts[experiment](parameters)]


def _power_runs(parameters: Parameters) -> list[Run]:
    stated = {"simulations": parameters.simulations} | stated_accuracies()
    return [
        Run(KEY, "simulated", "twin", "answers", variant, f"correlation_{round(100 * correlation):02d}", 0,
            stated | {"correlation": correlation})
        for correlation in parameters.correlations
        for variant in POWER_VARIANTS
    ]  # fmt: skip


def stated_accuracies() -> dict[str, Any]:
    """Accuracies of tables 2 and 3, test users and the stated lead, from the ledger."""
    from mer_repro.audit import ledger

    values = {claim.id: claim.value.replace(",", "") for claim in ledger.load(KEY).claims}
    printed = {name: float(value) for name, value in values.items() if value.replace(".", "", 1).isdigit()}
    rivals = ("late_fusion", "early_fusion", "bert_text", "lstm_audio")
    return {
        "users": int(printed["t1.users_test"]),
        "lead": printed["sec421.accuracy_gain"] / 100,
        "table_2": [printed[f"t2.{name}.accuracy"] for name in ("tcn_lm", *rivals)],
        "table_3": [printed[f"t3.{name}.accuracy"] for name in ("full", "no_attention", "no_tcn", "no_lm")],
    }


def _survey_runs(parameters: Parameters) -> list[Run]:
    return [
        Run(KEY, "mxmh", data, "cross_validated", variant, target, seed, _permuting(parameters, variant, seed))
        for data in parameters.data
        for seed in range(parameters.seeds)
        for target in survey.OTHER
        for variant in survey.VARIANTS
    ]


def _permuting(parameters: Parameters, variant: str, seed: int) -> dict[str, int]:
    """Permutations cost hundreds of fits: of the first partition only, and of the regressions."""
    wanted = parameters.permutations if seed == 0 and variant != "boosting" else 0
    return {"resamples": parameters.resamples, "permutations": wanted}


def _chosen(parameters: Parameters, size: Size, target: str, effect: float | None = None) -> dict[str, Any]:
    planted_effect = 0.0 if target == "none" else parameters.effect if effect is None else effect
    return size.model_dump(mode="json") | {"effect": planted_effect, "resamples": parameters.resamples}


def _tags_runs(parameters: Parameters) -> list[Run]:
    name, seeds = "hetrec2011_lastfm", range(parameters.seeds)
    runs = [Run(KEY, name, data, SPLIT, "description", "", seed, {}) for data in parameters.data for seed in seeds]
    # Generated users tag with genres alone, so neither outcome is in the twin.
    return runs + (_fold_runs(parameters, TAGS_TARGETS) if "real" in parameters.data else [])


def _profile_runs(parameters: Parameters) -> list[Run]:
    return [Run(KEY, "lastfm1k", data, SPLIT, "description", "", 0, {}) for data in parameters.data] + [
        Run(KEY, "lastfm1k", data, SPLIT, variant, target, 0, _chosen(parameters, parameters.profiles, target))
        for data in parameters.profile_data
        for target in PROFILE_TARGETS
        for variant in PROFILE_VARIANTS
    ]


def _study_runs(parameters: Parameters) -> list[Run]:
    """One run a study. Studies outermost: a sweep that is stopped has as many of every point."""
    runs = []
    for number in range(parameters.studies):
        for condition, effect in parameters.study_points:
            chosen = _chosen(parameters, parameters.study, condition, effect)
            chosen |= {"trained": list(STUDIED[condition]), "training_users": parameters.study_training_users}
            chosen |= {"test_users": parameters.study_test_users}
            target = f"{condition}_{round(100 * chosen['effect']):03d}"
            runs.append(Run(KEY, "planted", "twin", STUDY, "study", target, number, chosen))
    return runs


def _paper_runs(parameters: Parameters) -> list[Run]:
    """Chosen cells with the networks as wide as the paper's."""
    return [
        Run(KEY, "planted", "twin", PAPER_WIDTHS, variant, condition, 0,
            _chosen(parameters, parameters.paper, condition))
        for condition, variant in parameters.paper_cells
    ]  # fmt: skip


def _trained_runs(parameters: Parameters) -> list[Run]:
    return _fold_runs(parameters, planted.CONDITIONS) + _sized_runs(parameters)


def _fold_runs(parameters: Parameters, targets: tuple[str, ...]) -> list[Run]:
    """Folds outermost: a sweep that is stopped has the same folds of every network; second initialisations last."""
    cells = [
        (fold, target, rate)
        for fold in range(N_FOLDS)
        for target, folds in parameters.trained_folds.items()
        for rate in folds
        if target in targets and fold < folds[rate]
    ]
    runs = []
    for fold, target, rate in cells:
        first = rate == next(iter(parameters.trained_folds[target]))
        for variant in parameters.trained_networks[target]:
            if variant not in (*SIMPLE, "told"):
                runs.append(_in_fold(parameters, variant, target, fold, rate))
            elif first:
                runs.append(_in_fold(parameters, variant, target, fold))
    return runs + [
        _in_fold(parameters, variant, target, fold, rate, changed)
        for asked, changed in ((parameters.last, {"keep": "last"}), (parameters.again, {"init": 1}))
        for fold, target, rate in cells
        for variant in asked.get(target, [])
        if rate == next(iter(parameters.trained_folds[target]))
    ]


def _sized_runs(parameters: Parameters) -> list[Run]:
    rate = next(iter(parameters.trained_folds.get("both", {})), None)
    return [
        _in_fold(parameters, variant, "both", fold, None if variant in (*SIMPLE, "told") else rate, {name: size})
        for name, sizes in parameters.sizes.items()
        for size in sizes
        for fold in range(parameters.sized_folds)
        for variant in SIZED
    ]


def _in_fold(
    parameters: Parameters, variant: str, target: str, fold: int, rate: float | None = None, changed: dict | None = None
) -> Run:
    """One run on one fold; simple rivals have no learning rate. What is `changed` is a parameter and a factor."""
    real, changed = target in TAGS_TARGETS, changed or {}
    given = _chosen(parameters, parameters.tags if real else parameters.trained, target)
    factors = ({} if rate is None else {"rate": rate}) | {"fold": fold} | changed
    if rate is not None:
        given |= {"training": given["training"] | {"learning_rate": rate}}
    given |= {name: value for name, value in factors.items() if name != "rate"}
    where = ("hetrec2011_lastfm", "real") if real else ("planted", "twin")
    return Run(KEY, *where, FOLDS, variant, target, 0, given, factors)


def batch_key(run: Run) -> tuple[str, ...]:
    """Runs on one split share its trained networks; studies are apart, to spread over workers."""
    return run.dataset, run.data, run.protocol, run.target, str(run.factors), str(run.seed)


def locate(name: str, source: str):
    """As the registry's, and what is generated."""
    return locate_or_make(name, source, made=("planted", "simulated"))


def sources(run: Run) -> tuple[str, ...]:
    """What a run's result depends on: the function that executes it."""
    part = {"simulated": "_simulated", "mxmh": "_surveyed"}.get(run.dataset)
    part = part or {"study": "_studied", "description": "_described"}.get(run.variant, "_scored")
    return (f"{__name__}:{part}",)


def execute(run: Run, *, device: str) -> Outcome:
    """Simulate, describe, fit or train, as the run's variant says.

    Raises
    ------
    DataMissing
        If the copy of Last.fm-1K holds the listens of too few users.
    DataError
        If a data file is not what its documentation promises.
    """
    if run.dataset == "simulated":
        return _simulated(run)
    if run.dataset == "mxmh":
        return _surveyed(run)
    if run.variant == "description":
        return _described(run)
    if run.variant == "study":
        return _studied(run, device)
    return _scored(run, device)


# Simulated answers -------------------------------------------------------------------------------------------------


def _simulated(run: Run) -> Outcome:
    from mer_repro.papers.bai2026 import power

    given = run.parameters
    correlation, users, studies = given["correlation"], given["users"], given["simulations"]
    if run.variant in ("type_one_error", "power"):
        rivals = max(given["table_2"][1:])
        leads = LEADS[:1] if run.variant == "type_one_error" else LEADS
        curves: dict[str, list[float]] = {"lead": list(leads)}
        for place, lead in enumerate(leads):
            counts = power.simulate([rivals + lead] + [rivals] * 4, correlation, users, studies, place)
            for name, share in power.readings(counts, given["lead"]).items():
                curves.setdefault(name, []).append(share)
        if run.variant == "type_one_error":
            return Outcome({name: values[0] for name, values in curves.items() if name != "lead"}, counts=_studies(run))
        found = {
            f"least_{name}": power.least_detected(leads, curves[name])
            for name in ("mcnemar", "mcnemar_best_rival", "cochran", "chi_square")
        }
        return Outcome(found, counts=_studies(run), curves=curves)
    counts = power.simulate(given[run.variant], correlation, users, studies, 0)
    return Outcome(_as_printed(counts), counts=_studies(run))


def _studies(run: Run) -> dict[str, int]:
    return {"studies": run.parameters["simulations"], "n_test": run.parameters["users"]}


def _as_printed(counts) -> dict[str, float]:
    """If the printed accuracies were the truth: what a second draw of test users would show, shares 0 to 1."""
    import numpy as np

    from mer_repro.papers.bai2026 import power

    right = power.hits(counts)
    p_values = np.stack([power.mcnemar(counts, 0, k) for k in range(1, right.shape[1])], axis=1)
    found = (p_values < power.LEVEL) & (right[:, :1] > right[:, 1:])
    shares = {f"found_{k}": float(share) for k, share in enumerate(found.mean(axis=0), 1)}
    return shares | {
        "all_found": float(found.all(axis=1).mean()),
        "first": float((right[:, :1] > right[:, 1:]).all(axis=1).mean()),
        "whole_order": float((np.diff(right, axis=1) < 0).all(axis=1).mean()),
    }


# Survey and descriptions -------------------------------------------------------------------------------------------


def _surveyed(run: Run) -> Outcome:
    import numpy as np

    from mer_repro import metrics, statistics
    from mer_repro.data import registry

    people = registry.load("mxmh", source=run.data).people
    people = people[people.age.notna()]
    score, person = people[run.target].to_numpy(float), people.person_id.to_numpy()
    columns = survey.features(people, run.variant, run.target)
    predicted = survey.cross_validated(columns, score, run.variant, run.seed)
    by_age = survey.cross_validated(survey.features(people, "age", run.target), score, "age", run.seed)
    resampling = {"resamples": run.parameters["resamples"], "seed": run.seed}
    more = statistics.paired_bootstrap(survey.auc, score, by_age, predicted, person, **resampling)
    found = {
        "auc": survey.auc(score, predicted),
        "r2": metrics.r2(score, predicted),
        "auc_over_age": more.difference,
    }
    intervals = {
        "auc": statistics.interval(survey.auc, score, predicted, person, **resampling),
        "r2": statistics.interval("r2", score, predicted, person, **resampling),
        "auc_over_age": (more.low, more.high),
    }
    if run.parameters["permutations"]:
        dealt = survey.permuted(columns, score, run.variant, run.parameters["permutations"], run.seed)
        found |= {
            "auc_permuted": float(dealt.mean()),
            "auc_permuted_95": float(np.quantile(dealt, 0.95)),
            "permutation_p": float((1 + (dealt >= found["auc"]).sum()) / (1 + len(dealt))),
        }
    counts = {"people": len(people), "high": int((score >= survey.HIGH).sum())}
    return Outcome(found, intervals, counts, {"item": person, "y_true": score, "y_pred": predicted})


def _described(run: Run) -> Outcome:
    from mer_repro.data import registry
    from mer_repro.papers.bai2026 import described

    loaded = registry.load(run.dataset, source=run.data)
    if run.dataset == "lastfm1k":
        return Outcome(described.profiles(loaded))
    return Outcome(described.tagging(loaded, run.seed))


# Fitted and trained models -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Where:
    """What a trained model depends on besides its variant; hashable, so that trained models are remembered."""

    dataset: str
    data: str
    target: str
    seed: int
    given: str
    device: str

    @property
    def parameters(self) -> dict[str, Any]:
        return json.loads(self.given)


def _where(run: Run, device: str) -> _Where:
    return _Where(run.dataset, run.data, run.target, run.seed, json.dumps(run.parameters, sort_keys=True), device)


@lru_cache(maxsize=2)
def _loaded(where: _Where):
    """The histories of a data set and their split: a fold, table 1's shares, or what a simulated study is given."""
    from mer_repro.papers.bai2026 import histories

    given = where.parameters
    condition = where.target.rpartition("_")[0] if "trained" in given else where.target
    found = histories.load(where.dataset, where.data, condition, given, where.seed)
    if "fold" in given:
        return found, histories.fold_of_users(len(found.label), where.seed, given["fold"], N_FOLDS)
    return found, histories.split_users(
        len(found.label), where.seed, given.get("training_users"), given.get("test_users")
    )


@lru_cache(maxsize=32)
def answer(where: _Where, variant: str):
    """What a variant says of the test users; trained or fitted once a split."""
    from mer_repro.papers.bai2026 import networks, simple

    found, split = _loaded(where)
    if variant in simple.SIMPLE:
        return networks.Answer(simple.SIMPLE[variant](found, split))
    if variant == "late_fusion":
        parts = [answer(where, name) for name in ("lstm_audio", "bert_text")]
        return networks.late_fusion(*parts, found.label[split.validation])
    given = where.parameters
    config = TrainingConfig(**given["training"])
    seed = where.seed + 1000 * given.get("init", 0)
    return networks.train(variant, found, split, given, config, seed, where.device)


def _scored(run: Run, device: str) -> Outcome:
    from mer_repro.papers.bai2026 import scores

    where = _where(run, device)
    found, split = _loaded(where)
    said, observed = answer(where, run.variant), found.label[split.test]
    values, intervals = scores.all_scores(
        observed, said.probabilities, resamples=run.parameters["resamples"], seed=run.seed
    )
    curves = said.curves | scores.calibration(observed, said.probabilities)
    if said.attention is not None and found.group is not None:
        of = found.group[found.songs[split.test]]
        values |= scores.attention_scores(said.attention, of, planted.SAD, planted.PARTY)
        curves |= _one_listener(said, found, split)
    predicted = said.probabilities.argmax(axis=1)
    predictions = {"item": split.test, "y_true": observed, "y_pred": predicted}
    predictions |= {f"p_{k}": column for k, column in enumerate(said.probabilities.T)}
    return Outcome(values, intervals, _counts(found, split), predictions, curves, found.notes | said.notes)


def _counts(found, split) -> dict[str, int]:
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    return {f"n_{name}": len(rows) for name, rows in parts.items()} | {"n_songs": len(found.texts) - 1}


def _one_listener(said, found, split) -> dict[str, list[float]]:
    """Figure 2's picture: weights and tag groups of the severe listener who is most surely called severe."""
    import numpy as np

    severe = found.label[split.test] == 2
    chosen = int(np.where(severe, said.probabilities[:, 2], -1).argmax())
    of = found.group[found.songs[split.test][chosen]]
    return {
        "listener_weight": said.attention[chosen][of >= 0].astype(float).tolist(),
        "listener_group": of[of >= 0].astype(float).tolist(),
    }


def _studied(run: Run, device: str) -> Outcome:
    """One simulated study: accuracies of everything trained, and what McNemar says of TCN-LM against each."""
    import numpy as np

    from mer_repro import statistics
    from mer_repro.papers.bai2026 import power

    where = _where(run, device)
    found, split = _loaded(where)
    observed = found.label[split.test]
    right = {
        variant: answer(where, variant).probabilities.argmax(axis=1) == observed
        for variant in ("majority", "told", *run.parameters["trained"])
    }
    accuracies = {variant: float(np.mean(hits)) for variant, hits in right.items()}
    tests = {
        variant: {
            "mcnemar_p": statistics.mcnemar_exact(hits, right["tcn_lm"]).p_value,
            "correlation": power.correctness_correlation(right["tcn_lm"], hits),
        }
        for variant, hits in right.items()
        if variant in run.parameters["trained"] and variant != "tcn_lm"
    }
    return Outcome(accuracies, counts=_counts(found, split), notes={"against": tests})
