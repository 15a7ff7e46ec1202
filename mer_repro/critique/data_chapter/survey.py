"""The data chapter's facts: every check on every set, and the aggregates behind its pictures, in one JSON document.

The committed document (``results/data/survey.json``) was made on the real files and holds counts and scores only, no
label of any song; the book shows it wherever it is built. `measure` makes the same document of whatever copies are on
this machine, so that the book can say whether they give the same.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro import paths
from mer_repro.critique.data_chapter import positive_control, same_sound, swap
from mer_repro.data import checks, deam, registry
from mer_repro.data.base import Location, write_atomically
from mer_repro.data.songs import SONG_SETS
from mer_repro.errors import DataMissing, RecordError

if TYPE_CHECKING:
    import pandas as pd

COMMITTED = paths.PROJECT / "results" / "data" / "survey.json"
CELLS = 20
#: How many items share a label: bounds of the bands, the last one open.
BANDS = (1, 3, 10)


#: Sets whose sound `same_sound` compares. MERGE and emoMusic have their clips from 4QAED and DEAM.
AUDIO = ("panda_4qaed", "musifeast17", "emotify", "vgmidi", "pmemo", "deam")


def measure(
    source: str = "auto",
    *,
    names: Iterable[str] | None = None,
    models: tuple[str, ...] = swap.MODELS,
    resamples: int = 2000,
    slow: bool = True,
    home: Path | None = None,
) -> dict:
    """Check every data set and gather what the chapter shows.

    Parameters
    ----------
    source : "real" (sets without a real copy are left out), "twin", or "auto".
    names : only these data sets; default all.
    models, resamples : of the swap benchmark (`mer_repro.critique.data_chapter.swap.benchmark`).
    slow : whether to run the positive control and to compare all clips by sound, about two minutes each.
    home : as in `registry.locate`.

    Returns
    -------
    dict
        ``sets``: {name: {data, fingerprint, says, findings, plane, sharing}}; ``swap``: {data, evidence, planes,
        scores, differences}; ``overlaps``: for every two sets with artists and titles, how many songs they share;
        ``control``: {data, seed, protocols: evidence} (`positive_control`); ``sound``: {clips, threshold, next, pairs}
        (`same_sound`).
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
    clips: dict[str, dict[str, Path]] = {}
    for name in registry.DATASETS if names is None else names:
        if source == "real" and not registry.available(name, home):
            continue
        location = registry.locate(name, source, home)
        dataset = registry.dataset_module(name).load(location)
        document["sets"][name] = _survey_set(name, location, dataset)
        songs = SONG_SETS[name].table(dataset) if name in SONG_SETS else None
        if songs is not None and {"artist", "title"} <= set(songs):
            keys[name] = set(checks.song_keys(songs))
        if name == "deam" and dataset.song_features is not None:
            document["swap"] = _survey_swap(dataset, models, resamples)
        if name in AUDIO and slow:
            clips[name] = _clips(dataset)
        if name == "panda_4qaed" and slow:
            document["control"] = _survey_control(dataset)
    if slow:
        document["sound"] = _survey_sound(clips)
    document["overlaps"] = [
        {"one": one, "other": other, "songs": len(keys[one] & keys[other])} for one, other in combinations(keys, 2)
    ]
    return document


def _survey_set(name: str, location: Location, dataset) -> dict:
    findings = registry.validate(dataset)
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
    entry = SONG_SETS.get(name)
    table = entry.table(dataset) if entry else None
    if table is not None and {"valence", "arousal"} <= set(table):
        scale = entry.scale
        if scale is None:
            edge = float(table[["valence", "arousal"]].abs().max().max())
            scale = (-edge, edge)
        counts = checks.occupancy(table, scale, CELLS).astype(int).tolist()
        found["plane"] = {"title": entry.title, "scale": list(scale), "items": len(table), "counts": counts}
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


def _clips(dataset) -> dict[str, Path]:
    """The sound files of a set, by song_id as text; those that the copy has."""
    tables = (getattr(dataset, name, None) for name in ("songs", "clips", "labels", "pieces", "static"))
    table = next(table for table in tables if table is not None)
    found = {}
    for song_id in table.song_id:
        with contextlib.suppress(DataMissing):
            found[str(song_id)] = dataset.audio_path(song_id)
    return found


def _survey_control(dataset) -> dict:
    found = {
        protocol: positive_control.evidence(positive_control.predictions(dataset, protocol))
        for protocol in positive_control.PROTOCOLS
    }
    return {"data": dataset.location.kind, "protocols": found}


def _survey_sound(clips: dict[str, dict[str, Path]]) -> dict:
    listed = [(name, song_id, path) for name, files in clips.items() for song_id, path in files.items()]
    matches = same_sound.compare(*same_sound.fingerprints([path for *_, path in listed])) if listed else []
    pairs = [
        {
            "one": list(listed[match.one][:2]),
            "other": list(listed[match.other][:2]),
            "correlation": round(match.correlation, 3),
            "lag": round(match.lag, 2),
        }
        for match in matches
        if match.correlation >= same_sound.THRESHOLD
    ]
    below = [round(match.correlation, 3) for match in matches if match.correlation < same_sound.THRESHOLD]
    counts = {name: len(files) for name, files in clips.items() if files}
    return {"clips": counts, "threshold": same_sound.THRESHOLD, "next": max(below, default=0.0), "pairs": pairs}


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
        [document[part] for part in ("sets", "swap", "overlaps", "control", "sound")]
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
