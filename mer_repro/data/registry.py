"""Which data sets there are, where a copy of each lies, and how it is loaded.

Lookup order: the folder named by ``MER_REPRO_DATA``, the user cache (what ``mer-repro data fetch``
downloaded), a generated twin. Nothing here downloads. What served is said by ``Location.kind`` and
``Location.folder``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib
import json
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mer_repro.data import checks, copies, declaration, reading
from mer_repro.data.base import TWIN_MARK, Finding, Location, write_atomically
from mer_repro.errors import DataMissing, DataWarning, require_choice
from mer_repro.paths import cache_home, data_home
from mer_repro.runs.fingerprint import source_fingerprint
from mer_repro.storage import spare_home

SOURCES = ("auto", "real", "twin")
TWIN_SEED = 0


@dataclass(frozen=True)
class Entry:
    """One data set, whose loader is the module of its name: what it `says` in one line, its `folder` where that is not
    its name."""

    says: str
    folder: str = ""


@dataclass(frozen=True)
class Unavailable:
    """Data that a paper used and nobody can have: `why`, since when (ISO date or year, "" if never), what
    `stands_in`."""

    says: str
    why: str
    since: str
    stands_in: tuple[str, ...]


DATASETS: dict[str, Entry] = {
    "deam": Entry("DEAM: 1,802 songs, static and dynamic valence and arousal, openSMILE features"),
    "deezer_mood": Entry("Deezer mood: valence and arousal of 18,644 MSD songs, official split"),
    "emomusic": Entry("emoMusic: 744 songs, static valence and arousal, MediaEval 2013 split"),
    "emotify": Entry("Emotify: 400 clips in four genres, 8,407 answers on nine induced emotions"),
    "hetrec2011_lastfm": Entry("HetRec 2011 Last.fm-2K: dated tags and plays of 1,892 users"),
    "lastfm1k": Entry("Last.fm-1K: profiles and 19 million listens of 992 users"),
    "merge": Entry("MERGE bimodal: valence, arousal, quadrants of 2,216 songs, official splits"),
    "musifeast17": Entry("MUSIFEAST-17: 356 clips in 17 genres, valence and arousal by eight groups of raters"),
    "musixmatch": Entry("musiXmatch: bags of words of Million Song Dataset lyrics", folder="msd"),
    "mxmh": Entry("MXMH survey: self-rated mental health and listening habits of 736 people"),
    "nowplaying_rs": Entry("#nowplaying-RS: 11.6 million listening tweets with audio features"),
    "panda_4qaed": Entry("4QAED: 900 clips in four quadrants, 100 features each; 405 of them MERGE's"),
    "pmemo": Entry("PMEmo: 767 choruses, static and dynamic valence and arousal with deviations"),
    "situnes": Entry("SiTunes: listens of 30 users with valence and arousal before and after"),
    "tagtraum": Entry("tagtraum: genres of 133,676 Million Song Dataset tracks", folder="msd"),
    "tcc_ceds": Entry("Music Dataset 1950 to 2019: lyrics, audio descriptors, genre and topic"),
    "vgmidi": Entry("VGMIDI: 200 piano pieces, valence and arousal a measure by about 30 raters"),
}

UNAVAILABLE: dict[str, Unavailable] = {
    "mypersonality": Unavailable(
        says="myPersonality: psychometric scores of Facebook users, which bai2026 joins with Last.fm-1K",
        why="its owners withdrew it from all research use; no lawful source exists",
        since="2018",
        stands_in=("mxmh", "lastfm1k", "hetrec2011_lastfm"),
    ),
    "abadeh2024_tweets": Unavailable(
        says="the tweets with stress and genre labels that abadeh2024 trains on",
        why="the authors collected them privately and published neither the tweets nor their ids",
        since="",
        stands_in=("situnes", "hetrec2011_lastfm", "nowplaying_rs"),
    ),
}


def dataset_module(name: str) -> ModuleType:
    """The loader module of a data set.

    Raises
    ------
    ParameterError
        If there is no such data set (the nearest name is given).
    DataMissing
        If it is one that nobody can have; says why and what stands in.
    """
    if name in UNAVAILABLE:
        gone = UNAVAILABLE[name]
        since = f" (since {gone.since})" if gone.since else ""
        raise DataMissing(f"{name} cannot be had{since}: {gone.why}. Stand-ins: {', '.join(gone.stands_in)}.")
    return importlib.import_module(f"mer_repro.data.{require_choice('data set', name, DATASETS)}")


def locate(name: str, source: str = "auto", home: Path | None = None, seed: int = TWIN_SEED) -> Location:
    """Where a copy of data set `name` lies; generates the twin where that is what serves.

    Parameters
    ----------
    source : "real" (never a twin), "twin" (never a real copy), "auto" (real if there is one, else twin).
    home : folder that holds data sets, instead of ``MER_REPRO_DATA`` and the user cache.
    seed : of the twin's generator.

    Raises
    ------
    ParameterError
        Unknown data set or source, or ``MER_REPRO_DATA`` names no folder.
    DataMissing
        ``source="real"`` and there is no real copy; or a real copy lacks some of its required files (whatever
        the source, unless "twin": an incomplete copy must not silently turn into a twin).
    """
    require_choice("source", source, SOURCES)
    module = dataset_module(name)
    if source != "twin":
        found = _found(name, module, home)
        if found and (found.kind == "real" or source == "auto"):
            return found
        if source == "real":
            searched = ", ".join(str(folder) for folder in _homes(home))
            raise DataMissing(
                f"There is no real copy of {name} (searched {searched}). Set MER_REPRO_DATA to the folder that"
                f" holds '{DATASETS[name].folder or name}', or run: mer-repro data fetch {name}"
            )
        if home is None and data_home() is not None:
            warnings.warn(
                f"{name}: there is no copy in MER_REPRO_DATA ({data_home()}); a generated twin serves in its place.",
                DataWarning,
                stacklevel=2,
            )
    return _twin(name, module, seed)


def available(name: str, home: Path | None = None) -> bool:
    """Whether a real, complete copy is here.

    Raises
    ------
    ParameterError, DataMissing
        As `locate`, for unknown names and for copies that lack required files.
    """
    if name in UNAVAILABLE:
        return False
    found = _found(name, dataset_module(name), home)
    return found is not None and found.kind == "real"


def fingerprint(name: str, source: str = "auto", home: Path | None = None, seed: int = TWIN_SEED) -> str:
    """`Location.fingerprint` of the copy that `locate` finds."""
    return locate(name, source, home, seed).fingerprint


def tables_fingerprint(location: Location) -> str:
    """SHA-256 of a copy's files and of the tables that its loader makes of them; what a run's result depends on.

    The tables are loaded once for each state of files and loader, and the hash is kept in the user cache, so asking
    again is quick. An edit of the loader that changes no table changes nothing here.

    Raises
    ------
    DataError
        If a file is not what its documentation promises.
    """
    module = dataset_module(location.dataset)
    asked = f"{location.fingerprint} {source_fingerprint((f'{module.__name__}:load',))}"
    asked += declaration.digest(location.dataset)
    memo = cache_home() / "digests" / "tables" / hashlib.sha256(asked.encode()).hexdigest()
    if not memo.is_file():
        tables = module.load(location)
        digest = hashlib.sha256(location.fingerprint.encode())
        for field in sorted(dataclasses.fields(tables), key=lambda field: field.name):
            digest.update(field.name.encode() + _content(getattr(tables, field.name)))
        with contextlib.suppress(OSError):  # a cache that cannot be written costs time only
            write_atomically(memo, digest.hexdigest())
        return digest.hexdigest()
    return memo.read_text(encoding="utf-8")


def _content(value) -> bytes:
    """The content of a loaded table or value, the same on every machine and under every version of pandas."""
    import numpy as np
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        columns = [value.index.to_series(), *(value.iloc[:, place] for place in range(value.shape[1]))]
        return repr(list(value.columns)).encode() + b"".join(_content(column) for column in columns)
    if isinstance(value, pd.Series):
        if pd.api.types.is_numeric_dtype(value.dtype):
            return value.to_numpy(dtype="<f8", na_value=np.nan).tobytes()
        return "\x1f".join(_content(cell).decode() for cell in value).encode()
    if isinstance(value, np.ndarray):
        return value.tobytes() if value.dtype != object else repr(value.tolist()).encode()
    if isinstance(value, dict):
        return b"".join(repr(key).encode() + _content(value[key]) for key in sorted(value, key=repr))
    if isinstance(value, set | frozenset):
        return repr(sorted(value, key=repr)).encode()
    if isinstance(value, list | tuple):
        return b"\x1e".join(_content(item) for item in value)
    if value is None or isinstance(value, str | int | float | bool | np.generic | pd.Timestamp):
        missing = value is None or (not isinstance(value, str) and pd.isna(value))
        return b"" if missing else str(value).encode()
    # Where a copy lies and what reads it lazily is no content; the files count above.
    return b""


def load(name: str, source: str = "auto", home: Path | None = None, seed: int = TWIN_SEED, **options):
    """Locate and load a data set; `options` go to the loader's ``load``.

    Raises
    ------
    ParameterError, DataMissing
        As `locate`.
    DataError
        If a file is not what its documentation promises.
    """
    return dataset_module(name).load(locate(name, source, home, seed), **options)


def validate(dataset) -> list[Finding]:
    """Every check of a loaded set: its loader's, and those that every set has by its declaration."""
    module = dataset_module(dataset.location.dataset)
    return [*module.validate(dataset), *checks.declared(dataset.location, module.TABLES)]


