"""`mer-repro new`: all of a paper's files, or none; what they do when built is tested in test_site.py."""

import importlib
import re
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from mer_repro import papers, paths
from mer_repro.audit import ledger
from mer_repro.cli import main
from mer_repro.errors import LedgerError, ParameterError
from mer_repro.publish import new_paper
from mer_repro.results import Results
from mer_repro.runs.records import RecordStore

ROOT = paths.PROJECT


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The two files that a new paper changes, in an otherwise empty project."""
    (tmp_path / "book").mkdir()
    (tmp_path / "mer_repro" / "papers").mkdir(parents=True)
    for name in ("_toc.yml", "book/references.bib"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(paths, "PROJECT", tmp_path)
    monkeypatch.setattr(papers, "ROOMS", tmp_path / "mer_repro" / "papers")
    return tmp_path


def content(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def test_a_paper_is_laid_out_under_its_key(project):
    done = CliRunner().invoke(main, ["new", "jones2031", "--title", "Deep Moods", "--doi", "10.1000/182"])
    assert done.exit_code == 0, done.output
    room = project / "mer_repro" / "papers" / "jones2031"
    assert {p.name for p in room.iterdir()} == {
        "__init__.py", "claims.yaml", "model.py", "study.py", "names.py", "verdicts.py", "chapter.py",
    }  # fmt: skip
    assert all((project / "params" / profile / "jones2031.yaml").is_file() for profile in paths.PROFILES)
    chapters = [part["chapters"] for part in yaml.safe_load((project / "_toc.yml").read_text())["parts"]]
    (with_papers,) = [part for part in chapters if any(c["file"] == "papers/jones2031" for c in part)]
    assert with_papers[-1] == {
        "file": "papers/jones2031",
        "sections": [{"file": "evidence/jones2031", "title": "Evidence"}],
    }
    assert [c["sections"] for c in with_papers if c["file"] == "papers/qiu2025"] == [
        [{"file": "evidence/qiu2025", "title": "Evidence"}]
    ]
    assert "title = {Deep Moods}" in (project / "book" / "references.bib").read_text()
    left = [p for p in project.rglob("*") if p.is_file() and new_paper.KEY_MARK in p.read_text()]
    assert left == []
    assert ledger.load("jones2031").claims


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["Smith2027"], "is not of the form author and year"),
        (["smith"], "is not of the form author and year"),
        (["../jones2031"], "is not of the form author and year"),
        (["jones2031", "--title", "a {brace"], "holds a brace"),
        (["jones2031", "--doi", "https://doi.org/10.1/2"], "is not a DOI"),
        (["qiu2025"], "There is a paper 'qiu2025' already: found its entry in book/references.bib"),
    ],
)
def test_what_cannot_be_laid_out_is_refused_and_leaves_no_trace(project, arguments, says):
    before = content(project)
    done = CliRunner().invoke(main, ["new", *arguments])
    assert done.exit_code == 2 and says in done.output
    assert content(project) == before


def test_a_second_time_is_refused(project):
    new_paper.lay_out("jones2031")
    before = content(project)
    with pytest.raises(new_paper.LayoutError, match="already: found mer_repro/papers/jones2031"):
        new_paper.lay_out("jones2031")
    assert content(project) == before


def test_a_write_that_fails_is_taken_back(project, monkeypatch):
    before = content(project)
    (project / "params").write_text("a file where a folder must be")
    before = content(project)
    with pytest.raises(new_paper.LayoutError, match="Nothing was changed"):
        new_paper.lay_out("jones2031")
    assert content(project) == before


def test_outside_a_clone_the_error_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "PROJECT", tmp_path)
    with pytest.raises(new_paper.LayoutError, match="works in a clone"):
        new_paper.lay_out("jones2031")
    with pytest.raises(ParameterError, match="author and year"):
        new_paper.lay_out("")


def test_a_replaced_ledger_says_which_claim_is_missing_and_who_asks(project, monkeypatch):
    """The page says: replace the examples. The ledger here is Music2Emotion's (arXiv 2502.03979), tables 1 and 2."""
    new_paper.lay_out("kang2025")
    room = project / "mer_repro" / "papers" / "kang2025"
    shutil.copy(Path(__file__).parent / "kang2025.yaml", room / "claims.yaml")
    assert len(ledger.load("kang2025").claims) == 58
    monkeypatch.setattr(papers, "__path__", [*papers.__path__, str(room.parent)])
    chapter = importlib.import_module("mer_repro.papers.kang2025.chapter")
    says = r"ledger of kang2025 has no claim 't1.ours.rmse', which chapter.py asks for"
    with pytest.raises(LedgerError, match=says):
        chapter.numbers(Results("kang2025", [], RecordStore(project)))


def test_no_text_counts_the_papers_by_hand():
    for name in ("README.md", "book/intro.md", "mer_repro/cli.py"):
        text = (ROOT / name).read_text(encoding="utf-8")
        text = re.sub("<!-- findings.*end of findings -->", "", text, flags=re.DOTALL)  # tools/readme.py counts these
        found = re.search(r"\b(four|five|six|seven)\s+papers", text, re.IGNORECASE)
        assert not found, f"{name} says {found.group()!r}, which a further paper makes wrong"
