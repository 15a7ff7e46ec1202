"""Cells print as asked, keep what they lead to, and give it back unchanged."""

import pytest

from mer_repro.results import Score, Stated
from mer_repro.tables import METADATA, MIME, Claims, Quotes, Runs, Table, Text, packed, spans, unpacked

IDS = (
    "p.set.real.folds.net.arousal.fold=0.seed0",
    "p.set.real.folds.net.arousal.fold=1.seed0",
    "p.set.real.x.mean.seed3",
)
SCORE = Score(0.5, 0.4, 0.6, records=IDS[:2], how="pooled", recipe=("score", "r2", ""))
STATED = Stated("p.t1.r2", "0.845", 0.845)


def test_ids_are_packed_by_cell_and_unpacked_in_order():
    cells = packed(IDS)
    assert cells == {
        "p.set.real.folds.net.arousal": [".fold=0.seed0", ".fold=1.seed0"],
        "p.set.real.x.mean": [".seed3"],
    }
    assert unpacked(cells) == list(IDS)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ((SCORE, ".2"), "0.50 [0.40, 0.60]"), ((SCORE, "%0~"), "50"), (STATED, "0.845"), ((STATED, ".1"), "0.8"),
        (None, "–"), (float("nan"), "–"), (Runs(IDS), "3"), (Runs(()), "–"), (7, "7"), ((1234.5, ",.1f"), "1,234.5"),
        (Claims("p", ("t1.r2", "t1.mae")), "t1.r2, t1.mae"),
    ],
)  # fmt: skip
def test_a_cell_prints_in_its_style(cell, text):
    assert "".join(part for part, _ in spans(cell)) == text


def test_a_number_leads_to_its_records_with_how_it_is_made_again():
    ((_, source),) = spans((SCORE, ".2"))
    assert unpacked(source["records"]) == list(IDS[:2])
    assert source["recipe"] == ["score", "r2", ""] and source["style"] == ".2" and source["how"] == "pooled"
    gap = Score(0.1, records=IDS, recipe=("contrast", "r2", "", 2))
    ((_, source),) = spans((gap, "+.2"))
    assert unpacked(source["records"]) == list(IDS[:2]) and unpacked(source["against"]) == [IDS[2]]


def test_a_sentence_keeps_the_sources_of_its_numbers():
    text = Text.of("R² is {ours:.2~} against {theirs}; {nothing}", ours=SCORE, theirs=STATED, nothing=None)
    assert str(text) == "R² is 0.50 against 0.845; –"
    assert [part for part, source in text.spans if source] == ["0.50", "0.845"]
    whole = Text.of("({inner})", inner=text)
    assert str(whole) == f"({text})" and [p for p, s in whole.spans if s] == ["0.50", "0.845"]
    with pytest.raises(KeyError, match="missing"):
        Text.of("{missing}")


def test_a_table_shows_dashes_where_a_row_lacks_a_cell_and_carries_its_sources():
    table = Table([{"model": "a|b", "R²": (SCORE, ".2")}, {"model": "c", "paper": STATED}], "Scores")
    assert table.columns == ["model", "R²", "paper"]
    assert table.frame.to_numpy().tolist() == [["a|b", "0.50 [0.40, 0.60]", "–"], ["c", "–", "0.845"]]
    data, metadata = table._repr_mimebundle_()
    assert r"a\|b" in data["text/markdown"] and set(metadata[METADATA]["cells"]) == {"0,1", "1,2"}
    assert Table([], "Nothing").markdown() == "*Nothing: no runs are recorded yet.*"


def test_quoted_numbers_carry_their_sources():
    told = Quotes({"r2": (SCORE, ".2~"), "text": "plain"})._repr_mimebundle_()[MIME]
    assert told["text"] == [("plain", None)] and told["r2"][0][0] == "0.50" and told["r2"][0][1]["records"]
