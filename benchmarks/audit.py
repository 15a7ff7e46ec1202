"""The audit: the whole command beside its floor, and binary score sets a second beside mlscorecheck.

1. ``mer-repro audit --json`` over all papers, import included, in its own process, and beside it a process that only
   imports what any reader of validated YAML must (yaml, pydantic). The limit that the project sets itself is two
   seconds on one core.
2. Random binary score sets (sensitivity, specificity, precisions and accuracy with three decimals, half of them with
   one score moved): does a confusion matrix give them? Both tools judge the same sets; their verdicts are compared.

    taskset -c 0 python benchmarks/audit.py
"""

from __future__ import annotations

import argparse
import functools
import json
import logging
import statistics
import subprocess
import sys
import time

import numpy as np
from mlscorecheck.check.binary import check_1_testset_no_kfold

from mer_repro.audit.checks.classification import confusion_counts
from mer_repro.audit.numbers import number
from mer_repro.audit.validation import Printer

WHOLE = [sys.executable, "-m", "mer_repro.cli", "audit", "--json"]
FLOOR = [sys.executable, "-c", "import yaml, pydantic; pydantic.BaseModel"]


def process_seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def score_set(rng: np.random.Generator, moved: bool) -> tuple[int, int, dict[str, str]]:
    positive, negative = (int(n) for n in rng.integers(20, 2000, 2))
    hits, rejected = int(rng.integers(5, positive)), int(rng.integers(5, negative))
    scores = {
        "sens": hits / positive,
        "spec": rejected / negative,
        "ppv": hits / (hits + negative - rejected),
        "npv": rejected / (rejected + positive - hits),
        "acc": (hits + rejected) / (positive + negative),
    }
    if moved:
        name = list(scores)[int(rng.integers(5))]
        scores[name] = min(scores[name] + float(rng.uniform(0.002, 0.05)), 1.0)
    show = Printer(3, half_even=True)
    return positive, negative, {name: show(value) for name, value in scores.items()}


def ours(positive: int, negative: int, scores: dict[str, str]) -> bool:
    value = {name: number(name, text) for name, text in scores.items()}
    support = [number("support", str(size), rounding="exact") for size in (positive, negative)]
    finding = confusion_counts(
        precision=[value["ppv"], value["npv"]],
        recall=[value["sens"], value["spec"]],
        support=support,
        accuracy=value["acc"],
        runs="one",
    )
    return finding.verdict == "inconsistent"


def theirs(positive: int, negative: int, scores: dict[str, str]) -> bool:
    numbers = {name: float(text) for name, text in scores.items()}
    return check_1_testset_no_kfold(testset={"p": positive, "n": negative}, scores=numbers, eps=0.0005)["inconsistency"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="figures as JSON; what else is said goes to stderr")
    arguments = parser.parse_args()
    say = functools.partial(print, file=sys.stderr if arguments.json else sys.stdout)
    logging.getLogger("mlscorecheck").setLevel(logging.ERROR)

    pairs = [(process_seconds(WHOLE), process_seconds(FLOOR)) for _ in range(arguments.rounds)]
    whole, floor = (statistics.median(side) for side in zip(*pairs, strict=True))
    say(f"whole audit {whole:.2f} s, only its imports {floor:.2f} s, ratio {whole / floor:.1f}")

    rng = np.random.default_rng(0)
    sets = [score_set(rng, moved=bool(k % 2)) for k in range(arguments.sets)]
    ours(*sets[0])  # scipy is imported before the clock starts
    taken, verdicts = {}, {}
    for name, judge in (("ours", ours), ("mlscorecheck", theirs)):
        start = time.perf_counter()
        verdicts[name] = [judge(*one) for one in sets]
        taken[name] = time.perf_counter() - start
    same = sum(a == b for a, b in zip(*verdicts.values(), strict=True))
    rates = {name: arguments.sets / seconds for name, seconds in taken.items()}
    say(f"binary score sets a second: ours {rates['ours']:.0f}, mlscorecheck {rates['mlscorecheck']:.0f},", end=" ")
    say(f"ratio {rates['ours'] / rates['mlscorecheck']:.1f}; same verdict on {same} of {arguments.sets}")
    if arguments.json:
        print(
            json.dumps(
                {
                    "seconds": whole,
                    "imports": floor,
                    "sets_per_second": rates,
                    "same_verdicts": same,
                    "sets": arguments.sets,
                }
            )
        )


if __name__ == "__main__":
    main()
