"""The claims ledger of a paper: its schema, and a reader whose every error names file and line.

A ledger (``mer_repro/papers/<key>/claims.yaml``) lists the numbers a paper states (``claims``), its testable statements
without a number (``statements``) and which check is run over which of them (``checks``).  Public facts that checks
rely on live in ``mer_repro/audit/facts.yaml``.  Numbers are strings exactly as printed: "0.890" is not "0.89".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import mer_repro.audit.checks  # noqa: F401 (fills the catalogue)
from mer_repro.audit import catalogue, quantities
from mer_repro.audit.numbers import Number, Rounding, decimal_of, number, read_printed, rounding_of
from mer_repro.errors import LedgerError
from mer_repro.papers import claims_file

FACTS_FILE = Path(__file__).parent / "facts.yaml"

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
Term = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Reference = Identifier | Annotated[list[Identifier], Field(min_length=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Place(_Entry):
    """Where in the paper: a section (and paragraph, 1-based), a cell of a table, a figure, an equation."""

    section: Text
    paragraph: Annotated[int, Field(ge=1, strict=False)] | None = None
    table: Text | None = None
    row: Text | None = None
    column: Text | None = None
    figure: Text | None = None
    equation: Text | None = None

    def __str__(self) -> str:
        if self.table:
            return ", ".join(part for part in (f"Table {self.table}", self.row, self.column) if part)
        if self.figure:
            return f"Figure {self.figure}"
        if self.equation:
            return f"Equation {self.equation}"
        return self.section + (f", paragraph {self.paragraph}" if self.paragraph else "")


class Claim(_Entry):
    """One stated number.

    `value` and `spread` are as printed; `quantity` is a name of `mer_repro.audit.quantities`.  `rounding` is what the
    text says of it; without it, what is counted and printed whole is exact and everything else rounded to the nearest.
    """

    id: Identifier
    where: Place
    quantity: Term
    unit: Text
    value: Text
    spread: Text | None = None
    rounding: Rounding | None = None
    about: dict[Term, Text] = {}
    note: Text | None = None


class Statement(_Entry):
    """One testable statement without a number of its own; `says` is our paraphrase."""

    id: Identifier
    where: Place
    kind: Literal["superiority", "ordering", "use", "definition", "design", "availability"]
    says: Text
    claims: list[Identifier] = []
    note: Text | None = None


class Binding(_Entry):
    """One check and what it is run over.

    `claims` and `facts` map the check's roles to ids; `options` are its keyword arguments.  `unless` names an innocent
    reading that arithmetic cannot test (say, that two tables come from two training runs): with it, the check answers
    at worst `undetermined`.
    """

    id: Identifier
    check: Text
    claims: dict[Term, Reference] = {}
    facts: dict[Term, Reference] = {}
    options: dict[Term, Any] = {}
    unless: Text | None = None
    note: Text | None = None


class Source(_Entry):
    """Where a fact comes from: a sentence naming it, and its DOI or address."""

    text: Text
    doi: Text | None = None
    address: Text | None = None


class Fact(_Entry):
    """One public fact about a data set or a piece of software that checks rely on."""

    id: Identifier
    says: Text
    value: Text
    unit: Text
    rounding: Rounding = "exact"
    source: Source


class Ledger(_Entry):
    """Everything one paper states.  Build it with `load` or `parse`, which also check ids and references."""

    paper: Identifier
    #: an unpublished draft, which is counted apart from papers
    draft: bool = False
    decimal_comma: bool = False
    claims: list[Claim]
    statements: list[Statement] = []
    checks: list[Binding] = []

    def full_id(self, short: str) -> str:
        """The id outside the file: ``qiu2025.t1.ours.testing.r2``."""
        return f"{self.paper}.{short}"

    def numbers(self, cut: bool = False, only: Container[str] | None = None) -> dict[str, Number]:
        """All claims (or `only` some) as `Number`, by their ids in the file; `cut` as in `numbers.interval_of`."""
        return {
            claim.id: number(
                self.full_id(claim.id),
                claim.value,
                claim.unit,
                claim.rounding,
                claim.quantity,
                claim.spread,
                cut,
                self.decimal_comma,
            )
            for claim in self.claims
            if only is None or claim.id in only
        }

    def rounding(self, claim: Claim) -> Rounding:
        """How a claim's number was rounded: as its signs or the text say, or as its quantity implies."""
        read = read_printed(claim.value, claim.unit, self.decimal_comma)
        return rounding_of(*read, claim.rounding, claim.quantity) if read else claim.rounding or "nearest"

    def entries(self) -> Iterator[dict]:
        """Claims, then statements, as plain dictionaries with full ids: what ``mer-repro claims --json`` prints.

        A statement has its kind in place of ``number``, and an empty ``quantity``, ``value`` and ``unit``.
        """
        for claim in self.claims:
            yield {
                "id": self.full_id(claim.id),
                "paper": self.paper,
                "kind": "number",
                **claim.model_dump(exclude={"id", "where"}),
                "rounding": self.rounding(claim),
                "where": claim.where.model_dump(exclude_none=True),
            }
        for statement in self.statements:
            yield {
                "id": self.full_id(statement.id),
                "paper": self.paper,
                "kind": statement.kind,
                "quantity": "",
                "value": "",
                "unit": "",
                "says": statement.says,
                "claims": [self.full_id(short) for short in statement.claims],
                "note": statement.note,
                "where": statement.where.model_dump(exclude_none=True),
            }


