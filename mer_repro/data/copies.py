"""Finding the copy of a data set in the folders that a user has, or saying why what lies there is none.

A copy may lie as its archive unpacks: under the archive's own name, in upper case, nested in folders of its name,
cloned as a repository, or be the very folder that is named as home. A folder that goes by the set's name and holds no
copy is an error: an incomplete copy, an archive still packed or a dangling link must not silently turn into a twin.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from mer_repro.data.base import TWIN_MARK, Location, prefixes
from mer_repro.errors import DataMissing

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".rar", ".7z")
#: Folders are searched this many levels deep, and not more of them than this: audio lies in a few large ones.
DEPTH, MOST_FOLDERS = 4, 400


def find(
    name: str, module: ModuleType, homes: Sequence[Path], folder: str, sharing: Sequence[ModuleType]
) -> Location | None:
    """The first complete copy of data set `name` in `homes`, None where nothing there goes by its name.

    Parameters
    ----------
    folder : the name of its folder; the loader's ``NAMES`` are tried, too, in any case.
    sharing : loaders of other sets that lie in a folder of that name; a complete copy of one excuses the folder.

    Raises
    ------
    DataMissing
        If something goes by its name and is no complete copy: says what was looked for and what lies there.
    """
    names = [folder, name, *module.NAMES]
    ours = [place for home in homes for place in named(home, names)]
    for place in (*ours, *homes):
        for inner in folders(place, DEPTH if place in ours else 0):
            if location := complete(name, module, inner):
                return location
    for place in ours:
        if not any(complete("", other, inner) for other in sharing for inner in folders(place, 1)):
            raise DataMissing(_why_not(name, module, place))
    for home in homes:
        for archive in {remote.filename for remote in module.REMOTES.values()}:
            if archive.endswith(ARCHIVES) and (home / archive).is_file():
                raise DataMissing(_packed(name, home, [archive]))
    return None


def complete(name: str, module: ModuleType, place: Path) -> Location | None:
    """The copy in the folder `place` itself, None where it lacks a required file."""
    if missing(module, place):
        return None
    place = place.resolve()
    kind = "twin" if (place / TWIN_MARK).is_file() else "real"
    return Location(name, kind, place, files(module, place), module.ALSO)


def files(module: ModuleType, place: Path) -> tuple[str, ...]:
    """The official relative paths of the declared files that are in `place`."""
    return tuple(sorted({path for t in module.TABLES.values() for path in _matches(place, t.path, module.ALSO)}))


def missing(module: ModuleType, place: Path) -> list[str]:
    """The official paths of the required files that `place` lacks."""
    return [t.path for t in module.TABLES.values() if not t.optional and not _matches(place, t.path, module.ALSO)]


def _matches(place: Path, pattern: str, also: Mapping[str, Sequence[str]]) -> set[str]:
    """The official paths of the files that fit a pattern, wherever the copy keeps them."""
    for official, other in prefixes(pattern, also):
        inner = other + pattern.removeprefix(official)
        if any(sign in pattern for sign in "*?"):
            found = [path.relative_to(place).as_posix() for path in place.glob(inner) if path.is_file()]
        else:
            found = [inner] if (place / inner).is_file() else []
        if found:
            return {official + path.removeprefix(other) for path in found}
    return set()


def named(home: Path, names: Sequence[str]) -> list[Path]:
    """What lies in `home` (or is it) under one of `names`, in any case; the names' order counts."""
    rank = {name.casefold(): place for place, name in reversed(list(enumerate(names)))}
    entries = [entry for entry in listing(home) if entry.casefold() in rank]
    found = [home / entry for entry in sorted(entries, key=lambda entry: (rank[entry.casefold()], entry))]
    return found + [home] * (home.name.casefold() in rank)


def listing(folder: Path) -> list[str]:
    """The names in a folder, hidden ones left out; empty where it cannot be read."""
    try:
        return sorted(entry for entry in os.listdir(folder) if not entry.startswith((".", "__MACOSX")))
    except OSError:
        return []


def folders(place: Path, depth: int = DEPTH) -> Iterator[Path]:
    """`place` and the folders in it, level by level."""
    level, seen = [place] if place.is_dir() else [], 0
    for _ in range(depth + 1):
        yield from level[: MOST_FOLDERS - seen]
        seen += len(level)
        if seen >= MOST_FOLDERS:
            return
        level = [inner for folder in level for inner in _inner(folder)]


def _inner(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / e.name for e in entries if e.is_dir() and not e.name.startswith((".", "__MACOSX")))
    except OSError:
        return []


def _why_not(name: str, module: ModuleType, place: Path) -> str:
    otherwise = " Or ask for the twin (source 'twin')."
    if place.is_symlink() and not place.exists():
        return (
            f"{name}: {place} is a link to '{os.readlink(place)}', where there is nothing. Mount or mend what it points"
            f" to, or remove the link.{otherwise}"
        )
    required = [table.path for table in module.TABLES.values() if not table.optional]
    lacking = min((missing(module, folder) for folder in folders(place, DEPTH)), key=len, default=required)
    if len(lacking) < len(required):
        return (
            f"The copy of {name} in {place} is incomplete: it has no {_quoted(lacking)}. Fetch it again (mer-repro data"
            f" fetch {name}), or ask for the twin (source 'twin')."
        )
    there = [entry + "/" * (place / entry).is_dir() for entry in listing(place)]
    if packed := [entry for entry in there if entry.lower().endswith(ARCHIVES)]:
        return _packed(name, place, packed)
    holds = f"holds {_quoted(there)}" if there else ("is empty" if place.is_dir() else "is no folder")
    return (
        f"{name}: {place} {holds}; looked for {_quoted(required)}, there and in the folders in it. Put the files there"
        f" as the archive has them, or rename the folder.{otherwise}"
    )


def _packed(name: str, place: Path, archives: Sequence[str]) -> str:
    return (
        f"{name}: {place} holds {_quoted(archives)}, still packed. Unpack it there, or run: mer-repro data fetch {name}"
        " (which checks and unpacks it). Or ask for the twin (source 'twin')."
    )


def _quoted(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more
