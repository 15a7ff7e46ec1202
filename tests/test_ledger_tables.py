"""Every table cell of the papers is in the ledgers, exactly as printed: the paper's own text is parsed again here.

Runs where the papers' texts lie beside the project (``../shared/papers/<key>.md``); they are not part of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pytest

from mer_repro.audit import ledger
from mer_repro.papers import paper_keys
from mer_repro.paths import PROJECT

TEXTS = PROJECT.parent / "shared" / "papers"

#: how a paper captions its tables: group 1 is the table's name; a caption without group is the untitled table
CAPTIONS = {
    "abadeh2024": r"TABLE ([IVX]+)\. |# D\. Compar",
    "bai2026": r"\*\*Table (\d)\*\* ",
    "bath2025": r"Table (\d\.\d): ",
    "gujar2026": r"Table (\d) .*\t",
    "qiu2025": r"Table (\d) ",
}
#: tables whose caption stands below them
CAPTION_BELOW = {("abadeh2024", "VI")}
NUMBER = re.compile(r"[+~−-]?\d[\d,.]*(?: ± [\d.]+)?|NAN")


def plain(text: str) -> str:
    """Letters and digits only: typesetting splits words, and one paper spells 'Hip Hop' in Cyrillic letters."""
    text = text.translate(str.maketrans("НІРОнірои", "HIPOhipou")).replace("і", "i")
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def digits(cell: str) -> str | None:
    """The number that fills a cell, without sign of approximation and unit; None for a cell of words."""
    bare = re.sub(r"^[+~]|(?<=\d)\s*(?:%|s)$", "", cell.strip())
    return bare if NUMBER.fullmatch(bare) else None


def tables(key: str) -> dict[str, list[list[str]]]:
    """The rows of every table of a paper, cut into cells at tabs; blank lines and page breaks do not end a table."""
    found: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    since_prose = 0
    for line in (TEXTS / f"{key}.md").read_text(encoding="utf-8").splitlines():
        caption = re.match(CAPTIONS[key], line)
        if caption and (key, caption[1]) in CAPTION_BELOW:
            found[caption[1]] = rows[since_prose:]
            del rows[since_prose:]
        elif caption:
            rows, since_prose = found.setdefault(caption[1] or "untitled", []), 0
        elif "\t" in line:
            rows.append([cell.strip() for cell in line.split("\t")])
        elif line.strip():
            since_prose = len(rows)
    return found


def printed_cells(rows: list[list[str]]):
    """(labels of the row, header, number) for every numeric cell; labels are inherited downwards where left empty."""
    header, group, label = rows[0], rows[0][0], ""
    for row in rows[1:]:
        row = row[: len(header)] if not any(row[len(header) :]) else row
        if row == header:
            continue
        if row[0] and not any(row[1:]):
            group = row[0]
            continue
        label = row[0] or label
        labels = {plain(cell) for cell in (group, label, *row)}
        for name, cell in zip(header, row, strict=True):
            if digits(cell) is not None:
                yield labels, plain(name), digits(cell)


@pytest.mark.parametrize("key", paper_keys())
def test_every_table_cell_is_in_the_ledger(key):
    if not (TEXTS / f"{key}.md").is_file():
        pytest.skip("the papers' texts are not beside the project")
    assert key in CAPTIONS, f"say in CAPTIONS how {key} captions its tables"
    claims = ledger.load(key).claims
    for name, rows in tables(key).items():
        cells = list(printed_cells(rows))
        headers = {header for _, header, _ in cells}
        stated = [claim for claim in claims if claim.where.table == name and claim.where.row]  # no row: its caption
        inside_words = [c for c in stated if not c.where.column or plain(c.where.column) not in headers]
        for claim in inside_words:
            texts = " ".join(cell for row in rows for cell in row if digits(cell) is None)
            assert claim.value in re.findall(r"\d[\d,.]*", texts), f"{claim.id} is nowhere in table {name}"
        stated = [claim for claim in stated if claim not in inside_words]
        written = Counter(
            (plain(c.where.column), digits(c.value + (f" ± {c.spread}" if c.spread else ""))) for c in stated
        )
        assert written == Counter((header, number) for _, header, number in cells), f"table {name} of {key}"
        for claim in stated:
            parts = {plain(part) for part in claim.where.row.split(" / ")}
            number = digits(claim.value + (f" ± {claim.spread}" if claim.spread else ""))
            assert any(
                parts <= labels and (header, value) == (plain(claim.where.column), number)
                for labels, header, value in cells
            ), f"{claim.id}: no row '{claim.where.row}' with {claim.value} under '{claim.where.column}'"


def test_the_reader_of_tables_sees_a_changed_and_a_missing_cell():
    rows = [["Model", "R²", "MAE"], ["A", "0.5", "1.002 ± 0.104"], ["", "NAN", "+3.1"], ["B", "words", "~2.9s"]]
    assert [(header, number) for _, header, number in printed_cells(rows)] == [
        ("r2", "0.5"),
        ("mae", "1.002 ± 0.104"),
        ("r2", "NAN"),
        ("mae", "3.1"),
        ("mae", "2.9"),
    ]
