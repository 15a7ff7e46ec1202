"""Last.fm-1K: the profiles of 992 users and everything they listened to until May 2009, 19 million listens.

Conventions
-----------
``timestamp`` is UTC. Ids are MusicBrainz', "" where unknown. The published table of listens has no header, no
quoting, users one after another, and each user's latest listen first. It is never read as a whole:
`Lastfm1k.events` hands out blocks, `Lastfm1k.histories` one user after another with the earliest listen first.
Rows that are cut, shifted, of nobody or from the future are left out and counted.

Age, gender and country are as the users filled them in. A copy may hold, instead of all listens, the first of one
user (``sample_events_one_user.tsv``).

Source: Celma 2010, "Music recommendation and discovery in the long tail", Springer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Breach, Finding, Location, expected_size
from mer_repro.data.declaration import declared
from mer_repro.data.reading import whole
from mer_repro.data.streaming import RowStream, open_bytes
from mer_repro.errors import DataError, DataMissing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

PUBLISHED = {"users": 992, "listens": 19_150_868}
FIRST_EVENT, LAST_EVENT = "2002-01-01", "2010-01-01"  # Last.fm opened in 2002; the crawl ended in 2009
EVENT_COLUMNS = ("user_id", "timestamp", "artist_id", "artist", "track_id", "title")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = re.compile(rf"({'|'.join(MONTHS)}) (\d{{1,2}}), (\d{{4}})")


def _iso_day(published: str) -> str:
    """ "2006-08-13" for "Aug 13, 2006"; "" for ""."""
    match = _DAY.fullmatch(published)
    return f"{match[3]}-{MONTHS.index(match[1]) + 1:02d}-{int(match[2]):02d}" if match else ""


def _days(published: pd.Series) -> pd.Series:
    import pandas as pd

    return pd.to_datetime(published.map(_iso_day).replace("", None), format="%Y-%m-%d", errors="coerce")


def _ids_and_days(profiles: pd.DataFrame) -> Iterator[Breach]:
    yield ~profiles.user_id.str.startswith("user_"), "'{user_id}'", "a user id as user_000001"
    no_day = (profiles.registered != "") & _days(profiles.registered).isna()
    yield no_day, "'{registered}' as day of registration", "a day as 'Aug 13, 2006', or nothing"


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared("lastfm1k", rules={"profiles": _ids_and_days})
PROFILES, EVENTS, PACKED_EVENTS, SAMPLE = TABLES.values()


@dataclass(frozen=True)
class Lastfm1k:
    """Profiles, and a way to the listens.

    profiles : user_id, gender ("m", "f", ""), age (years, NaN where not given), country, registered (date or NaT).
    events_file : the table of listens in this copy, "" if none.
    """

    location: Location
    profiles: pd.DataFrame
    events_file: str

    def events(self, **options) -> RowStream:
        """Stream the listens: frames of user_id, timestamp (UTC), artist_id, artist, track_id, title.

        `options` go to `RowStream`, of which ``block_bytes`` bounds the memory.

        Raises
        ------
        DataMissing
            If the copy has profiles only.
        """
        if not self.events_file:
            raise DataMissing(
                f"lastfm1k: the copy in {self.location.folder} has no listens. Fetch {EVENTS.path}"
                " (mer-repro data fetch lastfm1k, 0.7 GB)."
            )
        path = self.location.path(self.events_file)
        known = set(self.profiles.user_id)
        return RowStream(
            path,
            lambda block: _check_events(block, known),
            columns=EVENT_COLUMNS,
            delimiter="\t",
            quoted=False,
            skip=int(_has_header(path)),
            known=whole(self.location, SAMPLE if self.events_file == SAMPLE.path else EVENTS),
            **options,
        )

    def histories(self, **options) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield (user_id, listens with the earliest first), one user in memory at a time.

        Raises
        ------
        DataMissing
            As `events`.
        DataError
            If the file is not one user after another, beside what `RowStream` raises.
        """
        finished: set[str] = set()
        pending: list[pd.DataFrame] = []
        for block in self.events(**options):
            runs = (block.user_id != block.user_id.shift()).cumsum()
            for _, part in block.groupby(runs, sort=False):
                user = part.user_id.iloc[0]
                if pending and pending[0].user_id.iloc[0] != user:
                    finished.add(pending[0].user_id.iloc[0])
                    yield _history(pending)
                    pending = []
                if user in finished:
                    raise DataError(
                        self.location.path(self.events_file),
                        found=f"listens of {user} in two places",
                        expected="one user after another, as published",
                        todo="Sort the file by its first column.",
                    )
                pending.append(part)
        if pending:
            yield _history(pending)


