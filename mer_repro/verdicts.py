"""Verdicts as declared rules, apart from their results, in one vocabulary and under one policy.

===============  ====================================================================================================
``supported``    our runs show what the claim says
``unsupported``  our runs show otherwise, or that the evidence as printed cannot bear the claim, because under a reading
                 that the paper leaves open it arises without what the claim credits
``undecided``    our runs bear on the claim and cannot tell; how small a difference they would have seen is stated
``not run``      the runs that would bear on it have not been made, or left no evidence to compare them by
``untestable``   deciding it needs something that nobody outside can have; the reason says what
===============  ====================================================================================================

`unsupported` speaks of the evidence, not of the authors, and not of whether the claim is false.

The policy
----------
A rule names its evidence (scores and differences, each found in the records), a criterion that says of each piece
whether it speaks for the claim, against it or cannot tell, and what the evidence is made on:

- ``own``: the paper's own data, or a claim that does not depend on data. All pieces for: supported; any against and
  none for: unsupported.
- ``stand-in``: other data than the paper's. The same, but "unsupported" needs pieces against from at least two data
  sets; the criterion says "against" only where an effect as large as the one stated is excluded.
- ``synthetic``: generated data with a known effect. As stand-in; what generated data show is said to be of them.

Supporting a claim takes one data set, since it accuses nobody; what generated data alone support is called so wherever
it is counted. Pieces that speak for and against: undecided. A rule that was changed when its results were known says
what was changed, and in whose favour. Networks are compared once they are trained: where more than a tenth of the
trainings behind a rule were still improving when they ended, it is undecided; where fewer were, it says how many. What
a paper does not claim is not judged, and what it disclaims is not held against it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import quote

from mer_repro.results import DASH, Results, Score
from mer_repro.tables import Claims, Link, Runs, Table, Text

if TYPE_CHECKING:
    from mer_repro.runs.records import Record

Judgement = Literal["supported", "unsupported", "undecided", "not run", "untestable"]
JUDGEMENTS: tuple[str, ...] = get_args(Judgement)
Basis = Literal["own", "stand-in", "synthetic"]
#: Least number of data sets other than the paper's that must agree before a claim is called unsupported.
AGREEING = {"own": 1, "stand-in": 2, "synthetic": 2}
#: The largest share of the trainings behind a rule that may have been improving still when they ended.
MOST_UNTRAINED = 0.1
#: A sign for each, so that colour is never the only difference.
SIGNS = {"supported": "✓", "unsupported": "✗", "undecided": "?", "not run": "·", "untestable": "–"}

Leaning = Literal["for", "against", "cannot tell"]


@dataclass(frozen=True)
class Criterion:
    """When a piece of evidence speaks for a claim, and when against it.

    Attributes
    ----------
    says : the criterion in words, for the page of rules.
    leans : of a score, "for", "against" or "cannot tell".
    """

    says: str
    leans: Callable[[Score], Leaning] = field(repr=False)


def above(threshold: float = 0.0, excludes: float | None = None, unit: str = "") -> Criterion:
    """For where the interval lies above `threshold`; against where it lies below `excludes` (default: the threshold).

    Parameters
    ----------
    excludes : the stated effect: an interval below it has no room for an effect of that size.
    unit : after the numbers, in words.
    """
    limit = threshold if excludes is None else excludes
    says = f"for: the 95 % interval lies above {threshold:g}{unit}; against: it lies below {limit:g}{unit}"

    def leans(score: Score) -> Leaning:
        if math.isnan(score.low):
            return "cannot tell"
        return "for" if score.low > threshold else "against" if score.high < limit else "cannot tell"

    return Criterion(says, leans)


def below(threshold: float = 0.0, excludes: float | None = None, unit: str = "") -> Criterion:
    """For where the interval lies below `threshold`; against where it lies above `excludes` (default: `threshold`)."""
    limit = threshold if excludes is None else excludes
    says = f"for: the 95 % interval lies below {threshold:g}{unit}; against: it lies above {limit:g}{unit}"

    def leans(score: Score) -> Leaning:
        if math.isnan(score.low):
            return "cannot tell"
        return "for" if score.high < threshold else "against" if score.low > limit else "cannot tell"

    return Criterion(says, leans)


def within(margin: float, unit: str = "") -> Criterion:
    """For where the interval lies within plus and minus `margin` (equivalence); against where it lies outside."""
    says = f"for: the 95 % interval lies within ±{margin:g}{unit} (equivalence); against: it lies outside"

    def leans(score: Score) -> Leaning:
        if math.isnan(score.low):
            return "cannot tell"
        if -margin < score.low and score.high < margin:
            return "for"
        return "against" if score.low > margin or score.high < -margin else "cannot tell"

    return Criterion(says, leans)


@dataclass(frozen=True)
class Verdict:
    """One claim, judged.

    Attributes
    ----------
    claim : the claim in one sentence, our words.
    about : ids of the ledger's claims and statements that it rests on.
    judgement : see the module's table.
    because : one or two sentences with the numbers that decide; its numbers know their sources.
    records : ids of the run records behind it.
    criterion : the rule in words; of a constant verdict, that it is one.
    detectable : the smallest effect that the evidence would have shown four times in five, in the unit of the evidence;
        nan where it is not a matter of size.
    headline : whether it is the one that the chapter's card repeats.
    on : what the evidence is made on; None of a constant verdict.
    """

    claim: str
    about: tuple[str, ...]
    judgement: Judgement
    because: Text | str
    records: tuple[str, ...] = ()
    criterion: str = ""
    detectable: float = math.nan
    headline: bool = False
    on: Basis | None = None

    @property
    def says(self) -> str:
        """The verdict with its sign; of what only generated data show, that it is of them."""
        generated = self.on == "synthetic" and self.judgement in ("supported", "unsupported")
        return f"{SIGNS[self.judgement]} {self.judgement}{' on generated data' if generated else ''}"

    def as_dict(self, paper: str) -> dict[str, Any]:
        """JSON types only."""
        return {
            "paper": paper,
            "claim": self.claim,
            "verdict": self.judgement,
            "on": self.on,
            "because": str(self.because),
            "criterion": self.criterion,
            "about": [f"{paper}.{name}" for name in self.about],
            "records": list(self.records),
            "detectable": None if math.isnan(self.detectable) else self.detectable,
        }


@dataclass(frozen=True)
class Rule:
    """How a claim is judged, declared apart from its results.

    Attributes
    ----------
    claim, about, headline : see `Verdict`.
    evidence : name -> how the piece is found in the paper's results; what is None has not been run.
    criterion : how each piece is read.
    on : what the evidence is made on; see the module's policy.
    because : a template with the names of the evidence and of `shown`, e.g. ``"R² falls by {clean:.2}"``.
    shown : further numbers of the sentence: name -> how each is found; they decide nothing.
    trained : of the results, the runs of networks that the evidence compares, which must have levelled off.
    revised : what of the rule was changed when its results were known, and in whose favour; empty where nothing was.
    """

    claim: str
    about: tuple[str, ...]
    evidence: Mapping[str, Callable[[Results], Score | None]]
    criterion: Criterion
    on: Basis
    because: str
    shown: Mapping[str, Callable[[Results], Any]] = field(default_factory=dict)
    trained: Callable[[Results], Results] | None = None
    headline: bool = False
    revised: str = ""

    def judge(self, results: Results) -> Verdict:
        """The verdict on a paper's results."""
        found = {name: find(results) for name, find in self.evidence.items()}
        known = {name: score for name, score in found.items() if score is not None}
        records = tuple(dict.fromkeys(name for score in known.values() for name in score.records))
        criterion = f"{self.criterion.says}; on {ON[self.on]}"

        def verdict(judgement: Judgement, because: Text, detectable: float = math.nan) -> Verdict:
            return Verdict(
                self.claim, self.about, judgement, because, records, criterion, detectable, self.headline, self.on
            )

        if not known:
            return verdict("not run", Text.of(NOTHING_TO_COMPARE))
        cells = found | {name: find(results) for name, find in self.shown.items()}
        because = Text.of(self.because, **cells)
        short, trainings = _undertrained(self.trained(results) if self.trained else None)
        if short:
            said = f"{short} of {trainings} trainings were still improving when training ended."
            because = Text.join([because, said], " ")
        if short > MOST_UNTRAINED * trainings:
            return verdict("undecided", because)
        leanings = {name: self.criterion.leans(score) for name, score in known.items()}
        judgement = _judged(leanings, known, self.on, complete=len(known) == len(found))
        sizes = [score.detectable for score in known.values() if not math.isnan(score.detectable)]
        return verdict(judgement, because, max(sizes, default=math.nan) if judgement == "undecided" else math.nan)


