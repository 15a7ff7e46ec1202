"""Is this split of a data set what its user thinks it is? Songs, versions and artists on both sides, labels that are
not the set's, ids that nobody knows, songs that other sets hold too.

Conventions
-----------
A split is one table with a column that names the part of each row, or several lists, one per part. The id column and
the part column are found by name or, where the names say nothing, by content: an id may be written as a file name
("audio/12.mp3"). Parts are "train", "validation" and "test", or "fold 0", "fold 1" ...; a part is tested against
"train", or, where there is none, against all others. Where only the held-out parts are listed, as in MERGE's archive,
training is the rest of the set.

A *fault* makes a score wrong whatever the model (a song in two parts, a label that is not the song's). A *note* is
something that a reader of the score must know (an artist in two parts, a label seen in training).
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mer_repro.data import checks, declaration, errata, registry
from mer_repro.data.reading import read_text
from mer_repro.data.songs import SONG_SETS, quadrants, songs
from mer_repro.errors import DataError, DataMissing, ParameterError, require_choice

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".tsv", ".txt", ".lst", ".json")
ID_HEADERS = ("song_id", "songid", "audio_song", "song", "musicid", "track_id", "trackid", "clip_name", "id", "track")
PART_HEADERS = ("split", "part", "subset", "partition", "fold", "set", "mediaeval2013set")
TIME_HEADERS = ("time", "frametime", "frame", "segment")
LABEL_HEADERS = {
    "valence": ("valence", "valence_mean", "mean_valence", "valence(mean)"),
    "arousal": ("arousal", "arousal_mean", "mean_arousal", "arousal(mean)"),
    "quadrant": ("quadrant",),
}
#: Words that begin a part's name. "dev" validates where "train" is there too, and trains where it is not.
PART_WORDS = {
    "train": "train",
    "valid": "validation",
    "val": "validation",
    "dev": "dev",
    "test": "test",
    "eval": "test",
}
#: Scales on which people write labels: besides the set's own, those that its labels are usually mapped to.
USUAL_SCALES = ((0.0, 1.0), (-1.0, 1.0))
#: Half a unit of the second decimal: labels rounded to two places are still the set's.
ROUNDING = 0.00501
NOBODY = {"", "unknown", "various", "various artists", "unknown artist"}


@dataclass(frozen=True)
class SplitFinding:
    """What one check found: `count` items of the split, `items` (their ids, or pairs of ids, as texts)."""

    check: str
    status: Literal["ok", "note", "fault"]
    says: str
    count: int = 0
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """A split as it was read.

    rows : song_id (the set's own where known, else the text), known, part; where published valence, arousal (as
        written), quadrant; one row per line.
    frames : whether a song has many rows, as in lists of frames.
    remarks : what had to be assumed to read it.
    """

    rows: pd.DataFrame
    frames: bool
    remarks: tuple[str, ...]

    @property
    def parts(self) -> list[str]:
        """Names of the parts that have rows: train, validation, then the others in alphabetical order."""
        return sorted(self.rows.part.unique(), key=lambda part: (part != "train", part != "validation", part))


@dataclass(frozen=True)
class Report:
    """All findings on a split of `dataset` (a "real" copy or a "twin" in `folder`)."""

    dataset: str
    data: str
    folder: str
    parts: dict[str, int]
    remarks: tuple[str, ...]
    findings: tuple[SplitFinding, ...] = field(default_factory=tuple)

    @property
    def faults(self) -> int:
        """Number of checks with a fault; notes do not count."""
        return sum(finding.status == "fault" for finding in self.findings)


# ---- reading ---------------------------------------------------------------------------------------------------------


def read_split(paths: Sequence[Path], known: Iterable[int | str]) -> Split:
    """Read a split of the set whose song ids are `known`: one table, several lists, or a folder of lists.

    Raises
    ------
    DataMissing, DataError
        If a file is not there or holds no table; if no column holds ids of the set.
    ParameterError
        If nothing says which part a row is in.
    """
    import pandas as pd

    lookup = {str(song_id): song_id for song_id in known}
    files, remarks = _files(paths)
    tables = [_read_list(path, lookup) for path in files]
    if len(files) > 1 or "part" not in tables[0]:
        names = [_part(path.stem) for path in files]
        if len(files) == 2 and None in names:
            names = ["train", "test"]
            remarks.append(f"{files[0].name} is taken for training and {files[1].name} for test.")
        for path, table, name in zip(files, tables, names, strict=True):
            if name is None and "part" not in table:
                raise ParameterError(
                    f"Nothing says which part of the split {path} is: name the file after it (train, validation, test,"
                    f" fold 0), or give it a column called one of {', '.join(PART_HEADERS[:3])}."
                )
            if "part" not in table:
                table["part"] = name
    rows = pd.concat(tables, ignore_index=True)
    rows["part"] = rows.part.replace("dev", "validation" if "train" in set(rows.part) else "train")
    if "train" not in set(rows.part) and not rows.part.str.startswith("fold").any():
        listed = set(rows.song_id[rows.known])
        rest = [song_id for song_id in lookup.values() if song_id not in listed]
        if rest:
            remarks.append(f"No part is for training: it is taken to be the {len(rest):,} songs that no list names.")
            rows = pd.concat([rows, pd.DataFrame({"song_id": rest, "known": True, "part": "train"})], ignore_index=True)
    return Split(rows, "time" in rows, tuple(remarks))


def _files(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The files of a split: those given, or those of a folder whose names say which part they are."""
    files, remarks = [], []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS)
        named = [file for file in inside if _part(file.stem)]
        if not named:
            raise DataError(
                path,
                found=", ".join(file.name for file in inside[:5]) or f"no file that ends in {', '.join(ENDINGS)}",
                expected="lists whose names say train, validation, test or fold",
            )
        files += named
        others = [file.name for file in inside if file not in named]
        if others:
            remarks.append(f"Left out, as their names tell no part: {', '.join(others)}.")
    return files, remarks


