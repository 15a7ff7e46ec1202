"""How often the audit errs on real tables: the checks that bind themselves, over tables that others transcribed.

`run` reads SciGen and SciTab (tables of computer-science papers, with what SciGen's papers say of them) and metaMER's
confusion matrices of music emotion studies.  Every accusation was judged by hand from the table itself; the judgements
stand in ``published.yaml``, in our words, without the tables' text:

- ``contradiction``: the printed numbers, as transcribed, cannot all be right together;
- ``transcription``: the table shows that whoever copied it made the fault;
- ``misreading``: the binder took a header, a row or a sentence for what it is not.

``run`` in the same file are the numbers of tables and applications, which `renewed` gives anew from the data.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from mer_repro.audit.tables.audited import Audited, audit_document
from mer_repro.audit.tables.grid import Cell, Document

FILE = Path(__file__).with_name("published.yaml")
_SCIENCE = ("scigen/dev.json", "scigen/test-CL.json", "scigen/train.json", "scitab/sci_tab.json")
_MATRIX = re.compile(r"(?:'(?P<name>[^'\n]+)'\s*=\s*(?:summarize_matrix\(\s*)?)?unflatten\((?P<cells>[^()]*)\)")
_QUADRANT = re.compile(r"(?:positive|negative) (?:high|low)")


def documents(folder: Path) -> Iterator[Document]:
    """Every published table once, each with its paper's id as `source`; of metaMER one document a study.

    `folder` holds ``scigen``, ``scitab`` and ``metamer`` as ``shared/data/published_tables`` does.
    """
    seen = set()
    for name in _SCIENCE:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        for table in content.values() if isinstance(content, dict) else content:
            known = table["paper_id"], table["table_caption"]
            if known not in seen:
                seen.add(known)
                rows = [table["table_column_names"], *table["table_content_values"]]
                text = str(table.get("text") or "").replace("[CONTINUE]", " ").strip()
                document = Document(table["paper_id"], [], [text] if text else [])
                document.add([[Cell.of(cell) for cell in row] for row in rows], table["table_caption"])
                yield document
    yield from _matrices((folder / "metamer/extractions.bib").read_text(encoding="utf-8"))


def _matrices(text: str) -> Iterator[Document]:
    """metaMER's confusion matrices by study, each captioned with its model and its data."""
    for entry in re.split(r"^@", text, flags=re.M):
        key = re.match(r"\w+\{(\w+),", entry)
        document = Document(key[1] if key else "")
        for found in _MATRIX.finditer(entry):
            cells = [part.split("=")[-1].strip() for part in found["cells"].split(",") if part.strip()]
            size = round(len(cells) ** 0.5)
            names = [f"class {k + 1}" for k in range(size)]
            label = (found["name"] or "the only model.x.one set").split(".")
            data = " ".join([*label[3:4], *_QUADRANT.findall(".".join(label))]) or label[-1]
            rows = [[Cell.of(cell) for cell in cells[k * size : (k + 1) * size]] for k in range(size)]
            body = [[Cell.of(name), *row] for name, row in zip(names, rows, strict=True)]
            grid = [[Cell.of("true"), *map(Cell.of, names)], *body]
            document.add(grid, f"Confusion matrix of {' '.join(label[:3])} on {data}")
        if document.grids:
            yield document


def run(folder: Path) -> Iterator[Audited]:
    """Audit every published table.  Half a minute for the 800 of ``shared/data``."""
    for document in documents(folder):
        if document.grids:
            yield audit_document(document, "published")


def renewed(folder: Path) -> dict:
    """The ``run`` part of ``published.yaml``, and ``flags`` to be judged: source, table, check and what it says."""
    totals: Counter[str] = Counter()
    applications: dict[str, Counter[str]] = defaultdict(Counter)
    flags, papers = [], set()
    for audited in run(folder):
        papers.add(audited.document.source)
        totals["tables"] += len(audited.document.grids)
        totals["read"] += len(audited.tables)
        totals["questions"] += sum(bool(table.questions) for table in audited.tables)
        totals["numbers"] += sum(bool(v.quantity) for table in audited.tables for v in table.values.values())
        for result in audited.results:
            applications[result.check][result.verdict] += 1
            if result.verdict == "inconsistent":
                where = {c.where.table for c in audited.ledger.claims if f"published.{c.id}" in result.claims}
                table = " ".join(sorted(filter(None, where)))
                source = audited.document.source
                flags.append({"source": source, "table": table, "check": result.check, "says": result.detail})
    counted = {check: dict(sorted(verdicts.items())) for check, verdicts in sorted(applications.items())}
    return {"run": {"papers": len(papers), **totals, "applications": counted}, "flags": flags}


@functools.cache
def judged() -> dict:
    """``published.yaml``: ``run``, ``flags`` with their judgements, and the misreadings of ``former`` versions."""
    import yaml

    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def precision():
    """Accusations on real tables and how many are right, by version of the binder, with Wilson's interval (95 %).

    A DataFrame with the columns version, accusations, right, precision, low, high.
    """
    import pandas as pd
    from statsmodels.stats.proportion import proportion_confint

    content = judged()
    now = [flag["judged"] for flag in content["flags"]]
    first = [*now, *("misreading" for _ in content["former"])]
    rows = []
    for version, flags in (("all versions, with the misreadings since mended", first), ("now", now)):
        right = sum(flag == "contradiction" for flag in flags)
        low, high = proportion_confint(right, len(flags), method="wilson")
        rows.append((version, len(flags), right, right / len(flags), low, high))
    return pd.DataFrame(rows, columns=["version", "accusations", "right", "precision", "low", "high"])


def table():
    """Every accusation now, as a DataFrame: source, table, check, judged, because."""
    import pandas as pd

    return pd.DataFrame(judged()["flags"])


def errors_per_table():
    """Wrong accusations over all tables read, now: (errors, tables, high) with the upper end of Wilson's interval."""
    from statsmodels.stats.proportion import proportion_confint

    content = judged()
    wrong = sum(flag["judged"] != "contradiction" for flag in content["flags"])
    read = content["run"]["read"]
    return wrong, read, float(proportion_confint(wrong, read, method="wilson")[1])
