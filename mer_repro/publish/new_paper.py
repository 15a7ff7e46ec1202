"""Lay out a further paper: its room, parameters, page, bibliography entry and line in the table of contents.

The files come from `mer_repro.skeleton` and run as they are. Everything is prepared before anything is written; where
writing fails, what was written is taken back.
"""

from __future__ import annotations

import contextlib
import re
from importlib import resources
from pathlib import Path

from mer_repro import papers, paths
from mer_repro.errors import MerReproError, ParameterError
from mer_repro.publish import chapters

#: What stands in the skeleton where the key, the title and the year go.
KEY_MARK, TITLE_MARK = "newkey2030", "A Title to Replace"
#: A Python module, a ledger's name, a BibTeX key and a file name at once: first author and year, as in qiu2025.
_KEY = re.compile(r"[a-z]+\d{4}[a-z]?")
#: A paper's chapter in the table of contents, with the pages below it.
_TOC_ENTRY = re.compile(r"^( *)- file: papers/\S+ *\n(?:\1 +\S.*\n)*", re.MULTILINE)


class LayoutError(MerReproError):
    """A paper that cannot be laid out here."""


def lay_out(key: str, title: str = TITLE_MARK, doi: str = "") -> list[Path]:
    """Write the skeleton of paper `key` into the project; returns the files that are new or changed.

    Parameters
    ----------
    key : first author in lower case and year, optionally one letter more: ``qiu2025``, ``qiu2025b``.
    title, doi : of the paper; `doi` bare, as ``10.7717/peerj-cs.3086``, or "" where there is none.

    Raises
    ------
    ParameterError
        If the key is malformed, or the title or DOI would break a bibliography entry.
    LayoutError
        If there is such a paper already, or the project's files are not here. Nothing is written in either case.
    """
    _check(key, title, doi)
    root = paths.PROJECT
    table, bibliography = root / "_toc.yml", root / "book" / "references.bib"
    if missing := [path for path in (table, bibliography) if not path.is_file()]:
        raise LayoutError(f"There is no {missing[0]}. `mer-repro new` works in a clone of the project.")
    new = {root / name: text for name, text in _skeleton(key, title).items()}
    if existing := [path for path in [papers.ROOMS / key, *new] if path.exists()]:
        found = existing[0].relative_to(root)
        raise LayoutError(f"There is a paper '{key}' already: found {found}. Choose another key, or remove it first.")
    changed = {table: _with_page(table, key), bibliography: _with_entry(bibliography, key, title, doi)}
    _write(new, changed)
    return [*new, *changed]


def _check(key: str, title: str, doi: str) -> None:
    if not _KEY.fullmatch(key):
        raise ParameterError(
            f"The key '{key}' is not of the form author and year; expected lower-case letters, four digits and at most"
            " one letter, as in qiu2025 or qiu2025b."
        )
    if not title.strip() or re.search(r"[{}\\\n\"]", title):
        raise ParameterError(f"The title {title!r} is empty or holds a brace, backslash, quote or line break; drop it.")
    if doi and not re.fullmatch(r"10\.\d{4,9}/[^\s{}\"\\]+", doi):
        raise ParameterError(f"'{doi}' is not a DOI; expected it bare, as in 10.7717/peerj-cs.3086.")


def _skeleton(key: str, title: str) -> dict[str, str]:
    """File name in the project -> text, of all files that are new."""
    source = resources.files("mer_repro.skeleton")
    places = {
        file: f"mer_repro/papers/{key}/{file.name}"
        for file in source.joinpath("room").iterdir()
        if file.name.endswith((".py", ".yaml"))
    }
    places |= {source / f"{profile}.yaml": f"params/{profile}/{key}.yaml" for profile in paths.PROFILES}
    places[source / "page.md"] = f"book/papers/{key}.md"
    return {
        place: file.read_text(encoding="utf-8").replace(KEY_MARK, key).replace(TITLE_MARK, title)
        for file, place in places.items()
    }


def _with_page(table: Path, key: str) -> str:
    """The table of contents with the new chapter behind the last paper."""
    text = table.read_text(encoding="utf-8")
    entries = list(_TOC_ENTRY.finditer(text))
    if not entries:
        raise LayoutError(f"{table}: found no line '- file: papers/...'; expected the papers' chapters there.")
    end, indent = entries[-1].end(), entries[-1].group(1)
    lines = ("- file: papers/" + key, "  sections:", f"    - file: {chapters.FOLDER}/{key}", "      title: Evidence")
    return text[:end] + "".join(f"{indent}{line}\n" for line in lines) + text[end:]


def _with_entry(bibliography: Path, key: str, title: str, doi: str) -> str:
    text = bibliography.read_text(encoding="utf-8")
    if f"{{{key}," in text:
        raise LayoutError(f"There is a paper '{key}' already: found its entry in book/references.bib.")
    author, year = re.match(r"([a-z]+)(\d{4})", key).groups()
    fields = {"author": author.capitalize(), "title": title, "year": year} | ({"doi": doi} if doi else {})
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"{text.rstrip()}\n\n@misc{{{key},\n{body}\n}}\n"


def _write(new: dict[Path, str], changed: dict[Path, str]) -> None:
    """Write all files, or leave everything as it was."""
    before = {path: path.read_text(encoding="utf-8") for path in changed}
    made: list[Path] = []
    try:
        for path, text in new.items():
            if not path.parent.is_dir():
                path.parent.mkdir(parents=True)
                made.append(path.parent)
            made.append(path)
            path.write_text(text, encoding="utf-8")
        for path, text in changed.items():
            path.write_text(text, encoding="utf-8")
    except BaseException as error:
        with contextlib.suppress(OSError):
            for path, text in before.items():
                path.write_text(text, encoding="utf-8")
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise LayoutError(f"Cannot write {error.filename}: {error.strerror}. Nothing was changed.") from error
        raise