def _part(text: str) -> str | None:
    """The part that a file name or a cell means: a word of `PART_WORDS`, "fold 3"; None if neither."""
    plain = str(text).strip().lower()
    fold = re.search(r"(?:^|fold[\s_-]*|split[\s_-]*)(\d{1,2})(?:\.0)?$", plain)
    word = re.search(r"(?<![a-z])(train|valid|val|dev|test|eval)", plain)
    if word:
        return PART_WORDS[word[1]]
    return f"fold {fold[1]}" if fold else None


def _read_list(path: Path, lookup: dict[str, int | str]) -> pd.DataFrame:
    """One file of a split: song_id, known and, where it has them, part, time, valence, arousal, quadrant."""
    import pandas as pd

    header, rows = _cells(path)
    if not rows:
        raise DataError(path, found="no rows", expected="a list of song ids")
    plain = [re.sub(r"\s+", "", cell).lower() for cell in header]
    named = [plain.index(name) for name in ID_HEADERS if name in plain]
    shares = [sum(_known(row[place], lookup) is not None for row in rows) for place in range(len(header))]
    place = next((p for p in named if shares[p]), max(range(len(header)), key=shares.__getitem__))
    if not shares[place]:
        raise DataError(
            path,
            found=f"no id of the set among {len(rows):,} rows, as '{rows[0][named[0] if named else 0]}'",
            expected=f"ids like {', '.join(list(lookup)[:3])}",
            todo="Is it a split of another set (--set)?",
        )
    ids = [_known(row[place], lookup) for row in rows]
    table = {
        "song_id": [row[place].strip() if found is None else found for row, found in zip(rows, ids, strict=True)],
        "known": [found is not None for found in ids],
    }
    at = {name: next((plain.index(h) for h in LABEL_HEADERS[name] if h in plain), None) for name in LABEL_HEADERS}
    for name, column in at.items():
        if column is not None:
            cells = [row[column].strip() for row in rows]
            table[name] = cells if name == "quadrant" else [_number(path, cell, header[column]) for cell in cells]
    part = next((plain.index(name) for name in PART_HEADERS if name in plain), None)
    if part is not None:
        table["part"] = [_require_part(path, row[part]) for row in rows]
    if any(name in plain for name in TIME_HEADERS):
        table["time"] = True
    return pd.DataFrame(table)


def _require_part(path: Path, cell: str) -> str:
    part = _part(cell)
    if part is None:
        raise DataError(path, found=f"'{cell}' as part", expected="train, validation, test or the number of a fold")
    return part


def _number(path: Path, cell: str, header: str) -> float:
    if not cell:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise DataError(path, found=f"'{cell}' in column '{header}'", expected="a number") from None


