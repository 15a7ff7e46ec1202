"""Pages generated for every paper: its run records, a row a run, and its code; and the downloads beside them."""

from __future__ import annotations

import hashlib
import html
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mer_repro import papers, paths, report
from mer_repro.publish import export
from mer_repro.runs.records import Record
from mer_repro.runs.study import study_keys

#: Characters of a fingerprint that a row shows; the JSON has all of them.
SHOWN_DIGITS = 8
COLUMNS = ("run", "seed", "scores", "parameters", "seconds", "made", "data, source", "record")
RECORDS_PAGE = """\
# Records of {key}

{n} runs of the full profile, the ones that the chapter {{doc}}`../papers/{key}` prints. *Data* and *source* are the
first digits of the fingerprints of the files that a run read and of the code that its result depends on. What a record
is: {{doc}}`../records`.

```{{raw}} html
{table}
```
"""
#: What a reader holds beside the paper.
SHOWN_CODE = ("model.py", "study.py")


def pages() -> dict[str, str]:
    """Page name -> its MyST text, for every paper with a study and a chapter."""
    keys = [key for key in study_keys() if (paths.PROJECT / "book" / "papers" / f"{key}.md").is_file()]
    return _record_pages(keys) | {f"code/{key}": code_page(key) for key in keys}


def code_page(key: str) -> str:
    """The network and the experiments of a paper, as they are in the package."""
    parts = [f"# Code of {key}", f"From `mer_repro/papers/{key}/`; the chapter is {{doc}}`../papers/{key}`."]
    for name in SHOWN_CODE:
        code = (papers.ROOMS / key / name).read_text(encoding="utf-8").rstrip()
        parts.append(f"## {name}\n\n`````{{code-block}} python\n{code}\n`````")
    return "\n\n".join(parts) + "\n"


def _record_pages(keys: list[str]) -> dict[str, str]:
    found = {key: report.records(key) for key in keys}
    return {
        f"records/{key}": RECORDS_PAGE.format(key=key, n=len(records), table=table(records))
        for key, records in found.items()
    }


def table(records: Iterable[Record]) -> str:
    """The records as an HTML table: docutils would take a minute for what a browser reads at once."""
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    body = "\n".join(_row(record) for record in records)
    return (
        '<div class="mer-scroll"><table class="table mer-table mer-records searchable">'
        f"<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>"
    )


def _row(record: Record) -> str:
    cell = [record.dataset, f"({record.data})", record.protocol, record.variant, record.target]
    cell += [f"{name} {value}" for name, value in record.factors.items()]
    place = html.escape(f"{record.paper}/{record.id}.json")
    shown = (
        html.escape(" ".join(part for part in cell if part)),
        str(record.seed),
        "<br>".join(html.escape(f"{name} {_score(record, name)}") for name in record.metrics),
        html.escape(", ".join(f"{name}: {value}" for name, value in record.parameters.items())),
        f"{record.seconds:.1f}",
        f"{record.finished[:10]}, {html.escape(record.device)}",
        f"{record.data_fingerprint[:SHOWN_DIGITS]} {record.source_fingerprint[:SHOWN_DIGITS]}",
        f'<a href="{place}">JSON</a>',
    )
    return f'<tr id="{html.escape(record.id)}">' + "".join(f"<td>{text}</td>" for text in shown) + "</tr>"


def _score(record: Record, metric: str) -> str:
    low, high = record.intervals.get(metric, (None, None))
    return report.interval(record.metrics[metric], low, high)


def write_downloads(folder: Path) -> None:
    """Put every record, the table of all and the RO-Crate into the built book's `folder`, unless they are there.

    The crate's folder is laid out as the book's ``records/``: its links hold in both.
    """
    stamp, state = folder / ".records", _state()
    if stamp.is_file() and stamp.read_text() == state:
        return
    if not any(report.records(key) for key in study_keys()):
        return
    with tempfile.TemporaryDirectory() as temporary:
        crate = export.write(Path(temporary) / "mer_repro-records")
        shutil.copytree(crate, folder, dirs_exist_ok=True)
        shutil.make_archive(str(folder / "mer_repro-records"), "zip", temporary, crate.name)
    export.ledger_table().to_csv(folder / "ledgers.csv", index=False)
    stamp.write_text(state)


def _state() -> str:
    digest = hashlib.sha256()
    sources = [Path(__file__), Path(export.__file__), *sorted(Path(__file__).parent.glob("papers/*/claims.yaml"))]
    for path in [*sources, *sorted(paths.records_home("full").glob("*/records/*.json"))]:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
