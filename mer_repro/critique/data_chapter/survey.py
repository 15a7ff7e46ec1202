"""The data chapter's facts: every check on every set, and the aggregates behind its pictures, in one JSON document.

The committed document (``results/data/survey.json``) was made on the real files and holds counts and scores only, no
label of any song; the book shows it wherever it is built. `measure` makes the same document of whatever copies are on
this machine, so that the book can say whether they give the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro import paths
from mer_repro.critique.data_chapter import swap
from mer_repro.data import checks, deam, registry
from mer_repro.data.base import Location, write_atomically
from mer_repro.errors import RecordError

if TYPE_CHECKING:
    import pandas as pd

COMMITTED = paths.PROJECT / "results" / "data" / "survey.json"
CELLS = 20
#: How many items share a label: bounds of the bands, the last one open.
BANDS = (1, 3, 10)


def _piece_means(dataset) -> pd.DataFrame:
    return dataset.dynamic.groupby("song_id", as_index=False)[["valence", "arousal"]].mean()


def _service_descriptors(dataset) -> pd.DataFrame:
    return dataset.songs.rename(columns={"energy": "arousal"})


#: Sets with one point a song: title, the table with ``valence`` and ``arousal``, scale (None: standardised, as wide as
#: needed).
PLANES: dict[str, tuple[str, Callable, tuple[float, float] | None]] = {
    "deam": ("DEAM", lambda dataset: dataset.static, (1, 9)),
    "emomusic": ("emoMusic", lambda dataset: dataset.static, (1, 9)),
    "pmemo": ("PMEmo", lambda dataset: dataset.static, (0, 1)),
    "vgmidi": ("VGMIDI, piece means", _piece_means, (-1, 1)),
    "merge": ("MERGE", lambda dataset: dataset.songs, (0, 1)),
    "deezer_mood": ("Deezer mood", lambda dataset: dataset.songs, None),
    "tcc_ceds": ("1950 to 2019, valence and energy", _service_descriptors, (0, 1)),
}


#: Sets whose songs have artist and title: the table that holds them (None where the copy has none).
NAMED: dict[str, Callable] = {
    "deam": lambda dataset: dataset.metadata,
    "emomusic": lambda dataset: dataset.songs,
    "pmemo": lambda dataset: dataset.metadata,
    "merge": lambda dataset: dataset.metadata,
    "deezer_mood": lambda dataset: dataset.songs,
    "tcc_ceds": lambda dataset: dataset.songs,
}


def measure(
    source: str = "auto",
    *,
    names: Iterable[str] | None = None,
    models: tuple[str, ...] = swap.MODELS,
    resamples: int = 2000,
    home: Path | None = None,
) -> dict:
    """Check every data set and gather what the chapter shows.

    Parameters
    ----------
    source : "real" (sets without a real copy are left out), "twin", or "auto".
    names : only these data sets; default all.
    models, resamples : of the swap benchmark (`mer_repro.critique.data_chapter.swap.benchmark`).
    home : as in `registry.locate`.

    Returns
    -------
    dict
        ``sets``: {name: {data, fingerprint, says, findings, plane, sharing}}; ``swap``: {data, evidence, planes,
        scores, differences}; ``overlaps``: for every two sets with artists and titles, how many songs they share.
        ``plane`` holds counts in 20 x 20 cells [valence][arousal] and the scale; ``sharing``
        the share of items whose label 1, 2-3, 4-10 or more items have. Both are missing for sets without a point a
        song.

    Raises
    ------
    ParameterError, DataError
        As `registry.locate` and the loaders.
    """
    document: dict = {"sets": {}}
    keys: dict[str, set[str]] = {}
    for name in registry.DATASETS if names is None else names:
        if source == "real" and not registry.available(name, home):
            continue
        location = registry.locate(name, source, home)
        dataset = registry.dataset_module(name).load(location)
        document["sets"][name] = _survey_set(name, location, dataset)
        songs = NAMED[name](dataset) if name in NAMED else None
        if songs is not None:
            keys[name] = set(checks.song_keys(songs))
        if name == "deam" and dataset.song_features is not None:
            document["swap"] = _survey_swap(dataset, models, resamples)
    document["overlaps"] = [
        {"one": one, "other": other, "songs": len(keys[one] & keys[other])} for one, other in combinations(keys, 2)
    ]
    return document


def _survey_set(name: str, location: Location, dataset) -> dict:
    findings = registry.dataset_module(name).validate(dataset)
    found = {
        "data": location.kind,
        "fingerprint": location.fingerprint,
        "says": registry.DATASETS[name].says,
        "findings": [
            {
                "check": finding.check,
                "status": finding.status,
                "says": finding.says,
                "numbers": {key: _plain(value) for key, value in finding.numbers.items()},
            }
            for finding in findings
        ],
    }
    if name in PLANES:
        title, select, scale = PLANES[name]
        table = select(dataset)
        if scale is None:
            edge = float(table[["valence", "arousal"]].abs().max().max())
            scale = (-edge, edge)
        counts = checks.occupancy(table, scale, CELLS).astype(int).tolist()
        found["plane"] = {"title": title, "scale": list(scale), "items": len(table), "counts": counts}
        found["sharing"] = _sharing(table)
    return found


def _plain(value) -> float:
    """A number that JSON can hold; rounded, so that the last bits of another machine change nothing."""
    return round(float(value), 6)


def _sharing(table: pd.DataFrame) -> list[float]:
    """Share of the items whose label 1, 2-3, 4-10, more items have."""
    from collections import Counter

    pairs = checks.label_pairs(table)
    counts = Counter(pairs)
    bands = [0] * (len(BANDS) + 1)
    for pair in pairs:
        bands[sum(counts[pair] > bound for bound in BANDS)] += 1
    return [_plain(band / len(pairs)) for band in bands]


def _survey_swap(dataset: deam.Deam, models: tuple[str, ...], resamples: int) -> dict:
    result = swap.benchmark(dataset, models=models, resamples=resamples)
    evidence = deam.swap_evidence(dataset)
    return {
        "data": dataset.location.kind,
        "evidence": {era: {key: _plain(value) for key, value in found.items()} for era, found in evidence.items()},
        "planes": _swap_planes(dataset),
        "scores": json.loads(result.scores.round(6).to_json(orient="records")),
        "differences": json.loads(result.differences.round(6).to_json(orient="records")),
    }


def _swap_planes(dataset: deam.Deam) -> dict[str, list[list[int]]]:
    """Counts of songs up to 1000, [song mean of a dynamic label][published column], in 20 x 20 cells: which dynamic
    label does the column that is called valence go with?"""
    import numpy as np

    published = dataset.static if dataset.as_published else deam.swap_columns(dataset.static, dataset.swapped)
    means = dataset.dynamic.groupby("song_id", as_index=False)[["valence", "arousal"]].mean()
    joint = published[published.song_id <= deam.LAST_OF_2013].merge(means, on="song_id", suffixes=("", "_dynamic"))
    return {
        witness: np.histogram2d(
            joint[f"{witness}_dynamic"], joint.valence, bins=CELLS, range=(SWAP_DYNAMIC_RANGE, deam.STATIC_SCALE)
        )[0]
        .astype(int)
        .tolist()
        for witness in ("valence", "arousal")
    }


#: Song means of dynamic labels keep to the middle of -1..1.
SWAP_DYNAMIC_RANGE = (-0.8, 0.8)


def write(document: dict, path: Path = COMMITTED) -> None:
    """Write a survey as the book reads it."""
    write_atomically(path, json.dumps(document, indent=1, sort_keys=True) + "\n")


def read(path: Path = COMMITTED) -> dict:
    """The committed survey.

    Raises
    ------
    RecordError
        If it is not there or is no survey.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        document["sets"], document["swap"], document["overlaps"]
    except FileNotFoundError:
        raise RecordError(f"There is no {path}; make it with: mer-repro data survey --write") from None
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{path} is no survey ({error}); make it again: mer-repro data survey --write") from None
    return document


def finding(document: dict, name: str, check: str) -> dict:
    """One finding of one set.

    Raises
    ------
    RecordError
        If the survey has no such finding.
    """
    for entry in document["sets"].get(name, {}).get("findings", []):
        if entry["check"] == check:
            return entry
    raise RecordError(f"The survey has no finding '{check}' on {name}; make it again: mer-repro data survey --write")
