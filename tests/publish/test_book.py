"""Notebook pairs, their parameters, and what a failing notebook says."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import jupytext
import nbformat
import pytest
import yaml
from click.testing import CliRunner
from docutils import nodes
from pybtex.database import parse_string

from mer_repro import paths
from mer_repro.cli import main
from mer_repro.errors import BookError, ParameterError
from mer_repro.publish import build as book
from mer_repro.publish import pages, pdf

PAIRS = book.notebooks()
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def edited_cells(notebook):
    """(type, source) of the cells that people wrote, blank lines at the ends aside."""
    return [
        (cell.cell_type, cell.source.strip())
        for cell in notebook.cells
        if "injected-parameters" not in cell.metadata.get("tags", []) and cell.source.strip()
    ]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_executed_form_is_the_text_executed(pair):
    text, executed = jupytext.read(pair.text), nbformat.read(pair.committed, as_version=4)
    assert edited_cells(executed) == edited_cells(text), f"renew with: mer-repro book --profile full ({pair.name})"
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code" and cell.source.strip())


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_notebook_takes_a_profile_and_a_papers_overrides(pair):
    """A parameter's value is written once, in the profile's file."""
    cells = jupytext.read(pair.text).cells
    (declared,) = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    exec(compile(declared, pair.name, "exec"), {}, namespace := {})
    of_paper = pair.name.startswith("papers/")
    assert namespace == {"profile": "quick"} | ({"overrides": {}} if of_paper else {})


@pytest.mark.parametrize("pair", [p for p in PAIRS if not p.name.startswith("papers/")], ids=lambda pair: pair.name)
def test_a_page_that_runs_no_study_refuses_a_profile_that_does_not_exist(pair):
    _, first, *_ = [cell.source for cell in jupytext.read(pair.text).cells if cell.cell_type == "code"]
    with pytest.raises(ParameterError, match="smoke"):
        exec(first, {"profile": "smoek"})


def test_a_typo_in_a_parameter_file_is_an_error(tmp_path, monkeypatch):
    file = tmp_path / "qiu2025.yaml"
    file.write_text(yaml.safe_dump({"sedes": 3}))
    monkeypatch.setattr(paths, "parameters_file", lambda profile, paper: file)
    with pytest.raises(ParameterError, match=r"unknown parameter 'sedes'.*Did you mean 'seeds'"):
        book.parameters(book.Notebook("papers/qiu2025"), "smoke")


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """An empty book folder and build folder; returns a function that writes a notebook's text."""
    monkeypatch.setattr(book, "BOOK", tmp_path / "book")
    monkeypatch.setattr(paths, "build_home", lambda: tmp_path / "_build")

    def write(name, code):
        path = tmp_path / "book" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
        cell = nbformat.v4.new_code_cell('profile = "quick"', metadata={"tags": ["parameters"]})
        notebook.cells = [cell, nbformat.v4.new_code_cell(code)]
        jupytext.write(notebook, path, fmt="md:myst")
        return book.Notebook(name)

    return write


def test_execution_injects_the_profile_and_is_not_repeated(small_book, tmp_path):
    log = tmp_path / "log"
    notebook = small_book("one", f"open({str(log)!r}, 'a').write(profile)")
    lines = []
    book.execute_all("smoke", 1, lines.append)
    assert log.read_text() == "smoke"
    book.execute_all("smoke", 1, lines.append)
    assert log.read_text() == "smoke" and lines[-1].strip() == "one: unchanged"
    notebook.text.write_text(notebook.text.read_text().replace("'a'", "'w'"))
    book.execute_all("smoke", 1, lines.append)
    assert lines[-1].strip() == "one: done"


def test_a_notebook_is_due_again_for_its_own_papers_records_only(small_book):
    chapter, across = small_book("papers/qiu2025", "1"), small_book("critique", "1")
    before = book.fingerprint(chapter, "smoke"), book.fingerprint(across, "smoke")
    for key in ("bath2025", "qiu2025"):
        record = paths.records_home("smoke") / key / "records" / "one.json"
        record.parent.mkdir(parents=True)
        record.write_text("{}")
        assert (book.fingerprint(chapter, "smoke") == before[0]) == (key != "qiu2025")
        assert book.fingerprint(across, "smoke") == before[1]


def test_a_failing_notebook_is_named_and_the_others_are_executed(small_book):
    bad, good = small_book("bad", "raise ValueError('of the planted kind')"), small_book("good", "1 + 1")
    with pytest.raises(book.BookError, match=r"bad.*(?s:.)*of the planted kind"):
        book.execute_all("smoke", 2, lambda line: None)
    assert good.executed("smoke").is_file()
    assert not bad.executed("smoke").is_file()
    assert not list(bad.executed("smoke").parent.glob("*.draft.ipynb"))


def test_executed_form_is_the_same_every_time(small_book):
    notebook = small_book("stable", "print('x')\n{'a': 1}")
    first = book.execute(notebook, "smoke").read_text()
    assert book.execute(notebook, "smoke").read_text() == first
    assert json.loads(first)["metadata"]["language_info"] == {"name": "python"}


