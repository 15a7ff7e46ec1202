"""The register of checks: which there are, which roles they bind and which options they take.

A check is a function whose signature says everything: positional parameters are roles, keyword-only parameters are
options.  The annotation of a role says what is bound to it:

- ``Number``: one claim or fact; ``Number | None``: one, optional;
- ``list[Number]`` (or ``Sequence``): one or more, optional if there is a default;
- ``Statement``: a statement, or what a fact says.

Its decorator says which quantities a role takes, and which roles must be measured alike.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mer_repro.audit import quantities
from mer_repro.audit.finding import observe
from mer_repro.audit.numbers import Unusable

#: name of a check -> the function
CHECKS: dict[str, Callable] = {}
#: checks that compare numbers printed in the same way, so that digits cut off instead of rounded excuse nothing
NEVER_CUT: set[str] = set()
#: name of a check -> role -> the quantities, families or kinds (with @) it takes; roles that are not there take any
TAKES: dict[str, dict[str, frozenset[str]]] = {}
#: name of a check -> the roles whose numbers must have one dimension
ALIKE: dict[str, tuple[str, ...]] = {}
COUNTED = "@count @size"


@dataclass(frozen=True)
class Role:
    """One role of a check: how many claims or facts it binds, or that it binds a statement."""

    name: str
    many: bool
    optional: bool
    statement: bool


def check(
    function: Callable | None = None,
    *,
    cut: bool = True,
    takes: Mapping[str, str] | None = None,
    alike: tuple[str, ...] = (),
) -> Callable:
    """Register a check under its own name.

    ``cut=False`` puts it into `NEVER_CUT`.  `takes` maps roles to the quantities they take, separated by spaces: names
    or families (``f1`` takes ``macro_f1`` too), or kinds (``@count``).  The numbers of the roles in `alike` must have
    one dimension.  Where a number that the check needs is not printed, or is not whole, it answers `undetermined`.
    """
    if function is None:
        return functools.partial(check, cut=cut, takes=takes, alike=alike)

    @functools.wraps(function)
    def guarded(*args, **options):
        try:
            return function(*args, **options)
        except Unusable as error:
            return observe(f"This cannot be tested: {error}.")

    name = function.__name__
    CHECKS[name] = guarded
    TAKES[name] = {role: frozenset(words.split()) for role, words in (takes or {}).items()}
    ALIKE[name] = alike
    if not cut:
        NEVER_CUT.add(name)
    return guarded


@functools.cache
def roles(name: str) -> dict[str, Role]:
    """The roles of a check, in the order of its signature."""
    found = {}
    for parameter in inspect.signature(CHECKS[name]).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            annotation = str(parameter.annotation)
            optional = parameter.default is not inspect.Parameter.empty
            many, statement = annotation.startswith(("list", "Sequence")), annotation.startswith("Statement")
            found[parameter.name] = Role(parameter.name, many, optional, statement)
    return found


@functools.cache
def options(name: str) -> dict[str, inspect.Parameter]:
    """The options of a check with their annotations and defaults."""
    parameters = inspect.signature(CHECKS[name]).parameters.values()
    return {p.name: p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


def summary(name: str) -> str:
    """The first line of a check's docstring."""
    return (inspect.getdoc(CHECKS[name]) or "").partition("\n")[0]


def takes(name: str, role: str, quantity: str) -> bool:
    """Whether a role of a check takes a quantity."""
    words = TAKES[name].get(role)
    known = quantities.quantities()[quantity]
    return words is None or bool(words & {known.name, known.family, f"@{known.kind}"})


def problems(binding, claims: Mapping, statements, fact_units: Mapping[str, str]) -> list[str]:
    """What is wrong with a ledger's binding of a check (`mer_repro.audit.ledger.Binding`); empty if nothing.

    `claims` are the ledger's claims and `statements` the ids of its statements, `fact_units` the units of the facts.
    """
    if binding.check not in CHECKS:
        from mer_repro.errors import nearest

        return [f"there is no check '{binding.check}'.{nearest(binding.check, CHECKS)}"]
    found = []
    known = roles(binding.check)
    for name in {*binding.claims, *binding.facts} - set(known):
        found.append(f"'{binding.check}' has no role '{name}'; its roles are {', '.join(known)}")
    for name in set(binding.options) - set(options(binding.check)):
        found.append(f"'{binding.check}' has no option '{name}'; its options are {', '.join(options(binding.check))}")
    for role in known.values():
        bound = bound_ids(binding.claims, role.name) + bound_ids(binding.facts, role.name)
        if not bound and not role.optional:
            found.append(f"role '{role.name}' of '{binding.check}' is not bound")
        if len(bound) > 1 and not role.many:
            found.append(f"role '{role.name}' of '{binding.check}' takes one claim, not {len(bound)}")
        if any((name in statements) != role.statement for name in bound_ids(binding.claims, role.name)):
            kind = "a statement" if role.statement else "numbers, not a statement"
            found.append(f"role '{role.name}' of '{binding.check}' takes {kind}")
        for name in bound_ids(binding.claims, role.name):
            if name in claims and not takes(binding.check, role.name, claims[name].quantity):
                words = " or ".join(sorted(TAKES[binding.check][role.name])).replace("@", "any ")
                what = f"'{name}', which is {claims[name].quantity}"
                found.append(f"role '{role.name}' of '{binding.check}' takes {words}, not {what}")
    return found + _unlike(binding, {name: claim.unit for name, claim in claims.items()}, fact_units)


def _unlike(binding, claim_units: Mapping[str, str], fact_units: Mapping[str, str]) -> list[str]:
    """A complaint about the first two numbers of a binding's `ALIKE` roles that are not measured alike."""
    bound = [
        (name, units[name])
        for role in ALIKE[binding.check]
        for references, units in ((binding.claims, claim_units), (binding.facts, fact_units))
        for name in bound_ids(references, role)
        if name in units
    ]
    for (one, first), (other, second) in itertools.combinations(bound, 2):
        measured = {quantities.dimension(first), quantities.dimension(second)}
        if len(measured) > 1 and measured not in ({"number", "share"}, {"number", "things"}):
            return [
                f"'{binding.check}' compares '{one}' in '{first}' with '{other}' in '{second}'; one unit is expected"
            ]
    return []


def bound_ids(references: Mapping, role: str) -> list[str]:
    """The ids bound to a role, as a list whether one or many were given."""
    reference = references.get(role, [])
    return [reference] if isinstance(reference, str) else list(reference)
