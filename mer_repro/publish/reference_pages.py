"""Pages generated for every paper: its run records, a row per run, and its code; and the downloads beside them."""

from __future__ import annotations

import ast
import hashlib
import html
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from mer_repro import papers, paths, report
from mer_repro.publish import croissant, export
from mer_repro.results import Score
from mer_repro.runs.records import Record
from mer_repro.runs.study import Study, load_study, study_keys
from mer_repro.runs.sweep import survey

#: Characters of a fingerprint that a row shows; the JSON has all of them.
SHOWN_DIGITS = 8
COLUMNS = (
    *("run", "seed", "scores as recorded", "state", "parameters", "seconds", "made", "data, source"),
    *("again", "files"),
)
RECORDS_PAGE = """\
# Records of {key}

{n} runs of the full profile, the ones that the chapter {{doc}}`../papers/{key}` prints. *Data* and *source* are the
first digits of the fingerprints of the files that a run read and of the code that its result depends on; *again* is the
command that makes the run anew and compares, and writes nothing. What a record is: {{doc}}`../records`.

```{{raw}} html
{table}
```
"""


def pages() -> dict[str, str]:
    """Page name -> its MyST text: the data sets, and records and code of every paper with a study and a chapter."""
    from mer_repro.data import documentation

    keys = [key for key in study_keys() if (paths.PROJECT / "book" / "papers" / f"{key}.md").is_file()]
    made = {f"records/{key}": records_page(key) for key in keys} | {f"code/{key}": code_page(key) for key in keys}
    return made | {"data_sets": documentation.page() + croissant.section()}


def records_page(key: str) -> str:
    """A paper's committed records, a row per run, with the state of each."""
    found = report.records(key)
    states = {cell.run.id: "; ".join([cell.state, *cell.reasons]) for cell in survey(key, "full")}
    return RECORDS_PAGE.format(key=key, n=len(found), table=table(found, states))


# Code ----------------------------------------------------------------------------------------------------------------


def code_page(key: str) -> str:
    """Every module of a paper's room, as it is in the package, with an anchor for each line."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    parts = [f"# Code of {key}", f"From `mer_repro/papers/{key}/`; the chapter is {{doc}}`../papers/{key}`."]
    for path in sorted((papers.ROOMS / key).glob("*.py")):
        code = path.read_text(encoding="utf-8")
        if code.count("\n") > 1:
            look = HtmlFormatter(linenos="inline", lineanchors=path.stem, anchorlinenos=True, cssclass="highlight")
            # Headings in words: a file name would become an address.
            parts.append(f"## {path.stem}\n\n```{{raw}} html\n{highlight(code, PythonLexer(), look)}```")
    return "\n\n".join(parts) + "\n"


def code_anchor(study: Study, record: Record) -> str:
    """Where a run's result starts in the code: ``code/<key>.html#<module>-<line>``, or "" outside its room."""
    for root in study.source_roots(record.run):
        module, _, name = root.partition(":")
        room, _, stem = module.rpartition(".")
        if room == f"mer_repro.papers.{record.paper}":
            return f"../code/{record.paper}.html#{stem}-{_line(record.paper, stem, name or 'execute')}"
    return ""


@cache
def _line(key: str, stem: str, name: str) -> int:
    tree = ast.parse((papers.ROOMS / key / f"{stem}.py").read_text(encoding="utf-8"))
    lines = (node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
    return next(lines, 1)


# Records -------------------------------------------------------------------------------------------------------------


def table(records: Iterable[Record], states: dict[str, str]) -> str:
    """The records as an HTML table: docutils would take a minute for what a browser reads at once."""
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    body = "\n".join(_row(record, states.get(record.id, "unplanned")) for record in records)
    return (
        '<div class="mer-scroll"><table class="table mer-table mer-records searchable">'
        f"<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>"
    )


def _row(record: Record, state: str) -> str:
    cell = [record.dataset, f"({record.data})", record.protocol, record.variant, record.target]
    cell += [f"{name} {value}" for name, value in record.factors.items()]
    given = "".join(f"<li>{html.escape(f'{name}: {value}')}</li>" for name, value in record.parameters.items())
    shown = (
        html.escape(" ".join(part for part in cell if part)),
        str(record.seed),
        "<br>".join(html.escape(f"{name} {_score(record, name)}") for name in record.metrics),
        html.escape(state) if state == "recorded" else f"<strong>{html.escape(state)}</strong>",
        f"<details><summary>{len(record.parameters)}</summary><ul>{given}</ul></details>" if given else "none",
        f"{record.seconds:.1f}",
        f"{record.finished[:10]}, {html.escape(record.device)}",
        f"{record.data_fingerprint[:SHOWN_DIGITS]} {record.source_fingerprint[:SHOWN_DIGITS]}",
        f"<code>mer-repro verify {record.paper} --only {html.escape(_selector(record))}</code>",
        " ".join(_files(record)),
    )
    return f'<tr id="{html.escape(record.id)}">' + "".join(f"<td>{text}</td>" for text in shown) + "</tr>"


def _selector(record: Record) -> str:
    names = ("dataset", "data", "protocol", "variant", "target", "seed")
    chosen = {name: getattr(record, name) for name in names} | record.factors
    return " ".join(f"{name}={value}" for name, value in chosen.items() if value != "")


def _files(record: Record) -> Iterator[str]:
    yield f'<a href="{html.escape(f"{record.paper}/{record.id}.json")}">JSON</a>'
    if record.evidence:
        yield f'<a href="{html.escape(f"{record.paper}/{record.evidence}")}">evidence</a>'
    if anchor := code_anchor(load_study(record.paper), record):
        yield f'<a href="{anchor}">code</a>'


def _score(record: Record, metric: str) -> str:
    low, high = (float("nan") if end is None else end for end in record.intervals.get(metric, (None, None)))
    return f"{Score(record.metrics[metric], low, high):.3}"


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
    ledgers = sorted(papers.ROOMS.glob("*/claims.yaml"))
    for path in [Path(__file__), Path(export.__file__), *ledgers]:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    for path in sorted(paths.records_home("full").glob("*/records/*.json")):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
