"""The source fingerprint: a hash of exactly the code that a result depends on.

From a root, "package.module" or "package.module:name", every definition that it uses is followed: names of the same
module, names imported from modules of this package (or of the root's own package), also inside functions, and
attributes of imported modules. Comments, docstrings, formatting and definitions that nothing reaches do not count,
so a metric added for one paper leaves the records of the others current. What is looked up by a computed name
cannot be followed: name its module as a root of its own.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

#: modules that carry runs about and cannot change what a run computes
PLUMBING = frozenset(
    f"mer_repro{name}"
    for name in ("", ".errors", ".paths", ".storage", ".data.registry", ".features.cache", ".features.files", ".runs")
)

#: (module, name); name None stands for the whole module
Target = tuple[str, str | None]


def source_fingerprint(roots: tuple[str, ...]) -> str:
    """SHA-256 of the definitions that `roots` use, directly or through others.

    Parameters
    ----------
    roots : "package.module" (all of it) or "package.module:name" (one definition).

    The value does not depend on the Python version, on the order of definitions, or on what is imported already.
    """
    pending: list[Target] = [(module, name or None) for module, _, name in (root.partition(":") for root in roots)]
    scopes = {"mer_repro"} | {module.partition(".")[0] for module, _ in pending}
    seen: set[Target] = set()
    parts: set[tuple[str, str]] = set()
    while pending:
        target = pending.pop()
        module, name = target
        if target in seen or _is_plumbing(module) or module.partition(".")[0] not in scopes:
            continue
        seen.add(target)
        source = _source(module)
        if source is None:
            continue
        everything = range(len(source.statements))
        chosen = everything if name is None else source.bound.get(name, everything)
        for index in {*chosen, *source.acting}:
            shape, uses = source.statement(index)
            parts.add((module, shape))
            pending.extend(uses)
    return hashlib.sha256(json.dumps(sorted(parts)).encode()).hexdigest()


def _is_plumbing(module: str) -> bool:
    return module in PLUMBING or module.startswith("mer_repro.runs.")


class _Source:
    """The top level of one module file: which statements bind a name, and what its imports stand for."""

    def __init__(self, module: str, path: Path):
        self.module = module
        self.package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        self.statements = ast.parse(path.read_text(encoding="utf-8")).body
        self.imports = dict(self._imports(self.statements))
        self.bound: dict[str, list[int]] = {}
        #: statements that bind nothing act on import, so they count as soon as their module does
        self.acting: list[int] = []
        self._known: dict[int, tuple[str, list[Target]]] = {}
        for index, statement in enumerate(self.statements):
            names = list(_binds(statement))
            for name in names:
                self.bound.setdefault(name, []).append(index)
            if (not names or _dotted(statement)) and not _is_docstring(statement):
                self.acting.append(index)

    def statement(self, index: int) -> tuple[str, list[Target]]:
        """Hash of one top-level statement, and what it uses."""
        if index not in self._known:
            statement = self.statements[index]
            # An import counts through the names that use it, not by itself.
            shape = [] if isinstance(statement, ast.Import | ast.ImportFrom) else _shape(statement)
            digest = hashlib.sha256(json.dumps(shape).encode()).hexdigest()
            self._known[index] = digest, list(self._uses(statement))
        return self._known[index]

    def _uses(self, statement: ast.stmt) -> Iterator[Target]:
        nodes = list(ast.walk(statement))
        yield from ((name, None) for node in nodes for name in _dotted(node))
        imports = self.imports | dict(self._imports(nodes))
        attribute_of = {id(node.value): node.attr for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            if not isinstance(node, ast.Name):
                continue
            if node.id in imports:
                module, name = imports[node.id]
                # `metrics.r2` uses one definition of a module, `metrics` anywhere else may use all of them
                attribute = attribute_of.get(id(node)) if name is None else None
                yield _submodule(module, attribute) if attribute else (module, name)
            elif node.id in self.bound:
                yield self.module, node.id

    def _imports(self, nodes: Iterable[ast.AST]) -> Iterator[tuple[str, Target]]:
        """Local name -> what it stands for, for every import among `nodes`."""
        for node in nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.asname or alias.name.partition(".")[0], (alias.name, None)
            elif isinstance(node, ast.ImportFrom):
                origin = node.module or ""
                if node.level:
                    origin = importlib.util.resolve_name("." * node.level + origin, self.package)
                for alias in node.names:
                    yield alias.asname or alias.name, _submodule(origin, alias.name)


def _source(module: str) -> _Source | None:
    """The parsed file of a module, or None where it has none. Read again when the file has changed."""
    path = _file(module)
    if path is None:
        return None
    stat = path.stat()
    return _parsed(module, path, stat.st_mtime_ns, stat.st_size)


@cache
def _parsed(module: str, path: Path, mtime_ns: int, size: int) -> _Source:
    return _Source(module, path)


@cache
def _file(module: str) -> Path | None:
    """The .py file of a module, found without importing its parents (`find_spec` of a submodule would)."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:
        return None
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for folder in spec.submodule_search_locations or ():
        base = Path(folder, *rest)
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path
    return None


def _submodule(module: str, name: str) -> Target:
    """What ``from module import name`` binds: a submodule, or a name of the module (all of it for "*")."""
    if name == "*":
        return module, None
    return (f"{module}.{name}", None) if _file(f"{module}.{name}") else (module, name)


def _binds(statement: ast.stmt) -> Iterator[str]:
    """Names that a top-level statement binds; none where it does something else as well."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        nodes = [node for target in targets for node in ast.walk(target)]
        if not any(isinstance(node, ast.Subscript | ast.Attribute) for node in nodes):
            yield from (node.id for node in nodes if isinstance(node, ast.Name))


def _dotted(node: ast.AST) -> list[str]:
    """Modules of an ``import a.b.c``: its uses read ``a.b.c.name``, so all of ``a.b.c`` counts."""
    if not isinstance(node, ast.Import):
        return []
    return [alias.name for alias in node.names if "." in alias.name and alias.asname is None]


def _is_docstring(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _shape(node: Any) -> Any:
    """A syntax tree as nested lists, without positions, docstrings and what differs between Python versions."""
    if isinstance(node, ast.AST):
        found: list[Any] = [type(node).__name__]
        for name, value in ast.iter_fields(node):
            if name in ("ctx", "kind", "type_comment") or value is None or value == []:
                continue
            if name == "body" and isinstance(value, list) and _is_docstring(value[0]):
                value = value[1:]
            if isinstance(node, ast.JoinedStr):
                # Python 3.12 adds empty strings to format specifications.
                value = [part for part in value if not (isinstance(part, ast.Constant) and part.value == "")]
            found.append([name, _shape(value)])
        return found
    if isinstance(node, list):
        return [_shape(item) for item in node]
    return node if isinstance(node, str | int | bool) else repr(node)