def _history(parts: list[pd.DataFrame]) -> tuple[str, pd.DataFrame]:
    import pandas as pd

    # Published latest first: turned round, a stable sort keeps the order of listens of one second.
    listens = pd.concat(parts).iloc[::-1].sort_values("timestamp", kind="stable", ignore_index=True)
    return listens.user_id.iloc[0], listens


def _has_header(path: Path) -> bool:
    with open_bytes(path) as stream:
        return not stream.readline().removeprefix(b"\xef\xbb\xbf").startswith(b"user_")


def _check_events(block: pd.DataFrame, known: set[str]) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    import pandas as pd

    when = pd.to_datetime(block.timestamp, format="%Y-%m-%dT%H:%M:%SZ", errors="coerce", utc=True)
    when = when.dt.tz_localize(None).astype("datetime64[s]")
    wrong = {
        "a user without a profile": ~block.user_id.isin(known),
        "no time": when.isna(),
        "a time before Last.fm or after the crawl": ~when.between(FIRST_EVENT, LAST_EVENT),
        "no artist": block.artist == "",
    }
    return block.assign(timestamp=when), wrong


def load(location: Location) -> Lastfm1k:
    """Read the profiles; the listens are streamed on demand.

    Raises
    ------
    DataMissing
        If the profiles are not there.
    DataError
        If the profiles are not as documented.
    """
    profiles = PROFILES.read(location)
    profiles["registered"] = _days(profiles.registered)
    present = [table.path for table in (EVENTS, PACKED_EVENTS, SAMPLE) if location.has(table)]
    return Lastfm1k(location, profiles, present[0] if present else "")


def validate(dataset: Lastfm1k) -> list[Finding]:
    """Checks of the set; reads all listens once where the copy has them (about a minute for the whole file)."""
    findings = [*_check_profiles(dataset)]
    if not dataset.events_file:
        return [*findings, Finding("listens", "known_defect", "This copy has profiles only.")]
    return findings + _check_listens(dataset)


def _check_profiles(dataset: Lastfm1k) -> list[Finding]:
    people = dataset.profiles
    n = len(people)
    missing = {"gender": int((people.gender == "").sum()), "age": int(people.age.isna().sum())}
    missing |= {"country": int((people.country == "").sum()), "registered": int(people.registered.isna().sum())}
    ages = sorted(people.age[(people.age < 13) | (people.age > 80)])
    return [
        note(
            "size",
            {"users": n},
            checks.OK[n == expected_size(dataset.location, PUBLISHED)["users"]],
            male=int((people.gender == "m").sum()),
            female=int((people.gender == "f").sum()),
        ),
        note(
            "missing values", missing, listed=", ".join(f"{name} by {k} ({k / n:.0%})" for name, k in missing.items())
        ),
        note(
            "implausible ages",
            {"ages": len(ages)},
            checks.NOTE[len(ages) > 0],
            listed=": " * bool(ages) + ", ".join(f"{a:.0f}" for a in ages),
        ),
    ]


def _check_listens(dataset: Lastfm1k) -> list[Finding]:
    stream = dataset.events()
    users: set[str] = set()
    nameless = {"artist_id": 0, "track_id": 0}
    earliest = latest = None
    for block in stream:
        users.update(block.user_id.unique())
        for name in nameless:
            nameless[name] += int((block[name] == "").sum())
        earliest = min(filter(None, (earliest, block.timestamp.min())))
        latest = max(filter(None, (latest, block.timestamp.max())))
    expected = expected_size(dataset.location, PUBLISHED)["listens"]
    shortfall = "known_defect" if dataset.events_file == SAMPLE.path else "failed"
    return [
        note(
            "listens",
            {"listens": stream.rows, "users": len(users)},
            "ok" if stream.rows + sum(stream.broken.values()) == expected else shortfall,
            earliest=earliest,
            latest=latest,
            file=dataset.events_file,
            expected=expected,
        ),
        *checks.stream_findings(stream),
        note("listens without an id", {name: n / stream.rows for name, n in nameless.items()}),
    ]


