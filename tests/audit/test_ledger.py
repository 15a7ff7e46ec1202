"""A broken ledger is refused with file and line; a sound one is listed as it is printed."""

import functools
import json

import pytest
from click.testing import CliRunner

from mer_repro import papers
from mer_repro.audit import catalogue, ledger, runner
from mer_repro.cli import main
from mer_repro.errors import LedgerError

SOUND = """\
paper: toy2030
claims:
- id: t1.a.mae
  where: {section: "Results", table: "1", row: A, column: MAE}
  quantity: mae
  unit: "1"
  value: "0.30"
- id: t1.a.rmse
  where: {section: "Results", table: "1", row: A, column: RMSE}
  quantity: rmse
  unit: "1"
  value: "0.20"
statements:
- {id: s.better, where: {section: "Abstract"}, kind: superiority, says: "A is better.", claims: [t1.a.mae]}
checks:
- {id: k.mae, check: mae_at_most_rmse, claims: {mae: t1.a.mae, rmse: t1.a.rmse}}
"""


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder of papers with one paper in it; returns a function that writes that paper's ledger."""
    monkeypatch.setattr(papers, "ROOMS", tmp_path)
    file = tmp_path / "toy2030" / "claims.yaml"
    file.parent.mkdir()

    def write(text: str):
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.mark.parametrize(
    "old, new, line, complaint",
    [
        ('value: "0.20"', "value: 0.20", 12, "value is typed as a number"),
        ('value: "0.20"', 'value: "0.2 0.3"', 12, "not one number"),
        ('value: "0.20"', 'value: "20%"', 12, "is a percentage; expected unit '%'"),
        ("id: t1.a.rmse", "id: t1.a.mae", 8, "id 't1.a.mae' is already that of line 3"),
        ("id: k.mae", "id: s.better", 16, "already that of line 14"),
        ("column: RMSE", "colunm: RMSE", 9, "unknown field 'colunm'"),
        ("quantity: rmse", "quantity: Root Mean", 10, "quantity is 'Root Mean'"),
        ('unit: "1"\n  value: "0.20"', 'value: "0.20"', 8, "field 'unit' is missing"),
        (
            "claims: [t1.a.mae]",
            "claims: [t1.a.map]",
            14,
            "'t1.a.map' is no claim in this study; did you mean",
        ),
        ("rmse: t1.a.rmse}", "rmse: t1.b.rmse}", 16, "'t1.b.rmse' is no claim or statement"),
        ("check: mae_at_most_rmse", "check: mae_below_rmse", 16, "Did you mean 'mae_at_most_rmse'"),
        ("{mae: t1.a.mae, rmse", "{mae: t1.a.mae, mse", 16, "has no role 'mse'"),
        ("rmse: t1.a.rmse}", "rmse: s.better}", 16, "takes numbers, not a statement"),
        ("rmse: t1.a.rmse}", "rmse: t1.a.rmse}, options: {strict: yes}", 16, "has no option 'strict'"),
        ("rmse: t1.a.rmse}", "rmse: t1.a.rmse}, facts: {rmse: no_such}", 16, "'no_such' is no fact"),
        ("paper: toy2030", "paper: toy2031", 1, "expected 'toy2030'"),
        ('unit: "1"\n  value: "0.20"', 'unit: "1"\n  unit: "%"\n  value: "0.20"', 12, "key 'unit' twice"),
        ("statements:", "statements: [", 14, "not valid YAML"),
        ("rmse: t1.a.rmse}", "rmse: t1.a.mae}", 16, "takes mse or rmse, not 't1.a.mae', which is mae"),
        ("quantity: rmse", "quantity: rsme", 10, "quantity 'rsme' is unknown; did you mean 'rmse'"),
        ("quantity: mae", "quantity: mean_absolute_error", 5, "is an alias; write 'mae'"),
        ('unit: "1"\n  value: "0.20"', 'unit: "5 5"\n  value: "0.20"', 10, "unit '5 5' is unknown"),
        (
            'unit: "1"\n  value: "0.20"',
            'unit: s\n  value: "0.20"',
            16,
            "compares 't1.a.mae' in '1' with 't1.a.rmse' in 's'",
        ),
        ('value: "0.20"', 'value: "0,20"', 12, "decimal comma: `decimal_comma: true`"),
    ],
)
def test_fault_is_named_with_its_line(room, old, new, line, complaint):
    assert SOUND.count(old) == 1 or old.startswith("unit")
    head, _, tail = SOUND.rpartition(old)
    file = room(head + new + tail)
    with pytest.raises(LedgerError) as caught:
        ledger.load("toy2030")
    assert f"{file}, line {line}: " in str(caught.value)
    assert complaint in str(caught.value)


def test_all_faults_are_named_at_once(room):
    file = room(SOUND.replace('"0.20"', "0.20").replace('"0.30"', "0.30"))
    with pytest.raises(LedgerError) as caught:
        ledger.parse(file)
    assert [text.split(": ")[0] for text in str(caught.value).splitlines()] == [f"{file}, line {n}" for n in (7, 12)]


def test_broken_ledger_ends_the_commands_with_status_2(room):
    room(SOUND.replace('"0.20"', "0.20"))
    for command in ("audit", "claims"):
        outcome = CliRunner().invoke(main, [command, "toy2030", "--json"])
        assert outcome.exit_code == 2 and "line 12" in outcome.stderr and outcome.stdout == ""