def test_unknown_profile_is_refused_by_name():
    done = CliRunner().invoke(main, ["book", "--profile", "quik"])
    assert done.exit_code == 2
    assert "Unknown profile 'quik'. Did you mean 'quick'?" in done.output


def test_cells_of_one_notebook_stay_in_one_process_under_xdist(tmp_path):
    """nbval under `pytest -n 2` without `--dist`: the project's own options say loadfile."""
    for name in ("one", "two"):
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in ("quality = 1", "quality + 1", "quality + 2")]
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    command = [sys.executable, "-m", "pytest", "-c", str(paths.PROJECT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    options = ["-q", "-n", "2", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run([*command, *options, str(tmp_path)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "6 passed" in done.stdout, done.stdout + done.stderr


def test_for_paper_a_page_loses_what_is_folded_and_its_scripts(tmp_path):
    page = tmp_path / "intro.html"
    page.write_text(
        "<html><head><script>1</script></head><body><h1>Book</h1><p>open text</p>"
        '<div class="cell tag_hide-cell"><p>a folded table</p></div>'
        '<div class="cell tag_hide-input"><details class="admonition hide above-input">the code</details>'
        "<p>open table</p></div>"
        "</body></html>"
    )
    pdf.trim(page)
    text = page.read_text()
    assert "open text" in text and "open table" in text and pdf.NOTE in text
    assert not any(gone in text for gone in ("a folded table", "the code", "<script"))


def test_a_pdf_without_a_browser_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BookError, match="needs Chromium"):
        pdf.write(tmp_path, tmp_path / "book.pdf")


# What a page says of itself ---------------------------------------------------------------------------------------


def page_of(body):
    """A page's document with a title, a first paragraph and this reStructuredText."""
    from docutils.core import publish_doctree

    said = "Title\n=====\n\n.. note:: Not this.\n\nFirst words of the page, " + "and more, " * 20 + "\n\n"
    return publish_doctree(said + body, settings_overrides={"doctitle_xform": False})


def test_a_page_is_described_by_its_first_paragraph_cut_at_a_word():
    text = pages.describe(page_of(""))
    assert text.startswith("First words of the page, and more,") and text.endswith(" …")
    assert len(text) <= pages.LONGEST + 2 and "Not this" not in text


def test_verdicts_are_repeated_for_machines_as_people_read_them():
    table = (
        ".. role:: raw-html(raw)\n   :format: html\n\n.. list-table::\n   :class: mer-verdicts\n   :header-rows: 1\n\n"
        "   * - claim\n     - verdict\n     - because\n"
        "   * - It is best.\n     - ✗ unsupported\n     - It has :raw-html:`<a href='x'>1 &lt; 2</a>`.\n"
    )
    (review,) = pages.reviews(page_of(table), "The Paper")
    assert review["@type"] == "ClaimReview" and review["claimReviewed"] == "It is best."
    assert review["reviewRating"]["alternateName"] == "unsupported" and review["reviewBody"] == "It has 1 < 2."
    assert review["itemReviewed"]["appearance"]["name"] == "The Paper"


def test_a_citation_names_the_page_and_what_it_was_made_with():
    entry = parse_string(
        pages.citation("papers/qiu2025", "A title", "mer_repro 1.2, commit abc", "2026-05-04"), "bibtex"
    )
    (key,) = entry.entries
    assert key == "mer_repro_qiu2025" and entry.entries[key].fields["year"] == "2026"
    assert entry.entries[key].fields["note"] == "mer_repro 1.2, commit abc, 2026-05-04, page papers/qiu2025"


def test_the_first_mention_of_a_term_is_explained_and_no_other():
    from docutils.core import publish_doctree

    glossary = publish_doctree("Leak\n  What <reaches> training.\n\nMAE\n  An error.\n\nClaim\n  A number.\n")
    for term in glossary.findall(nodes.term):
        term["ids"] = [f"term-{term.astext()}"]
    app = SimpleNamespace(
        env=SimpleNamespace(found_docs={"glossary"}, get_doctree=lambda name: glossary),
        builder=SimpleNamespace(format="html", get_relative_uri=lambda page, to: f"../{to}.html"),
    )
    html = ".. role:: html(raw)\n   :format: html\n\n"
    link = "<a href='x?show=leak.MAE'>"
    page = page_of(f"{html}A claim of ``MAE``, :html:`{link}`, leaks and a leak, maelstrom, MAE and no bleak MAE.\n")
    pages.explain(app, page, "papers/one2026")
    kept, leak, error = [raw.astext() for raw in page.findall(nodes.raw)]
    assert kept == link
    assert leak == (
        '<a class="mer-term" href="../glossary.html#term-Leak" title="What &lt;reaches&gt; training.">leaks</a>'
    )
    assert error.endswith(">MAE</a>") and "bleak MAE." in page.astext()
