"""The declarations: how columns are written, and that loaders and declarations name the same checks and lists."""

import ast
import inspect

import pytest

from mer_repro.data import declaration, registry
from mer_repro.data.base import Column

DOCUMENT = {
    "bibtex": "@misc{nobody}\n",
    "licence": "None.",
    "remotes": {"zip": {"address": "https://example.org/a/b.zip", "unpack_to": "."}, "by hand": {"filename": "c.zip"}},
    "tables": {
        "songs": {
            "path": "songs.csv",
            "digests": ["0" * 32],
            "columns": [
                [{"name": "song_id", "kind": "int", "low": 1}],
                {"each": ["valence", "arousal"], "name": "{}_std", "header": "{}(std)", "low": 0},
                {"each": {"artist": "Artist"}, "kind": "str"},
                {"each": "moods", "high": 1},
                {"name": "genre", "kind": "str", "choices": "genres"},
            ],
        }
    },
    "findings": {"size of {what}": "{n} of {share!p} {what}."},
}


@pytest.fixture
def document(monkeypatch):
    monkeypatch.setattr(declaration, "document", lambda name: DOCUMENT)


def rule(table):
    return []


def test_lists_patterns_and_mappings_become_columns(document):
    made = declaration.declared("any", lists={"moods": ["calm"], "genres": ("jazz",)}, rules={"songs": rule})
    assert made.tables["songs"].columns == (
        Column("song_id", kind="int", low=1),
        Column("valence_std", "valence(std)", low=0),
        Column("arousal_std", "arousal(std)", low=0),
        Column("artist", "Artist", "str"),
        Column("calm", high=1),
        Column("genre", kind="str", choices=("jazz",)),
    )
    assert made.tables["songs"].digests == ("0" * 32,) and made.tables["songs"].rule is rule
    assert (made.remotes["zip"].filename, made.remotes["by hand"].address) == ("b.zip", "")
    assert (made.names, made.also) == ((), {})


def test_a_note_fills_its_sentence_and_the_name_of_its_check(document):
    made = declaration.declared("any", lists={"moods": [], "genres": ()})
    finding = made.note("size of {what}", {"n": 2, "share": 0.584}, "ok", what="songs")
    assert (finding.check, finding.status, finding.says) == ("size of songs", "ok", "2 of 58.4 % songs.")
    assert finding.numbers == {"n": 2, "share": 0.584}


def test_a_rule_of_a_table_that_is_not_declared_is_an_error(document):
    with pytest.raises(KeyError, match="tracks"):
        declaration.declared("any", lists={"moods": [], "genres": ()}, rules={"tracks": rule})


@pytest.mark.parametrize("name", registry.DATASETS)
def test_every_sentence_is_said_and_every_note_has_one(name):
    tree = ast.parse(inspect.getsource(registry.dataset_module(name)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "note"]
    said = {ast.literal_eval(call.args[0]) for call in calls}
    passed_on = {"orientation"} if "checks.orientation_finding(" in ast.unparse(tree) else set()
    assert said | passed_on == set(declaration.document(name).get("findings", {}))
