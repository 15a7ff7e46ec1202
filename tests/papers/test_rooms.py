"""What every paper's room promises, for all of them alike."""

import importlib
import re

import pytest

from mer_repro import papers, paths, verdicts
from mer_repro.audit import ledger
from mer_repro.results import Results
from mer_repro.runs.records import RecordStore
from mer_repro.runs.sweep import survey
from mer_repro.tables import Table, spans

KEYS = papers.paper_keys()


def chapter(key):
    return importlib.import_module(f"mer_repro.papers.{key}.chapter")


def rules(key):
    return importlib.import_module(f"mer_repro.papers.{key}.verdicts").RULES


@pytest.fixture(scope="module", params=KEYS)
def key(request):
    return request.param


@pytest.fixture(scope="module")
def results(key):
    return Results.load(key)


@pytest.fixture(scope="module")
def nothing(key, tmp_path_factory):
    return Results(key, [], RecordStore(tmp_path_factory.mktemp("empty")))


def test_prose_quotes_numbers_that_exist(key, results):
    page = (paths.PROJECT / "book" / "papers" / f"{key}.md").read_text(encoding="utf-8")
    numbers = chapter(key).numbers(results)
    assert set(re.findall(r"{glue:text}`(\w+)`", page)) <= set(numbers)


def test_every_quoted_score_with_an_interval_knows_its_records(key, results):
    page = (paths.PROJECT / "book" / "papers" / f"{key}.md").read_text(encoding="utf-8")
    numbers = chapter(key).numbers(results)
    bare = []
    for name in set(re.findall(r"{glue:text}`(\w+)`", page)):
        cell = spans(numbers[name])
        if "[" in "".join(text for text, _ in cell) and not any(source for _, source in cell):
            bare.append(name)
    assert not bare


def test_rules_speak_of_claims_that_the_ledger_has_and_one_is_the_headline(key):
    book = ledger.load(key)
    known = {claim.id for claim in book.claims} | {statement.id for statement in book.statements}
    assert not {name for rule in rules(key) for name in rule.about} - known
    assert sum(rule.headline for rule in rules(key)) == 1


def test_without_records_nothing_is_judged_and_every_table_says_so(key, nothing):
    judged = verdicts.judge(rules(key), nothing)
    assert {verdict.judgement for verdict in judged} <= {"not run", "untestable", "undecided"}
    constant = {rule.claim for rule in rules(key) if isinstance(rule, verdicts.Fixed)}
    assert all(verdict.claim in constant for verdict in judged if verdict.judgement == "undecided")
    assert isinstance(chapter(key).card(nothing), Table)
    chapter(key).numbers(nothing)


def test_no_sentence_of_a_verdict_holds_an_undefined_number(key, results):
    for verdict in verdicts.judge(rules(key), results):
        assert "nan" not in str(verdict.because), verdict.claim


def test_a_room_goes_one_way(key):
    """names <- verdicts <- chapter, and no room imports another's."""
    room = papers.ROOMS / key
    for path in room.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(rf"mer_repro\.papers\.(?!{key}\b)\w", text), path
    above = {
        "names.py": ("verdicts", "chapter"),
        "verdicts.py": ("chapter",),
        "model.py": ("study", "names", "chapter"),
    }
    for name, others in above.items():
        text = (room / name).read_text(encoding="utf-8")
        for other in others:
            assert not re.search(rf"papers\.{key}(\.{other}\b| import .*\b{other}\b)", text), f"{name} imports {other}"


def test_every_stale_record_is_listed_and_none_is_damaged(key):
    """Records of an earlier code version stay, but in the open: ``results/<key>/stale.txt`` names them."""
    cells = survey(key, "full")
    assert not [cell.run.id for cell in cells if cell.state == "damaged"]
    file = paths.PROJECT / "results" / key / "stale.txt"
    listed = file.read_text(encoding="utf-8").split() if file.exists() else []
    assert {cell.run.id for cell in cells if cell.state == "stale"} <= set(listed)
