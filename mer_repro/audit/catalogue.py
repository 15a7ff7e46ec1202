"""The register of checks: which there are, which roles they bind and which options they take.

A check is a function whose signature says everything: positional parameters are roles, keyword-only parameters are
options.  The annotation of a role says what is bound to it:

- ``Number``: one claim or fact; ``Number | None``: one, optional;
- ``list[Number]``: one or more, optional if there is a default;
- ``Statement``: a statement, or what a fact says.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass

#: name of a check -> the function
CHECKS: dict[str, Callable] = {}
#: checks that compare numbers printed in the same way, so that digits cut off instead of rounded excuse nothing
NEVER_CUT: set[str] = set()


@dataclass(frozen=True)
class Role:
    """One role of a check: how many claims or facts it binds, or that it binds a statement."""

    name: str
    many: bool
    optional: bool
    statement: bool


def check(function: Callable | None = None, *, cut: bool = True) -> Callable:
    """Register a check under its own name; ``cut=False`` puts it into `NEVER_CUT`."""
    if function is None:
        return functools.partial(check, cut=cut)
    CHECKS[function.__name__] = function
    if not cut:
        NEVER_CUT.add(function.__name__)
    return function


@functools.cache
def roles(name: str) -> dict[str, Role]:
    """The roles of a check, in the order of its signature."""
    found = {}
    for parameter in inspect.signature(CHECKS[name]).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            annotation = str(parameter.annotation)
            optional = parameter.default is not inspect.Parameter.empty
            many, statement = annotation.startswith("list"), annotation.startswith("Statement")
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


def problems(binding, statements) -> list[str]:
    """What is wrong with a ledger's binding of a check (`mer_repro.audit.ledger.Binding`); empty if nothing.

    `statements` are the ids of the ledger's statements.
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
    return found


def bound_ids(references: dict, role: str) -> list[str]:
    """The ids bound to a role, as a list whether one or many were given."""
    reference = references.get(role, [])
    return [reference] if isinstance(reference, str) else list(reference)
