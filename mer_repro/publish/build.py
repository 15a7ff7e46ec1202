"""Execute the notebooks and build the Jupyter Book.

A notebook has two forms with one name: the text (``book/<name>.md``, MyST by jupytext), which people edit, and the
executed ``book/<name>.ipynb``, which readers and nbval see. `build` never changes a committed pair unless asked:

1. every text notebook is executed by papermill with the validated parameters of ``params/<profile>/<key>.yaml`` into
   ``_build/notebooks/<profile>/``, several at a time, unless nothing that it depends on changed;
2. pages and executed notebooks are staged in ``_build/source/``, their numbers linked to records and ledgers;
3. Jupyter Book builds ``_build/html/`` from there, with warnings as errors.

Only ``renew`` copies the executed notebooks back beside their texts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from mer_repro import paths
from mer_repro.errors import BookError, require_choice
from mer_repro.publish import chapters, croissant, findings, links, pdf, reference_pages

BOOK = paths.PROJECT / "book"
#: Seconds one cell may take; a full profile trains networks inside a cell.
CELL_TIMEOUT = 6 * 3600
#: Files that every page depends on.
OUTLINE = (
    *("_config.yml", "_toc.yml", "book/glossary.md", "mer_repro/publish/pages.py"),
    *("book/_static/mer.css", "book/_static/mer.js"),
)


@dataclass(frozen=True)
class Notebook:
    """One notebook pair.

    Attributes
    ----------
    name : path of the text form below ``book/``, without suffix, e.g. ``papers/qiu2025``.
    """

    name: str

    @property
    def key(self) -> str:
        """What its parameter file is called: the last part of the name, for a paper its citation key."""
        return self.name.rpartition("/")[2]

    @property
    def text(self) -> Path:
        """The edited form."""
        return BOOK / f"{self.name}.md"

    @property
    def committed(self) -> Path:
        """The executed form that is committed."""
        return BOOK / f"{self.name}.ipynb"

    def executed(self, profile: str) -> Path:
        """The executed form that a build of this profile makes."""
        return paths.build_home() / "notebooks" / profile / f"{self.name}.ipynb"


def notebooks() -> list[Notebook]:
    """All notebook pairs: the Markdown files below ``book/`` whose header names a kernel."""
    texts = (path for path in sorted(BOOK.rglob("*.md")) if ".ipynb_checkpoints" not in path.parts)
    return [Notebook(path.relative_to(BOOK).with_suffix("").as_posix()) for path in texts if _is_notebook(path)]


def _is_notebook(path: Path) -> bool:
    head = path.read_text(encoding="utf-8").split("\n---", 1)[0]
    return head.startswith("---") and "kernelspec:" in head


def parameters(notebook: Notebook, profile: str) -> dict:
    """What a notebook's study is run with under a profile, and its name; validated.

    Raises
    ------
    ParameterError
        If the study knows no such parameter, or the value is of the wrong kind.
    """
    from mer_repro.runs.study import load_parameters, study_keys

    paths.require_profile(profile)
    chosen = {"profile": profile}
    if notebook.key in study_keys():
        chosen |= load_parameters(notebook.key, profile).model_dump(mode="json")
    return chosen


def fingerprint(notebook: Notebook, profile: str) -> str:
    """Hash of all that an executed notebook depends on: text, parameters, package, records, data at hand."""
    digest = hashlib.sha256()
    digest.update(notebook.text.read_bytes())
    digest.update(json.dumps(parameters(notebook, profile), sort_keys=True).encode())
    digest.update(os.environ.get(paths.DATA_VARIABLE, "").encode())
    package = paths.PACKAGE
    inputs = [path for suffix in (".py", ".yaml") for path in package.rglob(f"*{suffix}")]
    for path in sorted(inputs):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    for path in sorted(_records_behind(notebook, profile)):
        digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def _records_behind(notebook: Notebook, profile: str) -> Iterator[Path]:
    """The records that a notebook shows: a paper's those of its own study, any other the committed ones of all papers.

    Notebooks that are executed side by side write records of their own; none is due again for another's.
    """
    if notebook.name.startswith("papers/"):
        for home in {paths.records_home("full"), paths.records_home(profile)}:
            yield from home.glob(f"{notebook.key}/records/*.json")
    else:
        yield from paths.records_home("full").glob("*/records/*.json")


def execute(notebook: Notebook, profile: str) -> Path:
    """Execute one notebook into ``_build/notebooks/<profile>/`` and return where it lies.

    Raises
    ------
    BookError
        If a cell fails; the message names the notebook, the cell and the error. No executed form is left behind then.
    """
    import jupytext
    import nbformat
    import papermill

    parameters(notebook, profile)
    chosen = {"profile": profile}
    target = notebook.executed(profile)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft, source = target.with_suffix(".draft.ipynb"), target.with_suffix(".source.ipynb")
    nbformat.write(jupytext.read(notebook.text), source)
    try:
        papermill.execute_notebook(
            str(source),
            str(draft),
            parameters=chosen,
            kernel_name="python3",
            cwd=str(paths.PROJECT),
            progress_bar=False,
            execution_timeout=CELL_TIMEOUT,
        )
    except papermill.PapermillExecutionError as error:
        last = error.traceback[-1].splitlines()[-1] if error.traceback else error.evalue
        raise BookError(
            f"book/{notebook.name}.md fails in cell {error.cell_index} ({error.ename}): {error.evalue or last}\n"
            f"The cell:\n{error.source}"
        ) from None
    else:
        _tidy(draft)
        draft.replace(target)
    finally:
        source.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)
    return target


def _tidy(path: Path) -> None:
    """Drop what differs between two equal executions: times, identifiers, machine paths, kernel versions."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"
        tags = list(cell.metadata.get("tags", []))
        cell.metadata = {"tags": [*tags, "remove-cell"] if "injected-parameters" in tags else tags} if tags else {}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_noise(output)]
    nbformat.write(notebook, path)