def load(key: str) -> Ledger:
    """The ledger of one paper; read once as long as the file does not change.

    Raises
    ------
    ParameterError
        If there is no such paper.
    LedgerError
        If the file breaks the schema; the message has one line a fault, each with file and line.
    """
    path = claims_file(key)
    return _loaded(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _loaded(path: Path, modified: int) -> Ledger:
    """`parse`, remembered: chapters ask for a ledger again with every number that they print."""
    return _checked(_Document.of(path), folder=path.parent.name)


@functools.cache
def facts() -> dict[str, Fact]:
    """The public facts by id.  Raises LedgerError if ``facts.yaml`` breaks its schema."""
    document = _Document.of(FACTS_FILE)
    entries = document.validate(_Facts).facts
    document.unique("facts", entries)
    document.numeric("facts", entries)
    document.finish()
    return {entry.id: entry for entry in entries}


class _Facts(_Entry):
    facts: list[Fact]


def parse(path: Path) -> Ledger:
    """Read and check one ledger file, wherever it lies (see `load`)."""
    return _checked(_Document.of(path))


def read(text: str, name: str = "ledger") -> Ledger:
    """Read and check a ledger from its YAML text; `name` stands for the file in error messages."""
    return _checked(_Document(text, name))


def build(paper: str, claims, statements=(), checks=()) -> Ledger:
    """A ledger made in memory, of `Claim`, `Statement` and `Binding` objects or of dictionaries with their fields.

    Raises
    ------
    LedgerError
        As `load`; entries are named by their position in the list.
    """

    def plain(entries) -> list[dict]:
        return [e if isinstance(e, dict) else e.model_dump(exclude_none=True, exclude_defaults=True) for e in entries]

    content = {"paper": paper, "claims": plain(claims), "statements": plain(statements), "checks": plain(checks)}
    return _checked(_Document(content, paper))


def _checked(document: _Document, folder: str | None = None) -> Ledger:
    """The ledger in a document, references and bindings checked; with `folder`, its paper must be called so."""
    ledger = document.validate(Ledger)
    if folder not in (None, ledger.paper):
        document.fault(("paper",), f"paper '{ledger.paper}', expected '{folder}' as the folder is called")
    document.unique("claims", ledger.claims, "statements", ledger.statements, "checks", ledger.checks)
    document.numeric("claims", ledger.claims, ledger.decimal_comma)
    for position, claim in enumerate(ledger.claims):
        if complaint := quantities.fault(claim.quantity, claim.unit):
            document.fault(("claims", position, "quantity"), complaint)
    document.finish()
    claims = {claim.id: claim for claim in ledger.claims}
    fact_units = {name: fact.unit for name, fact in facts().items()}
    statements = {statement.id for statement in ledger.statements}
    for position, statement in enumerate(ledger.statements):
        document.references(("statements", position, "claims"), statement.claims, set(claims), "claim")
    for position, binding in enumerate(ledger.checks):
        place = ("checks", position)
        for role, reference in binding.claims.items():
            document.references(
                (*place, "claims", role), _listed(reference), {*claims, *statements}, "claim or statement"
            )
        for role, reference in binding.facts.items():
            document.references((*place, "facts", role), _listed(reference), set(facts()), "fact")
        for problem in catalogue.problems(binding, claims, statements, fact_units):
            document.fault(place, f"check '{binding.id}': {problem}")
    document.finish()
    return ledger


def _listed(reference: str | list[str]) -> list[str]:
    return [reference] if isinstance(reference, str) else reference


class _Document:
    """A ledger's YAML text (or content made in memory) with the place of every entry, and the faults found so far."""

    def __init__(self, source: str | dict, name: str):
        self.name = name
        self.faults: list[tuple[int, str]] = []
        self.root, self.content = None, cast(Any, source)
        if isinstance(source, str):
            loader_class = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            try:
                loader = loader_class(source)
                self.root = loader.get_single_node()
                self.content = loader.construct_document(self.root) if self.root is not None else None
            except yaml.YAMLError as error:
                mark = getattr(error, "problem_mark", None)
                line = mark.line + 1 if mark else 1
                raise LedgerError(f"{name}, line {line}: not valid YAML: {getattr(error, 'problem', error)}") from None
            self._twice(self.root)

    @classmethod
    def of(cls, path: Path) -> _Document:
        try:
            return cls(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise LedgerError(f"{path}: cannot be read: {error}") from None

    def _twice(self, node) -> None:
        """YAML keeps the last of two equal keys silently; here they are a fault."""
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, value in node.value:
                if key.value in seen:
                    self.faults.append((key.start_mark.line + 1, f"key '{key.value}' twice in one entry"))
                seen.add(key.value)
                self._twice(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self._twice(value)

    def line(self, place: tuple) -> int:
        """The 1-based line of the deepest node that `place` (keys and positions) leads to."""
        node = self.root
        line = node.start_mark.line if node is not None else 0
        for step in place:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line
            else:
                break
        return line + 1

    def fault(self, place: tuple, message: str) -> None:
        named = "" if self.root is not None else f"{' '.join(str(step) for step in place)}: "
        self.faults.append((self.line(place), named + message))

    def validate(self, model: type[_Entry]):
        try:
            return model.model_validate(self.content)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                self.fault(fault["loc"], _explain(fault))
            self.finish()

    def unique(self, *lists) -> None:
        """Every id once in the file; arguments alternate between a list's key and its entries."""
        seen: dict[str, int] = {}
        for key, entries in zip(lists[::2], lists[1::2], strict=True):
            for position, entry in enumerate(entries):
                line = self.line((key, position, "id"))
                if entry.id in seen:
                    self.faults.append((line, f"id '{entry.id}' is already that of line {seen[entry.id]}"))
                seen.setdefault(entry.id, line)

    def numeric(self, key: str, entries, decimal_comma: bool = False) -> None:
        """A value that looks numeric must be one, in the unit stated: anything else is a typing error."""
        for position, entry in enumerate(entries):
            for field in ("value", "spread"):
                printed = getattr(entry, field, None)
                if printed is None or not re.search(r"\d", printed) or getattr(entry, "quantity", "") == "date":
                    continue
                stated = f"{field} '{printed}' with unit '{entry.unit}'"
                if decimal_of(printed, entry.unit, decimal_comma) is None:
                    complaint = "is not one number; expected digits as printed, one number a claim"
                    if decimal_of(printed, entry.unit, not decimal_comma) is not None:
                        mark = "false" if decimal_comma else "true"
                        complaint += (
                            f" (for a decimal {'point' if decimal_comma else 'comma'}: `decimal_comma: {mark}`)"
                        )
                    self.fault((key, position, field), f"{stated} {complaint}")
                elif printed.endswith("%") and entry.unit != "%":
                    self.fault((key, position, field), f"{stated} is a percentage; expected unit '%'")

    def references(self, place: tuple, ids: list[str], known: set[str], kind: str) -> None:
        for reference in ids:
            if reference not in known:
                self.fault(place, f"'{reference}' is no {kind} in this study" + _close(reference, known))

    def finish(self) -> None:
        """Raise one `LedgerError` with all faults in the order of their lines, if there are any."""
        if self.faults:
            known = self.root is not None
            lines = [
                f"{self.name}, {f'line {line}: ' if known else ''}{message}."
                for line, message in sorted(set(self.faults))
            ]
            raise LedgerError("\n".join(lines))


def _close(word: str, known: set[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{close[0]}'" if close else ""


def _explain(fault: Mapping) -> str:
    """One pydantic fault in the ledger's own words."""
    name = fault["loc"][-1] if fault["loc"] else "the file"
    given = fault["input"]
    if fault["type"] == "extra_forbidden":
        return f"unknown field '{name}'"
    if fault["type"] == "missing":
        return f"field '{name}' is missing"
    if fault["type"] == "string_type" and isinstance(given, int | float):
        return f'{name} is typed as a number ({given}); quote it exactly as printed, such as "{given}"'
    return f"{name} is {given!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
