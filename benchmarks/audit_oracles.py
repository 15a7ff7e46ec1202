"""The audit's checks beside tools that ask the same question, on random cases, half of them with an error.

mlscorecheck (binary scores, folds, micro averages, regression), statcheck (p) and scrutipy (GRIM, GRIMMER, DEBIT)
judge the same printed numbers as the checks of this package; every disagreement is counted and, where one of the known
differences explains it, named.  A tool that is not installed is passed over.

    python benchmarks/audit_oracles.py --cases 10000
"""

from __future__ import annotations

import argparse
import collections
import importlib.util
import logging
import math
from collections.abc import Callable

import numpy as np

from mer_repro.audit.checks import CHECKS
from mer_repro.audit.numbers import number
from mer_repro.audit.validation import Printer

#: ours: consistent or not; theirs: consistent or not; why they may differ on this case, or ''
Case = tuple[bool, bool, str]
FAMILIES: dict[str, tuple[str, float, Callable[[np.random.Generator], Case]]] = {}
THEIR_NAME = {
    "accuracy": "acc", "recall": "sens", "specificity": "spec", "precision": "ppv", "npv": "npv", "f1": "f1",
    "balanced_accuracy": "bacc", "mcc": "mcc", "kappa": "kappa", "g_mean": "gm", "jaccard": "ji",
    "informedness": "bm", "markedness": "mk", "fowlkes_mallows": "fm",
}  # fmt: skip


def family(tool: str, share: float) -> Callable:
    """Register a family of cases for a tool; `share` of all cases are of it."""

    def register(function: Callable) -> Callable:
        FAMILIES[function.__name__] = (tool, share, function)
        return function

    return register


def _verdict(check: str, options: dict | None = None, **roles) -> bool:
    return CHECKS[check](**roles, **(options or {})).verdict != "inconsistent"


def _number(quantity: str, printed: str):
    return number(f"p.{quantity}", printed, "1", quantity=quantity)


def _moved(rng: np.random.Generator, values: dict[str, float], size: float = 0.05) -> dict[str, float]:
    """The values, in half of all cases with one of them moved."""
    if rng.integers(2):
        name = list(values)[int(rng.integers(len(values)))]
        values = values | {name: values[name] + float(rng.uniform(-size, size))}
    return values


@family("mlscorecheck", 0.31)
def binary(rng: np.random.Generator) -> Case:
    """Three to five binary scores of one test set."""
    from mlscorecheck.check.binary import check_1_testset_no_kfold

    from mer_repro.audit.checks.confusion import BINARY

    p, n = (int(v) for v in rng.integers(10, 60, 2))
    tp, tn = int(rng.integers(2, p)), int(rng.integers(2, n))
    chosen = [str(q) for q in rng.choice(list(THEIR_NAME), int(rng.integers(3, 6)), replace=False)]
    values = _moved(rng, {q: float(BINARY[q](tp, n - tn, p - tp, tn)) for q in chosen})
    printed = {q: Printer(3, True)(v) for q, v in values.items()}
    scores = {THEIR_NAME[q]: float(v) for q, v in printed.items()}
    theirs = check_1_testset_no_kfold(testset={"p": p, "n": n}, scores=scores, eps=0.0005)
    counts = {"positives": _number("count", str(p)), "negatives": _number("count", str(n))}
    ours = _verdict("binary_scores", {"runs": "one"}, scores=[_number(q, v) for q, v in printed.items()], **counts)
    possible = not theirs["inconsistency"]
    return ours, possible, "" if ours == possible else _every_pair(p, n, printed)


def _every_pair(p: int, n: int, printed: dict[str, str]) -> str:
    """What trying every pair of hits says of printed scores, with the tolerance of 1e-6 that mlscorecheck allows."""
    from mer_repro.audit.checks.confusion import BINARY

    tp, tn = (grid.ravel() for grid in np.meshgrid(np.arange(p + 1), np.arange(n + 1)))
    fits, undefined = np.ones(tp.shape, dtype=bool), np.zeros(tp.shape, dtype=bool)
    for name, text in printed.items():
        value = BINARY[name](tp, n - tn, p - tp, tn)
        undefined |= np.isnan(value)
        fits &= np.isnan(value) | (abs(value - float(text)) <= 0.0005 + 1e-6)
    if not fits.any():
        return "no pair of hits gives the scores, all were tried"
    return "an undefined score" if undefined[fits].all() else "a tie within their tolerance of 1e-6"