def test_columns_of_unequal_length_are_a_broken_ledger(room):
    room(SOUND.replace("{mae: t1.a.mae, rmse", "{mae: [t1.a.mae, t1.a.mae], rmse"))
    outcome = CliRunner().invoke(main, ["audit"])
    assert outcome.exit_code == 2 and "k.mae" in outcome.stderr and "mae 2, rmse 1" in outcome.stderr


def test_audit_exits_0_whatever_it_finds_and_prints_what_programs_read(room):
    room(SOUND)
    outcome = CliRunner().invoke(main, ["audit", "--json"])
    assert outcome.exit_code == 0
    (result,) = json.loads(outcome.stdout)
    assert list(result) == ["paper", "check", "claims", "verdict", "detail", "readings", "witness"]
    assert (result["paper"], result["check"], result["verdict"]) == ("toy2030", "mae_at_most_rmse", "inconsistent")
    assert result["claims"] == ["toy2030.t1.a.mae", "toy2030.t1.a.rmse"]
    assert [reading["holds"] for reading in result["readings"]] == [False, False]  # rounded, and cut off


def test_an_innocent_reading_bounds_the_verdict(room):
    room(SOUND.replace("rmse: t1.a.rmse}", 'rmse: t1.a.rmse}, unless: "the columns are of two runs"'))
    (result,) = json.loads(CliRunner().invoke(main, ["audit", "--json"]).stdout)
    assert result["verdict"] == "undetermined" and "Unless the columns are of two runs." in result["detail"]


def test_claims_are_listed_as_printed(room):
    room(SOUND)
    entries = json.loads(CliRunner().invoke(main, ["claims", "toy2030", "--json"]).stdout)
    assert [(e["id"], e["value"], e["kind"]) for e in entries] == [
        ("toy2030.t1.a.mae", "0.30", "number"),
        ("toy2030.t1.a.rmse", "0.20", "number"),
        ("toy2030.s.better", "", "superiority"),
    ]
    assert entries[0]["where"] == {"section": "Results", "table": "1", "row": "A", "column": "MAE"}
    assert "0.30" in CliRunner().invoke(main, ["claims", "toy2030"]).stdout


def test_every_paper_of_the_study_has_a_sound_ledger():
    for key in papers.paper_keys():
        paper = ledger.load(key)
        assert paper.claims and paper.checks, key


def test_every_check_is_listed_with_its_roles():
    from mer_repro.audit.checks import CHECKS

    listed = CliRunner().invoke(main, ["audit", "--checks"]).stdout
    assert [line for line in listed.splitlines() if not line.startswith(" ")] == sorted(CHECKS)
    assert "roles: mae ..., rmse ..." in listed and "option runs: Literal['one', 'unstated']" in listed


def test_a_ledger_can_lie_anywhere_or_be_made_in_memory(tmp_path):
    file = tmp_path / "draft.yaml"
    file.write_text(SOUND, encoding="utf-8")
    made = ledger.build(
        "toy2030",
        [
            {"id": name, "where": {"section": "Results"}, "quantity": quantity, "unit": "1", "value": value}
            for name, quantity, value in (("t1.a.mae", "mae", "0.30"), ("t1.a.rmse", "rmse", "0.20"))
        ],
        checks=[{"id": "k.mae", "check": "mae_at_most_rmse", "claims": {"mae": "t1.a.mae", "rmse": "t1.a.rmse"}}],
    )
    for paper in (ledger.parse(file), ledger.read(SOUND), made):
        assert [result.verdict for result in runner.audit(paper)] == ["inconsistent"]


def test_what_is_wrong_with_a_ledger_made_in_memory_is_named_by_its_place():
    claim = {"id": "a", "where": {"section": "Results"}, "quantity": "rmse", "unit": "1", "value": 0.4}
    with pytest.raises(LedgerError, match="toy2030, claims 0 value: value is typed as a number"):
        ledger.build("toy2030", [claim])


def test_a_check_that_fails_is_a_fault_of_ours_and_costs_no_other_check_its_verdict(monkeypatch):
    @functools.wraps(catalogue.CHECKS["mae_at_most_rmse"])
    def broken(mae, rmse):
        raise ZeroDivisionError("on purpose")

    both = SOUND + "- {id: k.sum, check: in_range, claims: {values: [t1.a.mae]}}\n"
    paper = ledger.read(both)
    monkeypatch.setitem(catalogue.CHECKS, "mae_at_most_rmse", broken)
    results = {result.binding: result for result in runner.audit(paper)}
    assert results["k.sum"].verdict == "consistent" and not results["k.sum"].fault
    assert results["k.mae"].verdict == "undetermined" and "ZeroDivisionError: on purpose" in results["k.mae"].fault
    assert "A fault of this audit, not of the paper" in results["k.mae"].detail


def test_counts_are_exact_unless_the_ledger_says_how_they_were_rounded():
    claims = [
        {"id": f"c{k}", "where": {"section": "D"}, "quantity": "count", "unit": "songs", "value": value}
        for k, value in enumerate(("10", "20", "30", "61"))
    ]
    check = {"id": "k", "check": "sum_to_total", "claims": {"parts": ["c0", "c1", "c2"], "total": "c3"}}
    assert runner.audit(ledger.build("sums2030", claims, checks=[check]))[0].verdict == "inconsistent"
    claims[3]["rounding"] = "nearest"
    assert runner.audit(ledger.build("sums2030", claims, checks=[check]))[0].verdict == "inconsistent"
    claims[3]["rounding"] = "approximate"
    assert runner.audit(ledger.build("sums2030", claims, checks=[check]))[0].verdict == "consistent"
