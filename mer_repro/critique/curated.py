"""What people decided by reading: leaks, comparisons, checklists, open questions. Each names the place to look it up.

The files ``*.yaml`` beside this module hold them. A place is

- an id of the paper's ledger, ``t1.users_test``: it stands in the paper where the ledger says;
- ``fact:<id>``, a public fact of ``mer_repro/audit/facts.yaml`` with its source;
- ``repo:<path>`` or ``repo:<path>::<text>``, a file of this project, and a text in it.

Loading checks the schema and that every place exists, so a judgement cannot outlive what it rests on.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mer_repro import papers, paths
from mer_repro.audit import ledger
from mer_repro.critique.rooms import THIS_STUDY
from mer_repro.errors import LedgerError

FOLDER = Path(__file__).parent
Text = Annotated[str, Field(min_length=1)]
Places = Annotated[list[Text], Field(min_length=1)]

#: Types of leaks after Kapoor and Narayanan (2023), in our words; the last is no leak but distorts scores like one.
TAXONOMY = {
    "L1.1": "no separate test data, or choices made on it",
    "L1.2": "preprocessing fitted on test data too",
    "L1.3": "features selected on test data too",
    "L1.4": "duplicates on both sides",
    "L2": "an input that would not be there when it counts",
    "L3.1": "the future predicts the past",
    "L3.2": "test items that depend on training items",
    "L3.3": "test items that are not those of interest",
    "labels": "no leak: labels that are not what they are called",
}
#: How sure it is that a leak is there.
CERTAINTIES = {
    "stated": "stated in the text",
    "released": "in the code that we take to be the authors'",
    "possible": "possible; the text does not decide it",
    "excluded": "ruled out by the text",
}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Entry):
    """Runs by their cell.

    `paper` is the entry's own unless given, `column` the target within runs that predict several, `factors` further
    named fields of the runs, null for those that lack one.
    """

    paper: Text | None = None
    dataset: Text
    data: Literal["real", "twin"] = "real"
    protocol: Text
    variant: Text
    target: str = ""
    column: str = ""
    factors: dict[str, int | float | str | None] = {}

    def where(self) -> dict[str, str | int | float | None]:
        """What narrows a paper's results to these runs."""
        names = ("dataset", "data", "protocol", "variant", "target")
        return {name: getattr(self, name) for name in names} | self.factors


class Contrast(_Entry):
    """A metric of some runs minus that of others on the same test items; or minus another metric of the same runs."""

    says: Text
    metric: Text
    metric_against: Text | None = None
    of: Cell
    against: Cell


class Swap(_Entry):
    """R² with DEAM's columns as published minus R² with them put right, from the data survey."""

    says: Text
    model: Text
    target: Text


class Leak(_Entry):
    """One leak in one paper (or in this study): found, possible or ruled out."""

    paper: Text
    type: Literal[tuple(TAXONOMY)]
    certainty: Literal[tuple(CERTAINTIES)]
    says: Text
    places: Places
    measures: list[Contrast | Swap] = []


class Comparison(_Entry):
    """A claim that a network is better than a rival, and the runs that test it.

    `stated` are the paper's two numbers, better first; `simple` the naive and tuned simple models among which the best
    on the test data is taken.
    """

    paper: Text
    says: Text
    places: Places
    stated: tuple[Text, Text]
    metric: Text
    network: Text
    rival: Text | None = None
    simple: Places
    cells: list[Cell]


class Items(_Entry):
    """A reading of how many items were tested: the sum of ledger numbers or facts, or a share of it."""

    says: Text
    sum: Places
    share: Text | None = None
    assumed_share: float | None = Field(default=None, gt=0, le=1)


class Precision(_Entry):
    """Two stated scores on the same test items.

    `better` and `worse` are ledger ids of accuracies; for ``kind: mae`` the part of the ids before ``.mae``, ``.rmse``.
    """

    paper: Text
    says: Text
    kind: Literal["accuracy", "mae"]
    better: Text
    worse: Text
    items: list[Items]


class Use(_Entry):
    """What one paper uses a data set for, and whether the set holds that, as far as its public form shows."""

    paper: Text
    says: Text
    holds: Literal["yes", "partly", "no"]
    places: Places


class DataSet(_Entry):
    """What a data set can support, in view of the survey's findings named in `rests_on`, and who used it for what."""

    name: Text
    supports: Text
    rests_on: Places
    uses: list[Use] = []


class Question(_Entry):
    """One thing that a paper should say, in our words; `after` names who asks it: items of REFORMS, "ML" (the
    machine-learning reproducibility checklist), or "ours"."""

    id: Text
    asks: Text
    after: Text