TWIN_USERS = 160
TWIN_GENRES = 6
TWIN_ARTISTS_A_GENRE, TWIN_TRACKS_AN_ARTIST = 30, 5
#: In units of the deviation of a user's taste: how far men and women differ in what they hear, in any order.
TWIN_BAG_EFFECT = 0.5
#: How often the last genre comes again, by age: only the order tells, the shares of the genres do not.
TWIN_PERSISTENCE = {"younger": 0.15, "older": 0.25}
TWIN_OLDER_FROM = 30


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write generated profiles and listens in the published layout.

    Gender shows in what a user hears (any order), age of at least 30 only in the order. ``truth.json`` holds both
    effects and the AUC, on these very users, of somebody who knows the planted taste, and of somebody who counts
    repetitions of a genre beyond chance.
    """
    import numpy as np
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng([seed, 992])
    lean = np.resize([1.0, -1.0], TWIN_GENRES) / np.sqrt(TWIN_GENRES)
    people, lines, taste_score, order_score = [], [], [], []
    for number in range(TWIN_USERS):
        user, male, age = f"user_{number + 1:06d}", bool(rng.integers(2)), int(rng.integers(18, 45))
        taste = rng.standard_normal(TWIN_GENRES) + TWIN_BAG_EFFECT * (1 if male else -1) * lean
        share = np.exp(taste) / np.exp(taste).sum()
        again = TWIN_PERSISTENCE["older" if age >= TWIN_OLDER_FROM else "younger"]
        genres = _markov(rng, share, again, int(rng.integers(120, 240)))
        lines += _twin_listens(rng, user, genres)
        repeats = float(np.mean(genres[1:] == genres[:-1]))
        taste_score.append((male, float(taste @ lean)))
        order_score.append((age >= TWIN_OLDER_FROM, (repeats - (share**2).sum()) / (1 - (share**2).sum())))
        shown_age = "" if number % 10 == 9 else age
        people.append(
            [user, "mf"[not male], shown_age, "Generatedland", f"{MONTHS[number % 12]} {number % 28 + 1}, 2005"]
        )
    twins.write(folder, PROFILES, people)
    # One row cut, one from the future: the published file has such rows.
    lines[500:500] = ["user_000001\t2008-01-01T00:00:00Z\tcut", lines[0].replace("2008-", "2018-")]
    (folder / EVENTS.path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    twins.write_truth(
        folder,
        "lastfm1k",
        seed,
        size={"users": TWIN_USERS, "listens": len(lines)},
        bag_effect=TWIN_BAG_EFFECT,
        persistence=TWIN_PERSISTENCE,
        older_from=TWIN_OLDER_FROM,
        auc_gender_from_taste=round(float(roc_auc_score(*zip(*taste_score, strict=True))), 4),
        auc_age_from_order=round(float(roc_auc_score(*zip(*order_score, strict=True))), 4),
    )


def _markov(rng, share, again: float, length: int):
    """A chain that repeats with probability `again` and otherwise draws from `share`, which is its long-run share."""
    import numpy as np

    genres = rng.choice(len(share), size=length, p=share)
    for step in np.flatnonzero(rng.random(length) < again):
        if step:
            genres[step] = genres[step - 1]
    return genres


def _twin_listens(rng, user: str, genres) -> list[str]:
    """Lines of the published table, latest first; one artist in four has no id, one title a quotation mark."""
    import datetime

    now = datetime.datetime(2008, 1, 1)
    lines = []
    for genre in genres:
        now += datetime.timedelta(seconds=int(rng.integers(120, 20_000)))
        artist = int(genre) * TWIN_ARTISTS_A_GENRE + int(rng.integers(TWIN_ARTISTS_A_GENRE))
        track = artist * TWIN_TRACKS_AN_ARTIST + int(rng.integers(TWIN_TRACKS_AN_ARTIST))
        ids = ("" if artist % 4 == 0 else f"artist-{artist}", "" if track % 2 else f"track-{track}")
        title = f'Song "{track}' if track % 40 == 0 else f"Song {track}"
        lines.append(f"{user}\t{now:%Y-%m-%dT%H:%M:%SZ}\t{ids[0]}\tGenre {genre} Artist {artist}\t{ids[1]}\t{title}")
    return lines[::-1]