NOTHING_TO_COMPARE = (
    "Nothing to compare yet: the runs that this rule asks for have not been made, or were recorded before evidence was"
    " kept."
)
ON: dict[str, str] = {
    "own": "the paper's own data, or a claim that does not depend on data",
    "stand-in": "other data than the paper's: unsupported needs two data sets that agree",
    "synthetic": "generated data with a known effect: unsupported needs two data sets that agree",
}


def levelled_off(run: Record) -> bool:
    """Whether a run's training went on until it was level: as its notes say, else by its curves; true without any."""
    from mer_repro import training

    judged = training.levelled_off(run.curves) if "train_loss" in run.curves else True
    said = run.notes.get("levelled_off", judged)
    return all(said) if isinstance(said, list) else said  # of several folds in one run, each says so for itself


def _undertrained(runs: Results | None) -> tuple[int, int]:
    """How many runs had not levelled off, of how many."""
    return sum(not levelled_off(run) for run in runs or ()), len(runs or ())


def _judged(leanings: Mapping[str, Leaning], known: Mapping[str, Score], on: Basis, complete: bool) -> Judgement:
    against = [name for name, leaning in leanings.items() if leaning == "against"]
    speaks_for = [name for name, leaning in leanings.items() if leaning == "for"]
    if speaks_for and len(speaks_for) == len(leanings) and complete:
        return "supported"
    datasets = {dataset for name in against for dataset in known[name].datasets}
    if against and not speaks_for and len(datasets) >= AGREEING[on]:
        return "unsupported"
    return "undecided"