def _known(cell: str, lookup: dict[str, int | str]):
    """The set's id that a cell means, or None: as it stands, as a file name, as a number."""
    text = str(cell).strip().strip("'\"")
    name = re.split(r"[/\\]", text)[-1]
    for candidate in (text, name, re.sub(r"\.[a-z0-9]{2,4}$", "", name, flags=re.IGNORECASE)):
        whole = re.fullmatch(r"0*(\d+)(?:\.0)?", candidate)
        for key in (candidate, whole[1] if whole else candidate):
            if key in lookup:
                return lookup[key]
    return None


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a delimited file, a bare list, or a JSON object of lists; all cells as texts."""
    text = read_text(path, ends=False)
    if path.suffix.lower() == ".json":
        return _json_cells(path, text)
    first = text.lstrip().splitlines()[0]
    delimiter = next((sign for sign in ("\t", ";", ",") if sign in first), "\0")
    if delimiter == "\0":  # one id per line: ids may hold any sign
        rows = [[line.strip()] for line in text.splitlines() if line.strip()]
    else:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    named = {re.sub(r"\s+", "", cell).lower() for cell in rows[0]} & {*ID_HEADERS, *PART_HEADERS, "filename", "file"}
    header = rows.pop(0) if named else [""] * len(rows[0])
    short = [number for number, row in enumerate(rows, 2) if len(row) != len(header)]
    if short:
        raise DataError(path, line=short[0], found="another number of cells", expected=f"{len(header)}, as above it")
    return header, rows


def _json_cells(path: Path, text: str) -> tuple[list[str], list[list[str]]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(path, line=error.lineno, found="broken JSON", expected="a JSON document") from None
    if isinstance(document, dict) and all(isinstance(ids, list) for ids in document.values()):
        return ["song_id", "split"], [[str(song), part] for part, ids in document.items() for song in ids]
    if isinstance(document, list) and document and all(isinstance(row, dict) for row in document):
        header = list(document[0])
        return header, [[str(row.get(name, "")) for name in header] for row in document]
    if isinstance(document, list):
        return ["song_id"], [[str(song)] for song in document]
    raise DataError(path, found="JSON of another form", expected='{"train": [ids], "test": [ids]} or a list of objects')


# ---- checks ----------------------------------------------------------------------------------------------------------


def check(
    paths: Sequence[Path],
    name: str,
    *,
    also: Sequence[tuple[str, Path]] = (),
    source: str = "real",
    home: Path | None = None,
) -> Report:
    """Check a split of data set `name`.

    Parameters
    ----------
    paths : one table, several lists or a folder of lists (`read_split`).
    also : (data set, split) pairs on which the same model is trained.
    source, home : which copy of the set says what is right, as in `registry.locate`.

    Raises
    ------
    ParameterError
        If the set has no songs, or there is no such set.
    DataMissing, DataError
        As `registry.load` and `read_split`.
    """
    require_choice("data set of songs", name, SONG_SETS)
    location, table = registry.locate(name, source, home), songs(name, source, home)
    split = read_split(paths, table.song_id)
    findings = [
        _finding("unknown ids", dict.fromkeys(split.rows.song_id[~split.rows.known])),
        _finding("missing items", table.song_id[~table.song_id.isin(split.rows.song_id)], songs=len(table)),
        *_repeated(split),
        versions(split, table, name),
    ]
    findings += [_artists(split, table)] if "artist" in table else []
    findings += _labels(split, table, name)
    findings += _elsewhere(split, table, name, source, home)
    for other, path in also:
        findings.append(_trained_elsewhere(split, table, name, other, path, source, home))
    counts = {part: int((split.rows.part == part).sum()) for part in split.parts}
    return Report(name, location.kind, str(location.folder), counts, split.remarks, tuple(findings))


def _finding(name: str, items: Iterable, **words) -> SplitFinding:
    """What the entry `name` of ``split_check.yaml`` says of `items`, with its status if there are any, else "ok"."""
    entry, items = declaration.document("split_check")[name], tuple(str(item) for item in items)
    check = entry.get("check", name).format(**words)
    if not items:
        return SplitFinding(check, "ok", entry["fine"].format(**words))
    return SplitFinding(check, entry["status"], entry["found"].format(n=len(items), **words), len(items), items)


def _repeated(split: Split) -> list[SplitFinding]:
    """Songs in more than one part; songs listed twice in one."""
    parts = split.rows.groupby("song_id", sort=False).part.agg(lambda p: tuple(dict.fromkeys(p)))
    torn = parts[parts.map(len) > 1]
    found = [_finding("songs in two parts", torn.index, spread=_spread(torn))]
    if not split.frames:
        twice = split.rows[split.rows.duplicated(["song_id", "part"])].song_id
        found.append(_finding("listed twice", dict.fromkeys(twice)))
    return found


def _spread(parts: pd.Series) -> str:
    """How often which parts share something: "12 in train and test"."""
    return ", ".join(
        f"{count} in {' and '.join(sorted(names))}" for names, count in parts.map(frozenset).value_counts().items()
    )


def versions(split: Split, table: pd.DataFrame, name: str) -> SplitFinding:
    """Entries that are one song, by artist and title of `table` or as reported (`errata.same_song`), in two parts."""
    of = split.rows[split.rows.known].groupby("song_id").part.agg(set)
    groups = [*errata.same_song(name), *(checks.duplicate_songs(table) if "artist" in table else [])]
    torn = [
        pair
        for group in groups
        for pair in combinations([song for song in group if song in of.index], 2)
        if len(of[pair[0]] | of[pair[1]]) > 1
    ]
    return _finding(
        "versions in two parts", dict.fromkeys(" = ".join(map(str, sorted(pair, key=str))) for pair in torn)
    )


def _artists(split: Split, table: pd.DataFrame) -> SplitFinding:
    """Artists in more than one part, of the songs whose artist the set states."""
    held = split.rows[split.rows.known].drop_duplicates(["song_id", "part"])[["song_id", "part"]]
    joint = held.merge(table[["song_id", "artist"]], on="song_id")
    joint["key"] = [checks.song_key(artist, "").partition(" |")[0] for artist in joint.artist]
    joint = joint[~joint.key.isin(NOBODY)]
    parts = joint.groupby("key").part.agg(set)
    shared = parts[parts.map(len) > 1].index
    trained = parts[parts.map(lambda p: "train" in p)].index
    tested = joint[joint.part.eq("test") & joint.key.isin(trained)].song_id.nunique()
    return _finding(
        "artists in two parts",
        joint.groupby("key").artist.first()[shared],
        artists=len(parts),
        known=joint.song_id.nunique(),
        both=f" {tested} test songs have an artist that is trained on." if tested else "",
    )


# ---- labels ----------------------------------------------------------------------------------------------------------


def _labels(split: Split, table: pd.DataFrame, name: str) -> list[SplitFinding]:
    """What the split says of its songs' labels, and which labels are seen in training."""
    found = []
    scale = SONG_SETS[name].scale
    if {"valence", "arousal"} <= set(split.rows) & set(table) and not split.frames and scale:
        found += _compared(split, table, scale)
    elif "swapped" in table and table.swapped.any():
        ids = table.song_id[table.swapped & table.song_id.isin(split.rows.song_id)]
        found.append(_finding("swapped labels of the published table", ids))
    if "quadrant" in split.rows and ("quadrant" in table or (scale and "valence" in table)):
        found.append(_classes(split, table, scale))
    if {"valence", "arousal"} <= set(table):
        found.append(_seen(split, table))
    return found