def _homes(home: Path | None) -> list[Path]:
    homes = [home] if home is not None else [data_home(), cache_home() / "data"]
    return [Path(place) for place in homes if place is not None]


def _found(name: str, module: ModuleType, home: Path | None) -> Location | None:
    """The first complete copy; a folder that holds a ``truth.json`` is a twin wherever it is."""
    folder = DATASETS[name].folder or name
    sharing = [dataset_module(other) for other, e in DATASETS.items() if other != name and e.folder == folder]
    return copies.find(name, module, _homes(home), folder, sharing)


def twin_folder(name: str, seed: int = TWIN_SEED) -> Path:
    """Where the twin of a data set lies: the name holds a fingerprint of its declaration and its generator's
    definitions, so that an edit of one makes a new twin, and an edit of a comment in the code does not."""
    roots = (f"{dataset_module(name).__name__}:make_twin", f"{__name__}:_note_tables")
    state = hashlib.sha256((source_fingerprint(roots) + declaration.digest(name)).encode()).hexdigest()
    return cache_home() / "twins" / f"{name}-seed{seed}-{state[:12]}"


def _twin(name: str, module: ModuleType, seed: int) -> Location:
    folder = twin_folder(name, seed)
    if not os.path.isdir(folder):
        try:
            generate_twin(module, folder, seed)
        except OSError:  # a cache that cannot be written costs time only
            folder = spare_home() / "twins" / folder.name
            if not folder.is_dir():
                generate_twin(module, folder, seed)
    return Location(name, "twin", folder, copies.files(module, folder), module.ALSO)


def generate_twin(module: ModuleType, folder: Path, seed: int) -> None:
    """Write a loader's twin into `folder`, whole or not at all; two processes may do so at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        module.make_twin(building, seed=seed)
        building.chmod(0o755)  # mkdtemp makes folders that only their owner may read
        _note_tables(building, module)
        # A process that lost the race finds the folder there and drops its own, identical, copy.
        with contextlib.suppress(OSError):
            os.rename(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _note_tables(folder: Path, module: ModuleType) -> None:
    """Add to ``truth.json`` what tells these files from cut copies of them."""
    mark = folder / TWIN_MARK
    truth = json.loads(mark.read_text(encoding="utf-8"))
    names = [name for name in copies.files(module, folder) if name.endswith((".csv", ".txt", ".tsv", ".dat", ".cls"))]
    texts = {name: reading.plain_line_ends(reading.decode((folder / name).read_bytes())) for name in names}
    truth["tables"] = {name: [text.rstrip().count("\n"), reading.text_digest(text)] for name, text in texts.items()}
    write_atomically(mark, json.dumps(truth, indent=1, sort_keys=True) + "\n")
