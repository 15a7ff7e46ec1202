"""MERGE bimodal, complete: 2,216 songs with audio, lyrics, valence and arousal, a mood quadrant and official splits.

Conventions
-----------
Valence and arousal are on a 0-1 scale with 0.5 as the middle. They were computed from words that listeners tagged a
song with, not rated. Quadrants are Q1 (valence and arousal high), Q2 (valence low, arousal high), Q3 (both low), Q4
(valence high, arousal low). A song has one id for its audio and one for its lyrics, which differ for a few; ``song_id``
is the audio's.

The official splits lie in ``tvt_dataframes`` as lists of ids with quadrants: train, validate and test of 70-15-15 and
40-30-30. Where the train list is missing and the other two are there, train is the rest of the table, without official
quadrants.

Source: Louro, Redinho, Santos, Malheiro, Panda and Paiva 2024, "MERGE: a bimodal dataset for static music emotion
recognition", arXiv:2407.06060.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Finding, Location, Table
from mer_repro.data.declaration import declared
from mer_repro.data.reading import read_text, require_same_ids
from mer_repro.errors import DataError, DataMissing, require_choice

if TYPE_CHECKING:
    import pandas as pd

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
MIDDLE = 0.5
SCALE = (0.0, 1.0)
DOCUMENTED_SONGS = 2216
#: Songs by which a part of a split may differ from its share of the table, for rounding within the quadrants.
SHARE_TOLERANCE = 2
SPLITS = ("70_15_15", "40_30_30")
PARTS = {"train": "train", "validation": "validate", "test": "test"}


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared("merge")
LABELS, METADATA = TABLES["labels"], TABLES["metadata"]
LISTS = {(split, part): TABLES[f"{part}_{split}"] for split in SPLITS for part in PARTS}


@dataclass(frozen=True)
class Merge:
    """MERGE's tables.

    songs : song_id, lyrics_id, valence, arousal (0-1), quadrant (official, "" where no file of the copy
        states it).
    splits : song_id, split ("70_15_15", "40_30_30"), part ("train", "validation", "test"); empty where the
        copy has no split files.
    metadata : song_id, quadrant, artist, title and, where published, year, genres, moods (texts as
        published); None where the copy has none.
    """

    location: Location
    songs: pd.DataFrame
    splits: pd.DataFrame
    metadata: pd.DataFrame | None

    def part(self, split: str, part: str) -> list[str]:
        """The song_ids of one part of an official split.

        Raises
        ------
        ParameterError
            If there is no such split or part.
        DataMissing
            If the copy does not have this split.
        """
        require_choice("split of MERGE", split, SPLITS)
        require_choice("part", part, PARTS)
        chosen = self.splits[(self.splits.split == split) & (self.splits.part == part)]
        if chosen.empty:
            raise DataMissing(
                f"merge: this copy has no files for split {split} ({self.location.folder / 'tvt_dataframes'})."
            )
        return chosen.song_id.tolist()

    def audio_path(self, song_id: str) -> Path:
        """The 30 s excerpt: of the archive or, of a song that 4QAED holds too, its clip in a copy of 4QAED beside this
        one. Raises DataMissing where there is neither."""
        try:
            return self._in_quadrants("audio", f"{song_id}.mp3")
        except DataMissing:
            clips = self._clips
            if clips is None or song_id not in self._named_by_clips.index:
                raise
            return clips.audio_path(song_id)

    def names(self) -> pd.DataFrame | None:
        """song_id, artist, title of the songs whose artist is known: from the copy's metadata or else from 4QAED beside
        it; None where there is neither."""
        if self.metadata is not None:
            return self.metadata[["song_id", "artist", "title"]]
        return None if self._clips is None else self._named_by_clips[["artist", "title"]].reset_index()

    @functools.cached_property
    def _clips(self):
        return checks.beside(self.location, "panda_4qaed")

    @functools.cached_property
    def _named_by_clips(self) -> pd.DataFrame:
        songs = self._clips.songs
        return songs[songs.song_id.isin(self.songs.song_id)].set_index("song_id")

    def lyrics(self, song_id: str) -> str:
        """The lyrics of a song; raises DataMissing where the copy has none."""
        lyrics_id = self.songs.set_index("song_id").lyrics_id[song_id]
        return read_text(self._in_quadrants("lyrics", f"{lyrics_id}.txt"), ends=False)

    def _in_quadrants(self, kind: str, filename: str) -> Path:
        return self.location.path(f"{kind}/{filename}", *(f"{kind}/{quadrant}/{filename}" for quadrant in QUADRANTS))


def load(location: Location) -> Merge:
    """Read MERGE.

    Raises
    ------
    DataMissing
        If the table of labels is not there.
    DataError
        If a file is not as documented, a split names a song the table does not have, or names one twice, or
        two files give one song different quadrants.
    """
    songs = LABELS.read(location)
    lists = {key: _read_list(location, table, songs) for key, table in LISTS.items() if location.has(table)}
    metadata = None
    if location.has(METADATA):
        metadata = METADATA.read(location)
        require_same_ids(location.path(METADATA), metadata.song_id, location.path(LABELS), songs.song_id)
    songs["quadrant"] = _quadrants(location, songs, lists, metadata)
    return Merge(location, songs, _splits(location, songs, lists), metadata)


def _read_list(location: Location, table: Table, songs: pd.DataFrame) -> pd.DataFrame:
    part = table.read(location)
    strangers = part.song_id[~part.song_id.isin(songs.song_id)]
    if len(strangers):
        raise DataError(
            location.path(table), found=f"song '{strangers.iloc[0]}'", expected=f"songs of {LABELS.path} only"
        )
    return part


def _quadrants(location: Location, songs: pd.DataFrame, lists: dict, metadata: pd.DataFrame | None) -> list[str]:
    """The official quadrant of each song, from every file that states it; they must agree."""
    stated: dict[str, str] = {}
    sources = [(LISTS[key], table) for key, table in lists.items()]
    if metadata is not None:
        sources.append((METADATA, metadata))
    for source, table in sources:
        for song_id, quadrant in zip(table.song_id, table.quadrant, strict=True):
            if stated.setdefault(song_id, quadrant) != quadrant:
                raise DataError(
                    location.path(source),
                    found=f"{quadrant} for song '{song_id}'",
                    expected=f"{stated[song_id]}, as in another file of this copy",
                )
    return [stated.get(song_id, "") for song_id in songs.song_id]


def _splits(location: Location, songs: pd.DataFrame, lists: dict) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for split in SPLITS:
        parts = {part: lists[split, part].song_id.tolist() for part in PARTS if (split, part) in lists}
        placed: dict[str, str] = {}
        for part, ids in parts.items():
            for song_id in ids:
                if song_id in placed:
                    raise DataError(
                        location.path(LISTS[split, part]),
                        found=f"song '{song_id}', which is in {placed[song_id]} too",
                        expected="each song in one part",
                    )
                placed[song_id] = part
        if len(parts) == len(PARTS):
            require_same_ids(location.path(LABELS), songs.song_id, location.path(LISTS[split, "train"]), placed)
        elif {"validation", "test"} <= set(parts):
            _require_shares(location, split, parts, len(songs))
            placed = {song_id: "train" for song_id in songs.song_id if song_id not in placed} | placed
        rows += [(song_id, split, part) for song_id, part in placed.items()]
    return pd.DataFrame(rows, columns=["song_id", "split", "part"], dtype=object)


def _require_shares(location: Location, split: str, parts: dict[str, list[str]], total: int) -> None:
    """Without the train list, its size is the only witness that no song of the table was lost."""
    for part, percent in zip(PARTS, split.split("_"), strict=True):
        expected = total * int(percent) / 100
        if part in parts and abs(len(parts[part]) - expected) > SHARE_TOLERANCE:
            raise DataError(
                location.path(LISTS[split, part]),
                found=f"{len(parts[part])} songs",
                expected=f"{percent} % of the {total} songs of {LABELS.path}, which is {expected:.0f}",
                todo="One of the two files is truncated: fetch both again.",
            )


def quadrant_of(valence: float, arousal: float) -> str:
    """The quadrant of a point on the 0-1 plane; the middle itself counts as high."""
    if arousal >= MIDDLE:
        return "Q1" if valence >= MIDDLE else "Q2"
    return "Q4" if valence >= MIDDLE else "Q3"


def validate(dataset: Merge) -> list[Finding]:
    """Size, labels, quadrants against coordinates, class balance, labels of test items seen in training, duplicates."""
    songs = dataset.songs
    findings = [
        checks.size_finding(dataset.location, {"songs": len(songs)}, {"songs": DOCUMENTED_SONGS}),
        *checks.label_findings(songs, SCALE),
        _quadrant_finding(songs),
    ]
    by_id = songs.set_index("song_id")
    for split in SPLITS:
        if not (dataset.splits.split == split).any():
            continue
        train, test = (by_id.loc[dataset.part(split, part)] for part in ("train", "test"))
        numbers = {"share": checks.share_seen(train, test), "test": len(test), "train": len(train)}
        findings.append(note("test labels seen in training, {split}", numbers, split=split.replace("_", "-")))
    if dataset.metadata is not None:
        findings.append(checks.duplicate_finding(dataset.metadata))
    findings += _clip_findings(dataset)
    findings.append(checks.missing_finding({"songs": songs, "metadata": dataset.metadata}))
    return findings


def _clip_findings(dataset: Merge) -> list[Finding]:
    """What the songs that are named, by metadata or by 4QAED, tell: artists across the official split, quadrants."""
    found = []
    names, parts = dataset.names(), dataset.splits[dataset.splits.split == SPLITS[0]]
    if names is not None and len(parts):
        joint = names[names.artist != ""].merge(parts, on="song_id")
        joint["key"] = [checks.song_key(artist, "") for artist in joint.artist]
        of = joint.groupby("key").part.agg(set)
        test = joint[joint.part == "test"]
        trained = test.key.isin(of.index[of.map(lambda held: "train" in held)])
        found.append(
            note(
                "artists across the official split",
                {
                    "songs": len(joint),
                    "artists": len(of),
                    "shared": int((of.map(len) > 1).sum()),
                    "test": len(test),
                    "test_trained": int(trained.sum()),
                },
            )
        )
    if dataset._clips is not None:
        joint = dataset.songs.merge(dataset._clips.songs, on="song_id", suffixes=("", "_clips"))
        placed = [quadrant_of(*point) for point in zip(joint.valence, joint.arousal, strict=True)]
        agree = int((joint.quadrant_clips == placed).sum())
        found.append(
            note("quadrants against panda_4qaed", {"songs": len(joint), "agree": agree}, checks.OK[agree == len(joint)])
        )
    return found


def _quadrant_finding(songs: pd.DataFrame) -> Finding:
    placed = [quadrant_of(valence, arousal) for valence, arousal in zip(songs.valence, songs.arousal, strict=True)]
    stated = songs.quadrant != ""
    off = int((songs.quadrant[stated] != [q for q, known in zip(placed, stated, strict=True) if known]).sum())
    shares = checks.balance(placed)
    listed = ", ".join(f"{quadrant} {checks.percent(shares[quadrant])}" for quadrant in sorted(shares))
    return note("quadrants", {"stated": int(stated.sum()), "off": off, **shares}, checks.OK[off == 0], listed=listed)


TWIN_SONGS, TWIN_CLIPS = 240, 60
TWIN_WORDS = {
    "Q1": ["joy", "bright", "dance", "shine", "party", "laugh"],
    "Q2": ["rage", "burn", "scream", "fight", "blood", "storm"],
    "Q3": ["tears", "alone", "grey", "silence", "lost", "grave"],
    "Q4": ["calm", "meadow", "gentle", "dream", "river", "rest"],
}


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 240 generated songs in MERGE's layout: labels, metadata, both splits, lyrics of all, audio of
    sixty.

    A song's lyrics draw words that go with its quadrant with the probability in ``truth.json`` and neutral
    words else; its audio is noise whose loudness follows its arousal. One label in ten is another quadrant's,
    so ``noise_ceiling_accuracy`` bounds any classifier.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 2216])
    ids = [f"A{k:03d}" if k < 12 else f"MT{k:010d}" for k in range(TWIN_SONGS)]
    lyric_ids = [song_id.replace("A", "L") if song_id.startswith("A") else song_id for song_id in ids]
    true = rng.choice(QUADRANTS, size=TWIN_SONGS, p=(0.25, 0.30, 0.22, 0.23))
    flipped = rng.random(TWIN_SONGS) < 0.1
    stated = [
        str(rng.choice([q for q in QUADRANTS if q != t])) if f else str(t) for t, f in zip(true, flipped, strict=True)
    ]
    high = {"Q1": (1, 1), "Q2": (0, 1), "Q3": (0, 0), "Q4": (1, 0)}  # valence, arousal
    # As in the real table, values come in steps and keep away from the middle of the valence axis.
    points = {
        song_id: [round(MIDDLE + (1 if h else -1) * float(rng.integers(2, 38)) / 80, 4) for h in high[quadrant]]
        for song_id, quadrant in zip(ids, stated, strict=True)
    }
    rows = [[audio, words, points[audio][1], points[audio][0]] for audio, words in zip(ids, lyric_ids, strict=True)]
    twins.write(folder, LABELS, rows, ["Audio_Song", "Lyric_Song", "Arousal", "Valence"])
    _write_twin_metadata(folder, ids, lyric_ids, stated)
    for split, shares in zip(SPLITS, ((0.70, 0.15), (0.40, 0.30)), strict=True):
        order = rng.permutation(TWIN_SONGS)
        bounds = [round(TWIN_SONGS * share) for share in (shares[0], shares[0] + shares[1])]
        for part, chosen in zip(PARTS, np.split(order, bounds), strict=True):
            twins.write(folder, LISTS[split, part], [[ids[k], stated[k]] for k in chosen], ["Song", "Quadrant"])
    fidelity = 0.35
    neutral = [f"word{k}" for k in range(60)]
    for position, quadrant in enumerate(true):
        words = [str(rng.choice(TWIN_WORDS[quadrant] if rng.random() < fidelity else neutral)) for _ in range(60)]
        lines = [" ".join(words[k : k + 6]) for k in range(0, len(words), 6)]
        path = folder / f"lyrics/{stated[position]}/{lyric_ids[position]}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for position in range(TWIN_CLIPS):
        loudness = 0.05 + 0.4 * high[str(true[position])][1]
        twins.write_clip(folder / f"audio/{stated[position]}/{ids[position]}.mp3", loudness, rng, "MP3", seconds=2)
    twins.write_truth(
        folder, "merge", seed, noise_ceiling_accuracy=round(float(1 - flipped.mean()), 4), word_fidelity=fidelity
    )


def _write_twin_metadata(folder: Path, ids: list[str], lyric_ids: list[str], quadrants: list[str]) -> None:
    header = ["Audio_Song", "Lyric_Song", "Quadrant", "AllMusic Id", "Artist", "Title", "Year", "Genres", "MoodsAll"]
    rows = [
        [
            audio,
            words,
            quadrant,
            f"mt{k}",
            f"Generated Artist {k % 90}",
            f"Generated Song {k}",
            1960 + k % 60,
            "Pop,Rock",
            "Generated",
        ]
        for k, (audio, words, quadrant) in enumerate(zip(ids, lyric_ids, quadrants, strict=True))
    ]
    twins.write(folder, METADATA, rows, header)