def _compared(split: Split, table: pd.DataFrame, scale: tuple[float, float]) -> list[SplitFinding]:
    """The split's valence and arousal against the set's, on whichever scale they are written."""
    import numpy as np

    joint = split.rows[split.rows.known & split.rows.valence.notna() & split.rows.arousal.notna()].merge(
        table[["song_id", "valence", "arousal"]].drop_duplicates("song_id"), on="song_id", suffixes=("", "_right")
    )
    written = joint[["valence", "arousal"]].to_numpy(float)
    readings = []
    for low, high in (scale, *(usual for usual in USUAL_SCALES if usual != scale)):
        right = (joint[["valence_right", "arousal_right"]].to_numpy(float) - scale[0]) / (scale[1] - scale[0])
        right = low + right * (high - low)
        straight = (abs(written - right) <= ROUNDING).all(axis=1)
        crossed = (abs(written - right[:, ::-1]) <= ROUNDING).all(axis=1) & ~straight
        readings.append(((straight | crossed).sum(), straight, crossed, (low, high)))
    agreeing, straight, crossed, (low, high) = max(readings, key=lambda reading: reading[0])
    if agreeing < len(joint) / 2:
        tried = ", ".join(f"{a:g} to {b:g}" for a, b in (scale, *USUAL_SCALES))
        says = f"Of {len(joint):,} labels only {agreeing} are the set's on one of the scales {tried}: not compared."
        return [SplitFinding("labels of the set", "note", says, len(joint) - int(agreeing))]
    outside = ((written < low - ROUNDING) | (written > high + ROUNDING)).any(axis=1)
    other = ~straight & ~crossed & ~outside
    ids = np.array([str(song) for song in joint.song_id], dtype=object)
    words = {"songs": len(joint), "low": low, "high": high}
    masks = {"swapped labels": crossed, "labels outside the range": outside, "labels of the set": other}
    return [_finding(name, ids[mask], **words) for name, mask in masks.items()]