@dataclass(frozen=True)
class Fixed:
    """A verdict that no run of ours can change, and why: always untestable, or undecided for a reason that is given.

    Attributes
    ----------
    verdict : "untestable"; or "undecided" where runs exist that bear on the claim and cannot decide it by their nature.
    why : a template as of `Rule.because`, with `shown` for its numbers. revised : as of `Rule`.
    """

    verdict: Judgement
    claim: str
    about: tuple[str, ...]
    why: str
    shown: Mapping[str, Callable[[Results], Any]] = field(default_factory=dict)
    headline: bool = False
    revised: str = ""

    def judge(self, results: Results) -> Verdict:
        """The verdict, with the numbers of its reason."""
        cells = {name: find(results) for name, find in self.shown.items()}
        records = tuple(dict.fromkeys(name for cell in cells.values() for name in getattr(cell, "records", ())))
        criterion = "constant: no run of ours can change it"
        why = Text.of(self.why, **cells)
        return Verdict(self.claim, self.about, self.verdict, why, records, criterion, headline=self.headline)


def judge(rules: Sequence[Rule | Fixed], results: Results) -> list[Verdict]:
    """Every verdict of a paper, in the order of its rules."""
    return [rule.judge(results) for rule in rules]


def of_paper(key: str) -> list[Rule | Fixed]:
    """The rules of a paper, from its room."""
    import importlib

    return importlib.import_module(f"mer_repro.papers.{key}.verdicts").RULES


def tally(verdicts: Sequence[Verdict]) -> str:
    """``5 ✓ supported · 2 ✗ unsupported · ...``, what does not occur left out."""
    said = sorted(verdicts, key=lambda verdict: (JUDGEMENTS.index(verdict.judgement), verdict.says))
    return " · ".join(f"{n} {says}" for says, n in Counter(verdict.says for verdict in said).items())


def headline(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that the card repeats. Raises `ValueError` unless exactly one is marked."""
    marked = [verdict for verdict in verdicts if verdict.headline]
    if len(marked) != 1:
        raise ValueError(f"{len(marked)} verdicts are marked as the headline; mark one.")
    return marked[0]


def table(key: str, verdicts: Sequence[Verdict], style: str = ".2") -> Table:
    """The verdicts for readers: claim, verdict, because, smallest detectable effect, and how many entries of
    the ledger and records each rests on, which they lead to."""
    rows = [
        {
            "claim": verdict.claim,
            "verdict": verdict.says,
            "because": verdict.because,
            "detectable": (Score(verdict.detectable), style),
            "ledger": Link(str(len(verdict.about)), _ledger_lines(key, verdict.about)),
            "runs": Runs(verdict.records),
        }
        for verdict in verdicts
    ]
    caption = "Verdicts of the reruns. Detectable: the smallest effect that would have shown four times in five"
    return Table(rows, caption, kind="mer-verdicts mer-stack")


def _ledger_lines(key: str, ids: Sequence[str]) -> str:
    """Where a chapter finds these entries of its ledger, and no others."""
    names = [f"{key}.{name}" for name in ids]
    return f"../ledgers.html?show={quote(','.join(names), safe=',')}#{names[0]}"


def rules_table(key: str, rules: Sequence[Rule | Fixed]) -> Table:
    """The rules of a paper, without their results: what is asked of which evidence."""
    rows = [
        {
            "claim": rule.claim,
            "rule": f"{rule.criterion.says}; on {ON[rule.on]}" if isinstance(rule, Rule) else "constant",
            "evidence": ", ".join(rule.evidence).replace("_", " ") if isinstance(rule, Rule) else DASH,
            "changed when its results were known": rule.revised or DASH,
            "ledger": Claims(key, rule.about),
        }
        for rule in rules
    ]
    return Table(rows, f"Rules of {key}")


def declared(keys: Sequence[str]) -> dict[str, str]:
    """How many claims of some papers are judged by a rule, how many by a constant, and how many of both were changed
    when results were known, for the prose."""
    rules = [rule for key in keys for rule in of_paper(key)]
    fixed = sum(isinstance(rule, Fixed) for rule in rules)
    revised = sum(bool(rule.revised) for rule in rules)
    return {"by_rule": str(len(rules) - fixed), "by_constant": str(fixed), "revised": str(revised)}
