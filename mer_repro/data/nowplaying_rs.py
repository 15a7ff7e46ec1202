"""#nowplaying-RS: 11.6 million tweets of 139,000 users that say what they listen to, with audio features and context.

Conventions
-----------
``timestamp`` is UTC, from 2014. Features are a streaming service's (0-1; ``loudness`` dB, ``tempo`` beats a minute,
``key`` 0-11, ``mode`` 0 minor and 1 major), NaN where it had none. Songs have neither names nor genres: genres can
only be taken from hashtags. The tables are streamed, never read as a whole; rows that are broken are left out and
counted.

No copy of this set was at hand when this loader was written: the layout follows the publisher's description and
public programs that read it.

Source: Poddar, Zangerle and Yang 2018, "#nowplaying-RS: A new benchmark dataset for building context-aware music
recommender systems", SMC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twin_listening, twins
from mer_repro.data.base import Finding, Location, Table, expected_size
from mer_repro.data.declaration import declared
from mer_repro.data.reading import whole
from mer_repro.data.streaming import RowStream

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: As published, rounded.
PUBLISHED = {"events": 11_600_000, "users": 139_000, "tracks": 346_000}
ROUNDED_WITHIN = 0.01

FEATURES = {
    "instrumentalness": (0, 1),
    "liveness": (0, 1),
    "speechiness": (0, 1),
    "danceability": (0, 1),
    "valence": (0, 1),
    "loudness": (-60, 10),
    "tempo": (0, 400),
    "acousticness": (0, 1),
    "energy": (0, 1),
    "mode": (0, 1),
    "key": (0, 11),
}
_RENAMED = {"created_at": "timestamp", "id": "event_id", "lang": "user_language", "tweet_lang": "language"}
_CONTEXT = ("id", "user_id", "track_id", "artist_id", "created_at", "tweet_lang", "lang", "time_zone")


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared("nowplaying_rs")
EVENTS, HASHTAGS, SENTIMENTS = TABLES.values()


@dataclass(frozen=True)
class NowplayingRs:
    """A way to the streamed tables."""

    location: Location

    def events(self, **options) -> RowStream:
        """Stream the listens: event_id, user_id, track_id, artist_id, timestamp, language (of the tweet),
        user_language, time_zone and the eleven `FEATURES`. `options` go to `RowStream`."""
        return self._stream(EVENTS, _check_events, (*_CONTEXT, *FEATURES), options)

    def hashtags(self, **options) -> RowStream:
        """Stream the hashtags, one row each: user_id, track_id, hashtag, timestamp. `options` go to `RowStream`."""
        return self._stream(HASHTAGS, _check_hashtags, ("user_id", "track_id", "hashtag", "created_at"), options)

    def _stream(self, table: Table, check: Callable, wanted: tuple[str, ...], options: Mapping) -> RowStream:
        known = whole(self.location, table)
        return RowStream(self.location.path(table), check, wanted=wanted, known=known, **options)

    def sentiments(self) -> pd.DataFrame:
        """hashtag and the smallest, largest, summed and mean sentiment of its words in four dictionaries (NaN where a
        dictionary knows none of them).

        Raises
        ------
        DataMissing
            If the copy has no sentiments.
        DataError
            If rows have more cells than the header names: some copies are said to, and nobody says what they are.
        """
        return SENTIMENTS.read(self.location)


def _check_events(block: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    import pandas as pd

    frame, wrong = _check_hashtags(block)
    for name, (low, high) in FEATURES.items():
        values = pd.to_numeric(block[name], errors="coerce")
        wrong[f"{name} is no number from {low} to {high}"] = (block[name] != "") & ~values.between(low, high)
        frame[name] = values
    return frame, wrong


def _check_hashtags(block: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    import pandas as pd

    when = pd.to_datetime(block.created_at, format="%Y-%m-%d %H:%M:%S", errors="coerce").astype("datetime64[s]")
    wrong = {"no time": when.isna(), "no user or track": (block.user_id == "") | (block.track_id == "")}
    return block.assign(created_at=when).rename(columns=_RENAMED), wrong


def load(location: Location) -> NowplayingRs:
    """The set, of which nothing is read yet; opens both tables to see that their headers are right.

    Raises
    ------
    DataMissing
        If a table is not there.
    DataError
        If a header is not as documented, or a file is cut.
    """
    dataset = NowplayingRs(location)
    dataset.events()
    dataset.hashtags()
    return dataset


def validate(dataset: NowplayingRs) -> list[Finding]:
    """Checks of the set; reads both tables once (some minutes for the whole set)."""
    return [*_check_listens(dataset), _check_tags(dataset)]


def _check_listens(dataset: NowplayingRs) -> list[Finding]:
    stream = dataset.events()
    users, tracks, featureless, earliest, latest = set(), set(), 0, None, None
    for block in stream:
        users.update(block.user_id.unique())
        tracks.update(block.track_id.unique())
        featureless += int(block.valence.isna().sum())
        earliest = min(filter(None, (earliest, block.timestamp.min())))
        latest = max(filter(None, (latest, block.timestamp.max())))
    found = {"events": stream.rows, "users": len(users), "tracks": len(tracks)}
    expected = expected_size(dataset.location, PUBLISHED)
    within = ROUNDED_WITHIN if dataset.location.kind == "real" else 0
    return [
        note(
            "size",
            found,
            checks.OK[all(abs(n / expected[name] - 1) <= within for name, n in found.items())],
            earliest=earliest,
            latest=latest,
            expected=", ".join(f"{expected[name]:,} {name}" for name in found),
        ),
        *checks.stream_findings(stream),
        note("missing features", {"share": featureless / stream.rows}),
    ]


def _check_tags(dataset: NowplayingRs) -> Finding:
    stream = dataset.hashtags()
    counts: dict[str, int] = {}
    for block in stream:
        for tag, n in block.hashtag.value_counts().items():
            counts[tag] = counts.get(tag, 0) + int(n)
    # The publication does not say how many there are; a twin's generator does.
    expected = expected_size(dataset.location, PUBLISHED).get("hashtags", stream.rows)
    return note(
        "hashtags",
        {"rows": stream.rows, "different": len(counts)},
        "note" if stream.rows == expected else "failed",
        top=", ".join(sorted(counts, key=counts.get, reverse=True)[:5]),
    )


TWIN_HASHTAGS = ("rock", "pop", "electronic", "metal", "hiphop", "jazz")
TWIN_USERS, TWIN_LISTENS = 80, 50
TWIN_TRACKS_A_GENRE = 40
TWIN_TAGGED_SHARE = 0.6
TWIN_STRONG_MOOD = 0.7


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write generated listens whose genre, told by a hashtag of 60 % of them, is the planted choice.

    ``truth.json`` holds the effects and best accuracies of `mer_repro.data.twin_listening`, the genre of each track,
    and the mood shows in the hashtags ``happy`` and ``sad``.
    """
    import datetime

    import numpy as np

    rng = np.random.default_rng([seed, 346_000])
    planted = twin_listening.plant_listens(rng, [TWIN_LISTENS] * TWIN_USERS, len(TWIN_HASHTAGS))
    features = {
        track: {
            name: round(float(rng.uniform(*span)), 0 if name in ("key", "mode") else 3)
            for name, span in FEATURES.items()
        }
        for track in range(len(TWIN_HASHTAGS) * TWIN_TRACKS_A_GENRE)
    }
    now = dict.fromkeys(range(TWIN_USERS), datetime.datetime(2014, 1, 1))
    events, hashtags = [], []
    for number, (user, genre, mood) in enumerate(zip(planted.user, planted.genre, planted.mood, strict=True)):
        now[user] += datetime.timedelta(seconds=int(rng.integers(600, 500_000)))
        track = int(genre) * TWIN_TRACKS_A_GENRE + int(rng.integers(TWIN_TRACKS_A_GENRE))
        shown = features[track] if track % 25 else dict.fromkeys(FEATURES, "")
        who = {"user_id": 1000 + user, "track_id": f"track{track:04d}", "created_at": f"{now[user]:%Y-%m-%d %H:%M:%S}"}
        tags = [TWIN_HASHTAGS[genre]] if rng.random() < TWIN_TAGGED_SHARE else []
        if abs(mood) > TWIN_STRONG_MOOD:
            tags.append("happy" if mood > 0 else "sad")
        hashtags += [{**who, "hashtag": tag} for tag in tags or ["nowplaying"]]
        place = '{"type": "Point", "coordinates": [1, 2]}' if number % 9 == 0 else ""
        events.append(
            {"coordinates": place, **shown, "artist_id": f"artist{track // 4:03d}", "place": place, "geo": ""}
            | {"tweet_lang": "en", **who, "lang": "en", "time_zone": "Vienna", "id": 10_000 + number}
        )
    for table, rows in ((EVENTS, events), (HASHTAGS, hashtags)):
        twins.write(folder, table, (row.values() for row in rows), list(rows[0]))
    words = {"happy": 0.8, "sad": 0.2}
    # The published header has spaces after its commas.
    header = [SENTIMENTS.header[0], *(f" {name}" for name in SENTIMENTS.header[1:])]
    twins.write(folder, SENTIMENTS, ([word, *[score] * 8, *[""] * 8] for word, score in words.items()), header)
    genres = {f"track{track:04d}": TWIN_HASHTAGS[track // TWIN_TRACKS_A_GENRE] for track in features}
    size = {"events": len(events), "users": TWIN_USERS, "tracks": len({event["track_id"] for event in events})}
    size["hashtags"] = len(hashtags)
    twins.write_truth(folder, "nowplaying_rs", seed, size=size, genre_of_track=genres, **planted.truth())