def _is_noise(output: dict) -> bool:
    """Progress bars and other stderr: useful while a notebook runs, noise on its page."""
    return output.get("output_type") == "stream" and output.get("name") == "stderr"


def execute_all(
    profile: str,
    workers: int,
    say: Callable[[str], None],
    force: bool = False,
    chosen: Iterable[Notebook] | None = None,
) -> None:
    """Execute every notebook (or those chosen) that is not up to date, `workers` at a time, even if one fails.

    Raises
    ------
    BookError
        Naming every notebook that failed.
    """
    stamps = {notebook: fingerprint(notebook, profile) for notebook in (notebooks() if chosen is None else chosen)}
    due = [notebook for notebook, stamp in stamps.items() if force or not _is_current(notebook, profile, stamp)]
    for notebook in stamps.keys() - set(due):
        say(f"  {notebook.name}: unchanged")
    failures = []
    log = paths.build_home() / "notebooks" / profile / "kernels.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(max(1, min(workers, len(due))), initializer=_log_to, initargs=(log,)) as pool:
        running = {pool.submit(execute, notebook, profile): notebook for notebook in due}
        for notebook in due:
            say(f"  {notebook.name}: executing with the {profile} profile")
        for future in as_completed(running):
            notebook = running[future]
            try:
                future.result()
            except Exception as error:
                failures.append(f"{notebook.name}: {error}")
                say(f"  {notebook.name}: FAILED")
            else:
                # Taken anew: the notebook itself may have added records, which it then depends on.
                _stamp(notebook, profile).write_text(fingerprint(notebook, profile))
                say(f"  {notebook.name}: done")
    if failures:
        raise BookError("These notebooks failed:\n\n" + "\n\n".join(failures))


def _log_to(path: Path) -> None:
    """Send what kernels and libraries write to this process's stderr into a file; errors come back as exceptions."""
    with path.open("a") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())


