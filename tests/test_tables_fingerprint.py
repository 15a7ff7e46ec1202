"""What a run's data fingerprint covers: the files and the tables made of them, not how the loader is written."""

import dataclasses
import shutil

import pandas as pd

from mer_repro.data import registry


def copied(tmp_path, name):
    folder = tmp_path / name / "emomusic"
    shutil.copytree(registry.locate("emomusic", "twin").folder, folder)
    return registry.locate("emomusic", home=tmp_path / name), folder


def test_moving_a_copy_changes_nothing_and_editing_a_cell_does(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first, _ = copied(tmp_path, "a")
    second, folder = copied(tmp_path, "b")
    assert registry.tables_fingerprint(first) == registry.tables_fingerprint(second)
    table = folder / "static_annotations.csv"
    lines = table.read_text().splitlines(keepends=True)
    cells = lines[1].split(",")
    lines[1] = ",".join([cells[0], "5.5", *cells[2:]])
    table.write_text("".join(lines))
    edited = registry.locate("emomusic", home=tmp_path / "b")
    assert registry.tables_fingerprint(edited) != registry.tables_fingerprint(first)


def test_a_loader_that_makes_another_table_of_the_same_files_is_seen(tmp_path, monkeypatch):
    location, _ = copied(tmp_path, "a")
    module = registry.dataset_module("emomusic")
    honest_load, seen = module.load, []
    for factor in (1.0, 1.0, 2.0):
        # Each round has a cache of its own: the source on disk, which the memo is keyed by, does not change here.
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"cache{len(seen)}"))

        def load(location, factor=factor):
            loaded = honest_load(location)
            tables = {f.name: getattr(loaded, f.name) for f in dataclasses.fields(loaded)}
            scaled = {
                name: table.assign(valence=table["valence"] * factor)
                for name, table in tables.items()
                if isinstance(table, pd.DataFrame) and "valence" in table
            }
            return dataclasses.replace(loaded, **scaled)

        monkeypatch.setattr(module, "load", load)
        seen.append(registry.tables_fingerprint(location))
    assert seen[0] == seen[1] != seen[2]