def _classes(split: Split, table: pd.DataFrame, scale: tuple[float, float] | None) -> SplitFinding:
    right = table[["song_id"]].assign(right=table.quadrant if "quadrant" in table else "")
    if scale and "valence" in table:
        right["right"] = right.right.where(right.right != "", quadrants(table, scale))
    joint = split.rows[split.rows.known].merge(right.drop_duplicates("song_id"), on="song_id")
    joint = joint[joint.quadrant.notna() & (joint.right != "")]
    off = joint[joint.quadrant != joint.right]
    return _finding("quadrants of the set", off.song_id, songs=len(joint))


def _seen(split: Split, table: pd.DataFrame) -> SplitFinding:
    """Test songs whose exact pair of labels a training song carries; by the set's own labels."""
    by_id = table.drop_duplicates("song_id").set_index("song_id")
    held = split.rows[split.rows.known].drop_duplicates(["song_id", "part"])
    counts, items = [], []
    for part in split.parts:
        if part == "train" or ("train" in split.parts and part != "test"):
            continue
        trained = held[held.part == "train"] if "train" in split.parts else held[held.part != part]
        ids = held[held.part == part].song_id
        seen = set(checks.label_pairs(by_id.loc[trained.song_id]))
        hit = [song for song, pair in zip(ids, checks.label_pairs(by_id.loc[ids]), strict=True) if pair in seen]
        items += hit
        counts.append(f"{len(hit)} of the {len(ids)} songs of {part} ({checks.percent(len(hit) / max(1, len(ids)))})")
    return _finding("exact labels seen in training", items, counts="; ".join(counts))


# ---- other sets ------------------------------------------------------------------------------------------------------


def _in_other(table: pd.DataFrame, other: pd.DataFrame, name: str, other_name: str) -> dict:
    """{song_id: song_id in the other set} of songs in both: by id where ids are shared, else by artist and title."""
    if other_name in SONG_SETS[name].same_ids:
        return {song: song for song in table.song_id[table.song_id.isin(other.song_id)]}
    if "key" not in table or "key" not in other:
        return {}
    theirs = dict(zip(other.key, other.song_id, strict=True))
    return {song: theirs[key] for song, key in zip(table.song_id, table.key, strict=True) if key and key in theirs}


def _elsewhere(split: Split, table: pd.DataFrame, name: str, source: str, home: Path | None) -> list[SplitFinding]:
    """How many songs of the split each other set at hand holds; sets that cannot be read are passed over."""
    found = []
    present = table[table.song_id.isin(split.rows.song_id)]
    for other_name, entry in SONG_SETS.items():
        related = other_name in SONG_SETS[name].same_ids or ("key" in table and entry.named)
        if other_name == name or not related:
            continue
        try:
            shared = _in_other(present, songs(other_name, source, home), name, other_name)
        except (DataError, DataMissing):
            continue
        if shared:
            held = split.rows[split.rows.song_id.isin(list(shared))].groupby("part").song_id.nunique()
            listed = ", ".join(f"{held[part]:,} in {part}" for part in split.parts if part in held)
            says = f"{len(shared):,} songs are in {entry.title.partition(',')[0]} too ({listed})."
            items = tuple(str(song) for song in shared)
            found.append(SplitFinding(f"songs of {other_name}", "note", says, len(shared), items))
    return found


def _trained_elsewhere(
    split: Split, table: pd.DataFrame, name: str, other_name: str, path: Path, source: str, home: Path | None
) -> SplitFinding:
    """Songs that this split tests and another set's split, of the same model, trains on, and the other way round."""
    require_choice("data set of songs", other_name, SONG_SETS)
    other = songs(other_name, source, home)
    theirs = read_split([path], other.song_id)
    shared = _in_other(table, other, name, other_name)
    part, their_part = (s.rows[s.rows.known].groupby("song_id").part.agg(set) for s in (split, theirs))

    def torn(mine: str, their: str) -> list:
        return [s for s, o in shared.items() if mine in part.get(s, ()) and their in their_part.get(o, ())]

    here, there = torn("test", "train"), torn("train", "test")
    return _finding(
        "trained on through another set", [*here, *there], other=other_name, here=len(here), there=len(there)
    )