@family("mlscorecheck", 0.01)
def folds(rng: np.random.Generator) -> Case:
    """Means of accuracy, recall and specificity over stratified folds."""
    from mlscorecheck.check.binary import check_1_dataset_known_folds_mos

    k = int(rng.choice([2, 3, 5]))
    p, n = (int(v) for v in rng.integers(2 * k, 40, 2))
    sizes = [[total // k + (fold < total % k) for fold in range(k)] for total in (p, n)]
    hits = [[int(rng.integers(1, size + 1)) for size in side] for side in sizes]
    share = [np.mean([h / s for h, s in zip(h_, s_, strict=True)]) for h_, s_ in zip(hits, sizes, strict=True)]
    values = _moved(rng, {"recall": share[0], "specificity": share[1], "balanced_accuracy": sum(share) / 2}, 0.03)
    printed = {q: Printer(4, True)(v) for q, v in values.items()}
    theirs = check_1_dataset_known_folds_mos(
        dataset={"p": p, "n": n},
        folding={"n_folds": k, "n_repeats": 1, "strategy": "stratified_sklearn"},
        scores={THEIR_NAME[q]: float(v) for q, v in printed.items()},
        eps=0.00005,
        timeout=5,
        verbosity=0,
    )
    roles = {role: _number("count", str(v)) for role, v in (("positives", p), ("negatives", n), ("folds", k))}
    ours = _verdict("scores_over_folds", scores=[_number(q, v) for q, v in printed.items()], **roles)
    return ours, not theirs["inconsistency"], "one way of dealing items over folds is tried there, every way here"


@family("mlscorecheck", 0.1)
def micro(rng: np.random.Generator) -> Case:
    """Micro recall, specificity and one-against-the-rest accuracy of several classes."""
    from mlscorecheck.check.multiclass import check_1_testset_no_kfold_micro

    sizes = [int(v) for v in rng.integers(5, 60, int(rng.integers(3, 6)))]
    kinds, items = len(sizes), sum(sizes)
    errors = items - int(rng.integers(items // 3, items))
    values = {
        "recall": 1 - errors / items,
        "specificity": 1 - errors / (items * (kinds - 1)),
        "accuracy": 1 - 2 * errors / (items * kinds),
    }
    printed = {q: Printer(4, True)(v) for q, v in _moved(rng, values, 0.02).items()}
    theirs = check_1_testset_no_kfold_micro(
        testset=dict(enumerate(sizes)), scores={THEIR_NAME[q]: float(v) for q, v in printed.items()}, eps=0.00005
    )
    scores = [
        _number({"recall": "micro_recall", "specificity": "micro_specificity"}.get(q, q), v) for q, v in printed.items()
    ]
    roles = {"n": _number("count", str(items)), "classes": _number("count", str(kinds))}
    ours = _verdict("micro_scores", scores=scores, **roles)
    return ours, not theirs["inconsistency"], "accuracy over items is a second plain reading here"


@family("mlscorecheck", 0.18)
def regression(rng: np.random.Generator) -> Case:
    """MAE and R2 against a known variance."""
    from mlscorecheck.check.regression import check_1_testset_no_kfold

    target = rng.normal(0, 1, 100)
    error = rng.normal(0, float(rng.uniform(0.2, 0.8)), 100)
    mae, r2 = float(np.abs(error).mean()), 1 - float((error**2).mean() / target.var())
    if rng.integers(2):
        mae *= float(rng.uniform(1, 1.6))
    printed = {"mae": Printer(4, True)(mae), "r2": Printer(4, True)(r2)}
    variance = Printer(8, True)(float(target.var()))
    scores = {name: float(v) for name, v in printed.items()}
    theirs = check_1_testset_no_kfold(var=float(variance), n_samples=100, scores=scores, eps=0.00005)
    columns = {name: [_number(name, v)] for name, v in printed.items()}
    options = {"definition": "determination"}
    ours = _verdict("mae_within_variance", options, variance=_number("variance", variance), **columns)
    return ours, not theirs["inconsistency"], "a tie within their tolerance of 1e-6"


@family("statcheck", 0.2)
def p_values(rng: np.random.Generator) -> Case:
    """p from t, F, chi-squared, z or r."""
    from statcheck.compute_p import compute_p
    from statcheck.error_test import error_test

    kind = str(rng.choice(["t", "F", "Chi2", "Z", "r"]))
    df1, df2 = int(rng.integers(1, 9)), int(rng.integers(5, 120))
    value = float(rng.uniform(0.05, 0.6 if kind == "r" else 4)) * (df1 if kind == "Chi2" else 1)
    text = Printer(2, True)(value)
    p = float(compute_p(kind, float(text), df1, df2, True))
    p = min(1.0, p * float(rng.uniform(0.3, 3))) if rng.integers(2) else p
    shown = Printer(3, True)(p)
    error = error_test(shown, kind, float(text), df1, df2, "=", "=", 3, 2, True, 0.05, False)
    names = {"t": "t_statistic", "F": "f_statistic", "Chi2": "chi2_statistic", "Z": "z_statistic", "r": "correlation"}
    degrees = {"t": [df2], "F": [df1, df2], "Chi2": [df1], "Z": [], "r": [df2]}[kind]
    roles = dict(zip(("df", "df2"), (_number("degrees_of_freedom", str(d)) for d in degrees), strict=False))
    statistic = _number(names[kind], text)
    ours = _verdict("p_from_statistic", {"sides": "two"}, p=_number("p_value", shown), statistic=statistic, **roles)
    return ours, not error, ""


@family("scrutipy", 0.1)
def grim(rng: np.random.Generator) -> Case:
    """A mean of whole answers."""
    import scrutipy

    people, text = int(rng.integers(5, 99)), Printer(2, True)(float(rng.uniform(1, 7)))
    theirs = scrutipy.grim_scalar(text, people)
    roles = {"values": [_number("mean", text)], "n": _number("count", str(people))}
    return _verdict("granularity", {"runs": "one"}, **roles), bool(theirs), "a tie, which rounds either way here"


def _deviations(check: str, people: int, roles: dict, theirs: bool) -> Case:
    """A case of GRIMMER or DEBIT: scrutipy takes sample deviations, the check population deviations as well."""
    finding = CHECKS[check](n=_number("count", str(people)), **roles)
    as_population = any(r.name == "population deviation" and r.holds for r in finding.readings)
    as_sample = any(r.name == "sample deviation" and r.holds for r in finding.readings)
    why = "possible as a population deviation alone" if as_population and not as_sample else ""
    return finding.verdict != "inconsistent", theirs, why


@family("scrutipy", 0.06)
def grimmer(rng: np.random.Generator) -> Case:
    """Mean and sample deviation of whole answers."""
    import scrutipy

    answers = rng.integers(1, 8, int(rng.integers(5, 60)))
    mean, deviation = float(answers.mean()), float(np.std(answers, ddof=1))
    deviation += float(rng.uniform(-0.1, 0.1)) if rng.integers(2) else 0
    texts = Printer(2, True)(mean), Printer(2, True)(max(deviation, 0))
    theirs = scrutipy.grimmer([texts[0]], [texts[1]], [len(answers)])[0]
    roles = {"mean": _number("mean", texts[0]), "deviation": _number("standard_deviation", texts[1])}
    return _deviations("grimmer", len(answers), roles, bool(theirs))


@family("scrutipy", 0.04)
def debit(rng: np.random.Generator) -> Case:
    """Mean and sample deviation of answers of 0 or 1."""
    import scrutipy

    people = int(rng.integers(10, 99))
    mean = int(rng.integers(1, people)) / people
    deviation = math.sqrt(mean * (1 - mean) * people / (people - 1))
    deviation += float(rng.uniform(-0.1, 0.1)) if rng.integers(2) else 0
    texts = Printer(2, True)(mean), Printer(2, True)(max(deviation, 0))
    theirs = scrutipy.debit([texts[0]], [texts[1]], [people])[0]
    roles = {"mean": _number("mean", texts[0]), "deviation": _number("standard_deviation", texts[1])}
    return _deviations("debit", people, roles, bool(theirs))


def compare(name: str, cases: int, seed: int = 2026) -> tuple[int, collections.Counter]:
    """Run `cases` of one family; how many agree, and the disagreements: (ours, theirs, why) -> number."""
    rng = np.random.default_rng(seed)
    apart: collections.Counter = collections.Counter()
    for _ in range(cases):
        ours, theirs, why = FAMILIES[name][2](rng)
        if ours != theirs:
            apart[ours, theirs, why] += 1
    return cases - sum(apart.values()), apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000, help="over all families")
    parser.add_argument("--only", choices=list(FAMILIES), help="one family")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # mlscorecheck tells every step
    for name, (tool, share, _) in FAMILIES.items():
        if arguments.only not in (None, name):
            continue
        if importlib.util.find_spec(tool) is None:
            print(f"{name}: {tool} is not installed")
            continue
        cases = round(arguments.cases * share)
        agree, apart = compare(name, cases)
        print(f"{name} ({tool}): {agree:,} of {cases:,} agree", flush=True)
        for (ours, theirs, why), count in apart.most_common():
            said = {True: "possible", False: "impossible"}
            print(f"    {count}: {said[ours]} here, {said[theirs]} there: {why}")


if __name__ == "__main__":
    main()