def _stamp(notebook: Notebook, profile: str) -> Path:
    return notebook.executed(profile).with_suffix(".stamp")


def _is_current(notebook: Notebook, profile: str, stamp: str) -> bool:
    recorded = _stamp(notebook, profile)
    return notebook.executed(profile).is_file() and recorded.is_file() and recorded.read_text() == stamp


def stage(profile: str, chosen: Collection[Notebook]) -> Path:
    """Mirror pages and notebooks into ``_build/source/``, touching only what changed.

    Of the `chosen` notebooks the form that was just executed, of the others the committed one.
    """
    source = paths.build_home() / "source"
    pairs = notebooks()
    wanted = {
        (pair.executed(profile) if pair in chosen else pair.committed): source / f"{pair.name}.ipynb" for pair in pairs
    }
    edited = {path for notebook in pairs for path in (notebook.text, notebook.committed)}
    for path in BOOK.rglob("*"):
        if path.is_file() and path not in edited and ".ipynb_checkpoints" not in path.parts:
            wanted[path] = source / path.relative_to(BOOK)
    notebook_pages = {source / f"{pair.name}.ipynb": pair.name for pair in pairs}
    linked_pages = []
    kept = set(wanted.values())
    for path, place in wanted.items():
        if place in notebook_pages:
            for name, text, page in _linked(path, notebook_pages[place]):
                linked_pages.append(page)
                kept.add(source / f"{name}.ipynb")
                _write_if_changed(source / f"{name}.ipynb", text)
        elif not place.is_file() or place.read_bytes() != path.read_bytes():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    generated = {source / f"{name}.md": text for name, text in reference_pages.pages().items()}
    generated[source / "datasets.bib"] = _datasets_bibliography()
    generated[source / "changelog.md"] = (paths.PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    picture = f"![{findings.description()}](_static/findings.svg)"
    front = links.Page("intro")
    said = [f"{n}. {front.markup(sentence.spans, escape=False)}" for n, sentence in enumerate(findings.sentences(), 1)]
    generated[source / "findings.md"] = "\n".join([*said, "", picture, ""])
    table = findings.glance([pair.key for pair in pairs if pair.name.startswith("papers/")])
    generated[source / "glance.md"] = front.whole(table)
    linked_pages.append(front)
    for place, text in generated.items():
        _write_if_changed(place, text)
    links.write_log(paths.build_home(), linked_pages)
    kept |= {*generated, *_stage_datatables(source)}
    for path in list(source.rglob("*")):
        if path.is_file() and path not in kept:
            path.unlink()
    return source


def _linked(path: Path, name: str) -> Iterator[tuple[str, str, links.Page]]:
    """The pages of an executed notebook: name, JSON with numbers linked to records and claims, what was linked."""
    import nbformat

    notebook, key = nbformat.read(path, as_version=4), name.rpartition("/")[2]
    pages = {name: notebook}
    if name.startswith("papers/"):
        chapter, evidence = chapters.divide(notebook, key)
        pages = {name: chapter} | ({f"{chapters.FOLDER}/{key}": evidence} if evidence else {})
    for each, divided in pages.items():
        page = links.linked(divided, each)
        yield each, nbformat.writes(divided), page


def _datasets_bibliography() -> str:
    """The loaders' own bibliography entries."""
    from mer_repro.data import registry

    return "\n\n".join(registry.dataset_module(name).BIBTEX.strip() for name in registry.DATASETS) + "\n"


def _stage_datatables(source: Path) -> set[Path]:
    """DataTables for the pages, from the itables package: a plain script, because browsers refuse modules on file://."""
    import itables

    bundle = Path(itables.__file__).parent / "html"
    script = (bundle / "dt_bundle.js").read_text(encoding="utf-8")
    exported = re.search(r"export\{([^}]*)\}", script)
    names = dict(reversed(item.split(" as ")) for item in exported.group(1).split(","))
    ending = f"window.merTables={{DataTable:{names['default']}}};"
    classic = "(() => {" + script[: exported.start()] + ending + script[exported.end() :].lstrip(";") + "\n})();\n"
    target = source / "_static" / "datatables.js"
    _write_if_changed(target, classic)
    _write_if_changed(target.with_suffix(".css"), (bundle / "dt_bundle.css").read_text(encoding="utf-8"))
    return {target, target.with_suffix(".css")}


def _write_if_changed(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def build(
    profile: str,
    workers: int = 2,
    renew: bool = False,
    force: bool = False,
    only: Collection[str] | None = None,
    say: Callable[[str], None] = print,
    as_pdf: bool = False,
) -> Path:
    """Execute what is due, build the book, and return the path of its first page.

    Parameters
    ----------
    profile : "smoke", "quick" or "full".
    workers : notebooks executed at the same time.
    renew : also copy the executed notebooks beside their texts, which is what gets committed.
    force : execute every notebook, current or not.
    only : names of the notebooks to execute and renew; the others are shown as they are committed. All by default.
    say : takes one line of progress.
    as_pdf : also print the book into ``_build/book.pdf``, and return that path.

    Raises
    ------
    BookError
        If a notebook fails or Jupyter Book warns, or one that is not chosen has no committed form yet.
    ParameterError
        If there is no such profile or notebook.
    """
    paths.require_profile(profile)
    pairs = {notebook.name: notebook for notebook in notebooks()}
    chosen = list(pairs.values()) if only is None else [pairs[require_choice("notebook", n, pairs)] for n in only]
    if bare := [name for name, pair in pairs.items() if pair not in chosen and not pair.committed.is_file()]:
        raise BookError(f"Not executed yet: {', '.join(bare)}. Name them, too: --only {' --only '.join(bare)}.")
    say(f"== notebooks ({profile} profile, {workers} at a time)")
    execute_all(profile, workers, say, force, chosen)
    if renew:
        for notebook in chosen:
            shutil.copyfile(notebook.executed(profile), notebook.committed)
            say(f"  {notebook.committed.relative_to(paths.PROJECT)}: renewed")
    say("== pages")
    source = stage(profile, chosen)
    run_jupyter_book = "from jupyter_book.cli.main import main; main()"
    command = [
        sys.executable,
        "-c",
        run_jupyter_book,
        "build",
        str(source),
        "--path-output",
        str(paths.build_home().parent),
    ]
    command += ["--config", str(paths.PROJECT / "_config.yml"), "--toc", str(paths.PROJECT / "_toc.yml")]
    command += ["--warningiserror", "--keep-going", "--quiet"]
    # Every page shows the table of contents, but Sphinx rewrites only pages whose own text changed.
    outline = paths.build_home() / "outline.sha256"
    wanted = hashlib.sha256(b"".join((paths.PROJECT / name).read_bytes() for name in OUTLINE)).hexdigest()
    if not outline.is_file() or outline.read_text() != wanted:
        command.append("--all")
    done = subprocess.run(command, cwd=paths.PROJECT, capture_output=True, text=True)
    if done.returncode == 0:
        outline.write_text(wanted)
        reference_pages.write_downloads(paths.build_home() / "html" / "records")
        croissant.write(paths.build_home() / "html" / croissant.FOLDER)
    else:
        raise BookError("Jupyter Book does not build the pages without warnings:\n" + "\n".join(_complaints(done)))
    if as_pdf:
        say("== PDF")
        return pdf.write(source, paths.build_home() / "book.pdf")
    return paths.build_home() / "html" / "index.html"


def _complaints(done: subprocess.CompletedProcess) -> Iterator[str]:
    """The lines of Jupyter Book's output that say what is wrong; all of it where none does."""
    lines = (done.stdout + done.stderr).splitlines()
    telling = [line for line in lines if "WARNING" in line or "ERROR" in line or "Error" in line]
    yield from telling or lines
