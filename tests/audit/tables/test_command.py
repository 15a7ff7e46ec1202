"""``mer-repro audit`` on files and standard input: what is read comes first, bad input is one clear error."""

import json
import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from mer_repro.cli import main

ROOT = Path(__file__).resolve().parents[3]
PASTED = """Table 2: Scores by emotion class
Emotion Class  Precision  Recall  F1    Support
happy          0.90       0.85    0.88  40
sad            0.85       0.90    0.93  40
Macro average  0.88       0.88    0.90  80
"""


def run(*arguments: str, text: str = "") -> str:
    result = CliRunner().invoke(main, ["audit", *arguments], input=text)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_was_read_is_shown_before_what_was_found():
    shown = run("-", text=PASTED)
    assert shown.index("a report by 2 classes") < shown.index("● inconsistent")
    assert "F1 0.93 (t2.sad.f1) does not follow from precision 0.85 and recall 0.90" in shown


def test_json_has_the_shape_of_our_ledgers():
    [ours] = [entry for entry in json.loads(run("qiu2025", "--json"))][:1]
    entries = json.loads(run("-", "--json", text=PASTED))
    assert entries and all(set(entry) == set(ours) for entry in entries)


def test_page_and_ledger_are_written_and_the_ledger_audits_alike(tmp_path):
    table = tmp_path / "scores.txt"
    table.write_text(PASTED)
    shown = run(str(table), "--html", str(tmp_path / "page.html"), "--write-ledger", str(tmp_path / "claims.yaml"))
    page = (tmp_path / "page.html").read_text()
    assert '<td class="inconsistent"' in page and "0.93" in page and "http" not in page
    verdicts = [line for line in shown.splitlines() if line.startswith("●")]
    assert [line for line in run(str(tmp_path / "claims.yaml")).splitlines() if line.startswith("●")] == verdicts


def test_a_ledger_is_never_overwritten(tmp_path):
    (tmp_path / "scores.txt").write_text(PASTED)
    (tmp_path / "claims.yaml").write_text("mine")
    result = CliRunner().invoke(
        main, ["audit", str(tmp_path / "scores.txt"), "--write-ledger", str(tmp_path / "claims.yaml")]
    )
    assert result.exit_code != 0 and (tmp_path / "claims.yaml").read_text() == "mine"


def test_an_unreadable_header_is_a_question():
    assert "? what does column 'Foo' measure?" in run("-", text="Model,Foo,F1\nA,0.5,0.6\nB,0.6,0.7\n")


@pytest.mark.parametrize("source", ["absent.csv", "nosuchpaper"])
def test_what_is_neither_paper_nor_file_is_named(source):
    result = CliRunner().invoke(main, ["audit", source])
    message = result.output + str(result.exception)
    assert result.exit_code != 0 and source in message


def test_a_strangers_minute(tmp_path, monkeypatch):
    """The lines of the README, as they stand there, on a table as a paper's text has it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^(mer-repro audit (?:table|-).*)$", readme, re.M)
    assert lines
    monkeypatch.chdir(tmp_path)
    Path("table.txt").write_text(PASTED)
    start = time.perf_counter()
    for line in lines:
        assert "inconsistent" in run(*line.split("#")[0].split()[2:], text=PASTED)
    assert time.perf_counter() - start < 60
