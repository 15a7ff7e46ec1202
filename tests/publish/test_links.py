"""Links of numbers: made of their sources, opened, and their numbers made again."""

import json

import nbformat
import numpy as np
import pytest

from mer_repro import paths, tables
from mer_repro.errors import MerReproError
from mer_repro.publish import links, quantities
from mer_repro.results import Results, stated
from mer_repro.runs.records import Outcome, RecordStore, Run

KEY = "qiu2025"


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Two models on two joined data sets, so that ids hold a plus sign."""
    monkeypatch.setattr(paths, "records_home", lambda profile: tmp_path / "results")
    links._made.cache_clear()
    links._records.cache_clear()
    store, rng = RecordStore(tmp_path / "results"), np.random.default_rng(0)
    true = rng.normal(size=40)
    for variant, noise in (("net", 0.2), ("mean", 0.8)):
        outcome = Outcome(
            {"seconds_per_song": noise}, predictions={"y_true": true, "y_pred": true + rng.normal(0, noise, 40)}
        )
        run = Run(KEY, "deam+msd", "real", "song_folds", variant, "arousal")
        store.put(run, outcome, data_fingerprint="d", source_fingerprint="s", device="cpu (X)", seconds=1.0)
    yield Results(KEY, store.all(KEY), store)
    links._made.cache_clear()
    links._records.cache_clear()


@pytest.fixture
def staged(results, tmp_path):
    """A notebook's page, linked and "built"."""
    of, against = {"variant": "net"}, {"variant": "mean"}
    net, mean = results.where(**of), results.where(**against)
    rows = [
        {"model": "net", "R²": (net.score("r2"), ".3"), "gap": (results.contrast("r2", of, against), "+.2")},
        {"model": "mean", "R²": (mean.score("r2"), ".3"), "time": (results.metric("seconds_per_song"), ".2")},
        {"model": "paper", "R²": stated(KEY, "t1.ours.testing.r2"), "runs": tables.Runs(results.ids), "year": "12.5"},
    ]
    data, metadata = tables.Table(rows, "Scores")._repr_mimebundle_()
    quoted = tables.Quotes({"ours": (results.where(**of).score("mae"), ".3~")})._repr_mimebundle_()
    outputs = [nbformat.v4.new_output("display_data", data=data, metadata=metadata)]
    outputs += [nbformat.v4.new_output("display_data", data=quoted)]
    cells = [nbformat.v4.new_code_cell(outputs=outputs), nbformat.v4.new_markdown_cell("It is {glue:text}`ours`.")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    page = links.linked(json_roundtrip(notebook), f"papers/{KEY}")
    return page, built(tmp_path / "html", page, results)


def json_roundtrip(notebook):
    return nbformat.from_dict(json.loads(json.dumps(notebook)))


def built(html, page, results):
    """The page, its records' page and the ledger's, as the browser would get them."""
    (html / "papers").mkdir(parents=True)
    (html / "records").mkdir()
    (html / "index.html").write_text("")
    anchors = [page._span(entry["text"], entry["source"], True) for entry in list(page.made)]
    del page.made[len(anchors) :]
    for number, anchor in enumerate(anchors):
        anchors[number] = anchor.replace(f'data-n="{number + len(anchors)}"', f'data-n="{number}"')
    (html / "papers" / f"{KEY}.html").write_text("\n".join(anchors))
    (html / "records" / f"{KEY}.html").write_text("".join(f'<tr id="{name}">' for name in results.ids))
    (html / "ledgers.html").write_text('<a id="qiu2025.t1.ours.testing.r2">')
    links.write_log(html.parent, [page])
    return html


def test_every_number_leads_to_its_own_records_and_is_made_again(staged):
    _, html = staged
    found = links.check(html, html.parent / links.LOG)
    assert found.ok, found.faults
    # R² twice, the gap, the time, the paper's, the runs, and one in the prose; "12.5" leads nowhere.
    assert (found.linked, found.recomputed, found.derived, found.numbers) == (7, 7, 0, 8)


def test_a_plus_in_an_id_survives_the_address(staged):
    _, html = staged
    text = (html / "papers" / f"{KEY}.html").read_text()
    assert "deam%2Bmsd" in text and "show=qiu2025.deam+msd" not in text


def test_a_row_that_is_gone_is_a_dead_link(staged):
    _, html = staged
    (html / "records" / f"{KEY}.html").write_text("")
    found = links.check(html, html.parent / links.LOG)
    assert not found.ok and found.dead == 6 and "dead" in found.faults[0]


def test_a_number_that_its_records_do_not_give_is_a_mismatch(staged):
    _, html = staged
    log = html.parent / links.LOG
    content = json.loads(log.read_text())
    content[f"papers/{KEY}"]["made"][0]["text"] = "0.123 [0.100, 0.200]"
    log.write_text(json.dumps(content))
    found = links.check(html, log)
    assert found.mismatched >= 1 and "mismatched" in found.faults[0]


def test_hovers_say_how_a_number_was_made_on_what_and_when(staged):
    _, html = staged
    text = (html / "papers" / f"{KEY}.html").read_text()
    assert "40 items in 40 groups" in text and "cpu (X)" in text and "Opens the records" in text


def test_without_a_book_there_is_nothing_to_check(tmp_path):
    with pytest.raises(MerReproError, match="no built book"):
        links.check(tmp_path, tmp_path / links.LOG)


def planted(staged, source, text, page="critique"):
    """What the check of one value says when another page prints `text` of the thing of `source`."""
    first, html = staged
    (html / f"{page}.html").write_text("")
    shown = {first.name: {"made": first.made}, page: {"made": [{"page": page, "text": text, "source": source}]}}
    return quantities.several(shown, html)


def test_another_value_of_one_thing_is_found_whichever_runs_it_is_of(staged):
    page, _ = staged
    score = next(e["source"] for e in page.made if e["source"].get("recipe", [""])[0] == "score")
    printed = next(e["text"] for e in page.made if e["source"] == score)
    value = float(printed.split()[0])
    other = {**score, "recipe": ["metric", "r2", False], "records": {cell: [".seed7"] for cell in score["records"]}}
    (fault,) = planted(staged, other, f"{value + 0.01:.3f}")
    assert fault.startswith("several: score r2") and "papers/qiu2025" in fault and "critique" in fault
    # Fewer digits, a percentage and an interval or none are the same value; another metric is another thing.
    assert planted(staged, other, f"{value:.2f}") == planted(staged, other, printed) == []
    assert planted(staged, {**other, "style": "%1"}, f"{100 * value:.1f}") == []
    assert planted(staged, {**other, "recipe": ["metric", "ccc", False]}, "0.1") == []


def test_rounded_to_fewer_digits_is_the_same_value_and_a_digit_off_is_not():
    def agree(*texts):
        return quantities._agree([quantities._read("page", text, False) for text in texts])

    assert agree("0.845", "0.85", "0.8") and agree("1,297", "1297") and agree("\u22120.03", "\u22120.027 [0, 1]")
    assert not agree("0.844", "0.85") and not agree("1,300", "1,297") and not agree("0.03", "\u22120.03")


def test_a_fact_that_two_pages_tell_differently_is_found(tmp_path, monkeypatch):
    fact = {"quantity": "labels", "phrases": [r"has ([\d,]+) labels", r"([\d,]+) different labels"]}
    monkeypatch.setattr(quantities, "_registry", lambda: [fact])
    shown = {"intro": {"made": []}, "data": {"made": []}}
    (tmp_path / "intro.html").write_text("<article>It has <b>1,300</b>\n labels.</article>")
    (tmp_path / "data.html").write_text("<article>1,297 different labels</article>")
    (fault,) = quantities.several(shown, tmp_path)
    assert "labels: 1,300 in intro; 1,297 in data" in fault
    (tmp_path / "data.html").write_text("<article>1,300 different labels</article>")
    assert quantities.several(shown, tmp_path) == []
    (tmp_path / "data.html").write_text("<article>1,300 labels</article>")
    assert quantities.several(shown, tmp_path) == ["unseen: no page says “([\\d,]+) different labels” any more"]
