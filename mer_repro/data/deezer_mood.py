"""Deezer mood detection set: valence and arousal of 18,644 songs of the Million Song Dataset, with an official split.

Conventions
-----------
Nobody rated these songs. Valence and arousal were computed from Last.fm tags by means of a word list (Warriner et al.)
and standardised over the set: about -2.4..2.8, and songs with the same tags have the same label to the last digit.
`validate` counts how many test songs carry a label that the training set has too.

``tags_*.json`` are a third party's: counts of 27 emotion tags found on SongMeanings, and valence and arousal in 0..1
computed from them, for 9,654 songs, of which 1,391 are in none of the official splits.

Source: Delbouys, Hennequin, Piccoli, Royo-Letelier and Moussallam 2018, "Music mood detection based on audio and
lyrics with deep neural net", ISMIR.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, msd, twins
from mer_repro.data.base import Breach, Finding, Location, expected_size
from mer_repro.data.declaration import declared
from mer_repro.data.reading import read_json, require_same_ids
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "validation", "test")
PUBLISHED = {"train": 11_267, "validation": 3_863, "test": 3_514}


def _track_ids(songs: pd.DataFrame) -> list[Breach]:
    malformed = ~songs.track_id.str.fullmatch(msd.TRACK_ID.pattern)
    return [(malformed, "track id '{track_id}'", "TR, 5 letters, 11 hex digits")]


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared(
    "deezer_mood", rules=dict.fromkeys(SPLITS, _track_ids)
)
TAG_SONGS, TAG_COUNTS = TABLES["tag_songs"], TABLES["tag_counts"]


@dataclass(frozen=True)
class DeezerMood:
    """Labels and tags.

    songs : song_id (Deezer), msd_song_id, track_id (MSD), valence, arousal (standardised), artist, title, split.
    tags : song_id, tag, count, long; None where the copy has no tag counts.
    tagged : song_id, track_id, artist, title, tag_valence, tag_arousal (0..1, third party), in_split; None likewise.
    """

    location: Location
    songs: pd.DataFrame
    tags: pd.DataFrame | None
    tagged: pd.DataFrame | None


def load(location: Location) -> DeezerMood:
    """Read the three splits, and the tag counts where the copy has them.

    Raises
    ------
    DataMissing
        If a split is not there, or one of the two tag files is without the other.
    DataError
        If a file is not as documented, or a song is in two splits.
    """
    import pandas as pd

    songs = pd.concat([TABLES[split].read(location).assign(split=split) for split in SPLITS], ignore_index=True)
    twice = songs[songs.song_id.duplicated()]
    if len(twice):
        raise DataError(
            location.path(TABLES[twice.split.iloc[0]]),
            found=f"song {twice.song_id.iloc[0]}, which another split has",
            expected="each song in one split",
            todo="Fetch the files again.",
        )
    if not (location.has(TAG_SONGS) or location.has(TAG_COUNTS)):
        return DeezerMood(location, songs, None, None)
    tags, tagged = _read_tags(location)
    tagged["in_split"] = tagged.song_id.isin(songs.song_id)
    return DeezerMood(location, songs, tags, tagged)


def _read_tags(location: Location) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    songs_path, counts_path = location.path(TAG_SONGS), location.path(TAG_COUNTS)
    named, counted = read_json(songs_path), read_json(counts_path)
    require_same_ids(songs_path, named, counts_path, counted, what="song id")
    tags, tagged = [], []
    for key, song in named.items():
        try:
            counts = counted[key]
            tagged.append(
                (
                    int(key),
                    song["msd_id"],
                    song["artist_name"],
                    song["song_title"],
                    _share(counts["valence"]),
                    _share(counts["arousal"]),
                )
            )
            tags += [(int(key), tag, _count(number)) for tag, number in counts["emotion_tags"]]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                counts_path,
                found=f"song {key} with {type(error).__name__} {error}",
                expected="msd_id, artist_name, song_title; valence and arousal in 0..1; emotion_tags of [tag, count]",
                todo="Fetch both files again.",
            ) from None
    columns = ["song_id", "track_id", "artist", "title", "tag_valence", "tag_arousal"]
    return pd.DataFrame(tags, columns=["song_id", "tag", "count"]), pd.DataFrame(tagged, columns=columns)


def _share(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{value!r} outside 0..1")
    return float(value)


def _count(value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"count {value!r}")
    return value


def validate(dataset: DeezerMood) -> list[Finding]:
    """Checks of the set; see `Finding`."""
    songs = dataset.songs
    sizes = {split: int((songs.split == split).sum()) for split in SPLITS}
    ten = songs.groupby(["valence", "arousal"]).size().nlargest(10).sum() / len(songs)
    seen = checks.share_seen(songs[songs.split == "train"], songs[songs.split == "test"])
    findings = [
        note("size", sizes, checks.OK[sizes == expected_size(dataset.location, PUBLISHED)]),
        *_check_duplicates(songs),
        _check_artists(songs),
        note("label multiplicity", checks.label_multiplicity(songs) | {"share_of_ten": float(ten)}),
        note("test labels seen in training", {"share": seen}),
    ]
    if dataset.tagged is not None:
        findings += _check_tags(dataset)
    for name, tracks in (("tagtraum", "tracks"), ("musixmatch", "songs")):
        other = checks.beside(dataset.location, name)
        if other is not None:
            shared = songs.track_id.isin(getattr(other, tracks).track_id)
            findings.append(checks.overlap_finding(name, {"by_track_id": int(shared.sum())}))
    lyrics = checks.beside(dataset.location, "tcc_ceds")
    return findings if lyrics is None else [*findings, _check_against_service(songs, lyrics.songs)]


def _check_duplicates(songs: pd.DataFrame) -> list[Finding]:
    same = int(songs.msd_song_id.duplicated().sum())
    split = songs.set_index("song_id").split
    across = sum(split[group].nunique() > 1 for group in checks.duplicate_songs(songs))
    return [
        checks.duplicate_finding(songs),
        note(
            "duplicates across splits", {"across_splits": across, "same_msd_song": same}, checks.NOTE[same + across > 0]
        ),
    ]


def _check_artists(songs: pd.DataFrame) -> Finding:
    names = songs.artist.str.casefold().str.strip()
    sets = {split: set(names[songs.split == split]) for split in SPLITS}
    shared = sets["train"] & sets["test"]
    test = songs.split == "test"
    affected = int(names[test].isin(sets["train"]).sum())
    return note(
        "artists across splits",
        {"artists": len(shared), "test_artists": len(sets["test"]), "test_songs": affected},
        checks.NOTE[len(shared) > 0],
        all=int(test.sum()),
        shown=f" ({', '.join(sorted(shared)[:3])}, ...)" if len(shared) > 3 else "",
    )


def _check_against_service(songs: pd.DataFrame, service: pd.DataFrame) -> Finding:
    """Against valence and energy that a streaming service's programs heard in the audio, where artist and title
    agree: a witness that never saw a tag."""
    import pandas as pd

    keys = checks.song_keys(service).drop_duplicates()
    here = checks.song_keys(songs).drop_duplicates()
    pairs = pd.Series(here.index, index=here.to_numpy()), pd.Series(keys.index, index=keys.to_numpy())
    joint = pd.concat(pairs, axis=1, join="inner", keys=["song_id", "service_id"])
    joint = joint.merge(songs, on="song_id").merge(
        service.rename(columns={"song_id": "service_id", "valence": "heard_valence", "energy": "heard_arousal"})[
            ["service_id", "heard_valence", "heard_arousal"]
        ],
        on="service_id",
    )
    r = {
        f"{mine}_{theirs}": float(joint[mine].corr(joint[f"heard_{theirs}"]))
        for mine in checks.TARGETS
        for theirs in checks.TARGETS
    }
    straight, crossed = r["valence_valence"] + r["arousal_arousal"], r["valence_arousal"] + r["arousal_valence"]
    return note("orientation, second witness", r | {"songs": len(joint)}, "ok" if straight > crossed else "note")


def _check_tags(dataset: DeezerMood) -> list[Finding]:
    both = dataset.tagged.merge(dataset.songs, on="song_id", suffixes=("_tags", ""))
    straight = {axis: float(both[axis].corr(both[f"tag_{axis}"])) for axis in ("valence", "arousal")}
    crossed = float(both.valence.corr(both.tag_arousal)), float(both.arousal.corr(both.tag_valence))
    songs_of_tag = dataset.tags.groupby("tag").size().sort_values(ascending=False)
    return [
        note(
            "orientation of the axes",
            straight | {"crossed": max(map(abs, crossed))},
            checks.OK[min(straight.values()) > max(map(abs, crossed))],
            one=crossed[0],
            other=crossed[1],
        ),
        note(
            "tag counts",
            {
                "songs": len(dataset.tagged),
                "tags": len(songs_of_tag),
                "outside": int((~dataset.tagged.in_split).sum()),
                "other_track": int((both.track_id != both.track_id_tags).sum()),
            },
            **checks.extremes(songs_of_tag),
        ),
    ]


TWIN_SONGS = {"train": 480, "validation": 160, "test": 160}
TWIN_SONGS_AN_ARTIST = 8
TWIN_LEAKED_ARTISTS = 3
#: Valence and arousal of the tags a twin's songs are labelled by, in standard units.
TWIN_TAGS = {
    "happiness": (1.3, 0.6),
    "calmness": (0.6, -1.4),
    "sadness": (-1.4, -0.7),
    "anger": (-1.3, 1.5),
    "excitement": (1.0, 1.6),
    "nostalgia": (0.1, -0.6),
    "fear": (-1.2, 0.9),
    "dreamy": (0.7, -0.9),
}
#: Songs whose tag counts come from their labels; of the rest the counts are noise.
TWIN_FAITHFUL_SHARE = 0.75


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write generated songs labelled by the mean of one to three tags, in three splits by artist, three artists of
    which are in two splits.

    The tag counts tell the label of 75 % of the songs and nothing of the others. ``truth.json`` holds these ids, the
    artists in two splits, and the R2 on the test songs of a model that knows for each song what its tags tell.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 18_644])
    places = [(split, index) for split in SPLITS for index in range(TWIN_SONGS[split])]
    songs = [_twin_song(rng, number, split, index) for number, (split, index) in enumerate(places)]
    for split in SPLITS:
        rows = (song["row"] for song in songs if song["split"] == split)
        twins.write(folder, TABLES[split], rows)
    for table, part in ((TAG_SONGS, "named"), (TAG_COUNTS, "counted")):
        document = {str(song["row"][0]): song[part] for song in songs}
        (folder / table.path).write_text(json.dumps(document) + "\n", encoding="utf-8")
    test = [song for song in songs if song["split"] == "test"]
    label = np.array([song["label"] for song in test])
    middle = np.mean(list(TWIN_TAGS.values()), axis=0)
    told = np.array([song["label"] if song["faithful"] else middle for song in test])
    r2 = 1 - ((label - told) ** 2).sum(axis=0) / ((label - label.mean(axis=0)) ** 2).sum(axis=0)
    twins.write_truth(
        folder,
        "deezer_mood",
        seed,
        size=TWIN_SONGS,
        faithful=[song["row"][0] for song in songs if song["faithful"]],
        artists_in_two_splits=TWIN_LEAKED_ARTISTS,
        test_r2_of_tags=dict(zip(checks.TARGETS, r2.round(4).tolist(), strict=True)),
    )


def _twin_song(rng, number: int, split: str, index: int) -> dict:
    """One song as it stands in its split (``row``) and in the two tag files, and what is true of it."""
    import numpy as np

    names, centres = list(TWIN_TAGS), np.array(list(TWIN_TAGS.values()))
    tags, others = (rng.choice(len(names), size=rng.integers(1, 4), replace=False) for _ in range(2))
    faithful = bool(rng.random() < TWIN_FAITHFUL_SHARE)
    shown = tags if faithful else others
    label = centres[tags].mean(axis=0)
    shares = (0.5 + centres[shown].mean(axis=0) / 5).round(6).tolist()
    track_id, artist, title = msd.generated_track_id(number), _twin_artist(split, index), f"Song {number}"
    return {
        "split": split,
        "label": label,
        "faithful": faithful,
        "row": [200_000 + 7 * number, f"SO{track_id[2:]}", track_id, *label.round(6).tolist(), artist, title],
        "named": {"msd_id": track_id, "artist_name": artist, "song_title": title},
        "counted": {
            **dict(zip(checks.TARGETS, shares, strict=True)),
            "emotion_tags": [[names[tag], int(rng.integers(1, 20))] for tag in shown],
        },
    }


def _twin_artist(split: str, index: int) -> str:
    """Eight songs an artist; the first artists of the test split are artists of the training split."""
    artist = index // TWIN_SONGS_AN_ARTIST
    home = "train" if split == "test" and artist < TWIN_LEAKED_ARTISTS else split
    return f"Generated Artist {home}-{artist}"