class Answer(_Entry):
    """Whether it is said, with the place where it stands, or where it would be expected."""

    answer: Literal["yes", "partly", "no", "not applicable"]
    note: Text
    places: Places


class Checklist(_Entry):
    """Questions, and the answers of every paper and of this study: {paper: {question id: answer}}."""

    questions: list[Question]
    answers: dict[str, dict[str, Answer]]


class Open(_Entry):
    """Something that cannot be decided from outside, and what would decide it."""

    paper: Text
    question: Text
    now: Text
    decided_by: Text
    places: Places


class _Leaks(_Entry):
    entries: list[Leak]


class _Comparisons(_Entry):
    entries: list[Comparison]


class _Precisions(_Entry):
    entries: list[Precision]


class _DataSets(_Entry):
    entries: list[DataSet]


class _Opens(_Entry):
    entries: list[Open]


Model = TypeVar("Model", bound=_Entry)


@cache
def leaks() -> list[Leak]:
    """The leaks. Raises LedgerError where the file breaks its schema or names a place that is not there."""
    return _placed(_read("leakage.yaml", _Leaks).entries, "leakage.yaml")


@cache
def comparisons() -> list[Comparison]:
    """The superiority claims. Raises as `leaks`."""
    return _placed(_read("superiority.yaml", _Comparisons).entries, "superiority.yaml")


@cache
def precisions() -> list[Precision]:
    """The stated differences whose precision is worked out. Raises as `leaks`."""
    return _read("precision.yaml", _Precisions).entries


@cache
def data_sets() -> list[DataSet]:
    """The data sets and their uses. Raises as `leaks`."""
    entries = _read("datasets.yaml", _DataSets).entries
    _placed([use for entry in entries for use in entry.uses], "datasets.yaml")
    return entries


@cache
def checklist() -> Checklist:
    """The reporting checklist. Raises as `leaks`, and where an answer is missing or answers no question."""
    filled = _read("checklist.yaml", Checklist)
    asked = [question.id for question in filled.questions]
    faults = []
    for paper, answers in filled.answers.items():
        faults += [f"{paper} answers '{name}', which nobody asks" for name in answers if name not in asked]
        faults += [f"{paper} does not answer '{name}'" for name in asked if name not in answers]
        faults += [fault for name, answer in answers.items() for fault in misplaced(paper, answer.places)]
    _raise("checklist.yaml", faults)
    return filled


@cache
def open_questions() -> list[Open]:
    """What cannot be decided from outside. Raises as `leaks`."""
    return _placed(_read("open_questions.yaml", _Opens).entries, "open_questions.yaml")


def misplaced(paper: str, places: list[str]) -> list[str]:
    """One sentence for every place that does not exist; see the module for what a place is."""
    faults = []
    for place in places:
        if place.startswith("repo:"):
            path, _, text = place.removeprefix("repo:").partition("::")
            file = paths.PROJECT / path
            if not file.exists():
                faults.append(f"{paper}: there is no {path} in this project")
            elif text and text not in file.read_text(encoding="utf-8"):
                faults.append(f"{paper}: {path} does not hold '{text}'")
        elif place.startswith("fact:"):
            if place.removeprefix("fact:") not in ledger.facts():
                faults.append(f"{paper}: there is no fact '{place.removeprefix('fact:')}'")
        elif paper == THIS_STUDY or place not in _wheres(paper):
            faults.append(f"{paper}: the ledger has no '{place}'")
    return faults


@cache
def _wheres(paper: str) -> dict[str, str]:
    """Ledger id -> where it stands in the paper."""
    book = ledger.load(papers.require_paper(paper))
    return {entry.id: str(entry.where) for entry in (*book.claims, *book.statements)}


def described(paper: str, place: str) -> str:
    """A place as a reader looks it up: ``Table 2, row, column``; for a file of this project its path."""
    if place.startswith("repo:"):
        return place.removeprefix("repo:").partition("::")[0]
    if place.startswith("fact:"):
        return ledger.facts()[place.removeprefix("fact:")].source.text
    return _wheres(paper)[place]


def _read(name: str, model: type[Model]) -> Model:
    import yaml

    path = FOLDER / name
    try:
        return model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise LedgerError(f"{path}: {error}") from error


def _placed(entries: list, name: str) -> list:
    _raise(name, [fault for entry in entries for fault in misplaced(entry.paper, entry.places)])
    return entries


def _raise(name: str, faults: list[str]) -> None:
    if faults:
        raise LedgerError("\n".join(f"{FOLDER / name}: {fault}." for fault in faults))
