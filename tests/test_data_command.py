"""The command `mer-repro data`, and reading of single files: what is said, and on which line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from data_tools import copy_of

from mer_repro.cli import main
from mer_repro.data import pmemo, registry
from mer_repro.data.base import Column, Table
from mer_repro.data.reading import read_table
from mer_repro.errors import DataError, DataMissing, DataWarning

ID = Column("song_id", "id", "int", low=1)
SCORE = Column("valence", low=0, high=1)
TABLE = Table("table.csv", (ID, SCORE))


def run(*arguments):
    return CliRunner().invoke(main, ["data", *arguments])


def test_status_says_what_serves_each_set(tmp_path, monkeypatch):
    copy_of(registry.locate("emomusic", "twin"), tmp_path / "emomusic")
    (tmp_path / "emomusic/truth.json").unlink()
    copy_of(registry.locate("pmemo", "twin"), tmp_path / "pmemo").path(pmemo.STATIC).unlink()
    monkeypatch.setenv("MER_REPRO_DATA", str(tmp_path))
    result = run("status", "--json")
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert result.exit_code == 0 and set(rows) == set(registry.DATASETS)
    assert rows["emomusic"]["data"] == "real" and rows["emomusic"]["folder"] == str(tmp_path / "emomusic")
    assert rows["emomusic"]["bytes"] == sum(f.stat().st_size for f in (tmp_path / "emomusic").rglob("*.*"))
    assert rows["pmemo"]["data"] == "incomplete" and pmemo.STATIC.path in rows["pmemo"]["problem"]
    assert rows["deam"]["data"] == "twin"
    assert all(row["licence"] for row in rows.values())


def test_list_names_what_nobody_can_have_and_why():
    document = json.loads(run("list", "--json").stdout)
    gone = {row["name"]: row for row in document["unavailable"]}
    assert gone["mypersonality"]["since"] == "2018" and "mxmh" in gone["mypersonality"]["stands_in"]
    assert {row["name"] for row in document["datasets"]} == set(registry.DATASETS)


def test_verify_ends_with_one_line_a_set_and_fails_on_broken_files(tmp_path, monkeypatch):
    for name in ("emomusic", "merge"):
        copy_of(registry.locate(name, "twin"), tmp_path / name)
    monkeypatch.setenv("MER_REPRO_DATA", str(tmp_path))
    result = run("verify", "emomusic", "merge")
    assert result.exit_code == 0
    assert [line.split()[:3] for line in result.stdout.splitlines()[-2:]] == [
        ["emomusic", "twin", "ok"],
        ["merge", "twin", "ok"],
    ]
    path = tmp_path / "emomusic/static_annotations.csv"
    lines = path.read_text().splitlines()
    lines[4] = lines[4].replace(",", ",99", 1)
    path.write_text("\n".join(lines) + "\n")
    result = run("verify", "emomusic", "merge")
    assert result.exit_code == 1
    assert "ERROR" in result.stdout.splitlines()[-2] and "line 5" in result.stdout.splitlines()[-2]
    assert result.stdout.splitlines()[-1].split()[:3] == ["merge", "twin", "ok"]


def test_verify_prints_the_numbers_of_every_finding_as_json():
    report = json.loads(run("verify", "musifeast17", "--source", "twin", "--json").stdout)[0]
    numbers = {finding["check"]: finding["numbers"] for finding in report["findings"]}
    assert numbers["number of raters"] == {"total": 80, "panels": 2, "fewest": 40, "most": 40}


def test_fetch_tells_the_steps_where_no_program_can_download():
    result = run("fetch", "pmemo")
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit) and "HuiZhangDB/PMEmo" in result.output
    assert "Did you mean 'deam'" in run("fetch", "daem").output


# ---- single files: one error, the right line -------------------------------------------------------------------------

GOOD = "id,valence\n1,0.5\n2,0.25\n"


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"", 1, "an empty file"),
        (b"\n \n", 1, "an empty file"),
        (b"id,valence\n", 2, "no rows"),
        (b"1,0.5\n2,0.25\n", 1, "a header without 'id', 'valence'"),
        (b"id,valence,extra\n1,0.5,3\n", 1, "columns nobody asked for: 'extra'"),
        (b"id,valence,valence\n1,0.5,0.5\n", 1, "two columns 'valence'"),
        (b"id,valence\n1,0.5\n2\n", 3, "1 cells"),
        (b"id,valence\n1,0.5\n2,0.5,9\n", 3, "3 cells"),
        (b"id,valence\n1,0.5\n\n\n2,abc\n", 5, "'abc' in column 'valence'"),
        (b"id,valence\n1,0.5\n2,\n", 3, "an empty cell in column 'valence'"),
        (b"id,valence\n1,nan\n", 2, "'nan' in column 'valence'"),
        (b"id,valence\n1,1.01\n", 2, "'1.01' in column 'valence'"),
        (b"id,valence\n1.5,0.5\n", 2, "'1.5' in column 'id'"),
        (b"id,valence\n0,0.5\n", 2, "'0' in column 'id'"),
        (b"id,valence\n0x1A,0.5\n", 2, "'0x1A' in column 'id'"),
        (b"id,valence\n1,0.5\n2,inf\n", 3, "'inf' in column 'valence'"),
        (b"id,valence\n1,0.5\n2,0.5\n1,0.7\n", 4, "a second row for song_id 1"),
        (b'id,valence\n1,"0.5\n2,0.5\n', 2, "broken quoting"),
        (b"id,valence\n1,0.5\n2,0\xff\n", 3, "'0\N{REPLACEMENT CHARACTER}' in column 'valence'"),
        (b"id;valence\n1;0.5\n", 1, "Its cells seem to be separated by semicolons: save it with commas"),
        (b"id,valence\n1,0.5\n2,0.5,9\n", 3, "A cell that holds a ',' must stand in double quotes"),
        (b"id,valence\n1,0.5\n2,0\x00\n", 3, "a zero byte"),
    ],
)
def test_a_broken_table_gives_one_error_with_file_line_and_expectation(tmp_path, content, line, found):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table(path, TABLE)
    assert caught.value.line == line
    assert found in str(caught.value)
    assert str(path) in str(caught.value) and "expected" in str(caught.value)


def test_a_missing_table_is_missing_data(tmp_path):
    with pytest.raises(DataMissing, match=r"no file .*table\.csv"):
        read_table(tmp_path / "table.csv", TABLE)


def test_a_cut_last_line_is_told_from_one_that_only_lacks_its_end(tmp_path):
    copy = copy_of(registry.locate("emomusic", "twin"), tmp_path / "emomusic")
    path = copy.path("static_annotations.csv")
    whole = path.read_text().rstrip("\n")
    path.write_text(whole)
    registry.dataset_module("emomusic").load(copy)
    path.write_text(whole[:-1])
    with pytest.warns(DataWarning, match="the last line has no line end, so its last cell may be cut short"):
        registry.dataset_module("emomusic").load(copy)
    path.write_text(whole[: whole.rindex("\n") - 1])
    with pytest.raises(DataError, match="a last line that ends too early") as caught:
        registry.dataset_module("emomusic").load(copy)
    assert caught.value.line == len(whole.splitlines()) - 1


def test_an_unknown_table_without_last_line_end_is_read_with_a_warning(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(GOOD.rstrip("\n"))
    with pytest.warns(UserWarning, match="line 3: the last line has no line end"):
        table = read_table(path, TABLE)
    assert table.valence.tolist() == [0.5, 0.25]


def test_damaged_text_is_read_counted_and_named(tmp_path):
    path = tmp_path / "table.csv"
    names = Table("table.csv", (ID, Column("artist", kind="str")))
    path.write_bytes(
        "id,artist\n1,Bj\N{LATIN SMALL LETTER O WITH DIAERESIS}rk\n2,Sigur\rRos\n".encode("latin-1") + b"3,A\xff\n"
    )
    with pytest.warns(DataWarning) as said:
        table = read_table(path, names)
    assert table.artist.tolist() == ["Bj\N{REPLACEMENT CHARACTER}rk", "Sigur Ros", "A\N{REPLACEMENT CHARACTER}"]
    assert [str(w.message).partition(": ")[2].partition(", were")[0] for w in said] == [
        "2 bytes that are not text, the first on line 2",
        "1 carriage returns in cells, the first on line 3",
    ]


def test_a_column_that_is_empty_throughout_is_passed_over(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("id,valence,23455\n1,0.5,\n2,0.25, \n")
    assert read_table(path, TABLE).columns.tolist() == ["song_id", "valence"]
