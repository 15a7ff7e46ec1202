"""tagtraum genre annotations of the Million Song Dataset, consensus data set CD1: 133,676 tracks, thirteen genres.

Conventions
-----------
One majority genre a track, and a second one where the sources disagreed ("" where not). Tracks are named by their
Million Song Dataset track id.

Source: Schreiber 2015, "Improving genre annotations for the Million Song Dataset", ISMIR.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, msd, twins
from mer_repro.data.base import Finding, Location, expected_size
from mer_repro.data.declaration import declared
from mer_repro.data.reading import read_text, require_unique, whole
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared("tagtraum")
TRACKS = TABLES["tracks"]

GENRES = (
    "Blues",
    "Country",
    "Electronic",
    "Folk",
    "International",
    "Jazz",
    "Latin",
    "New Age",
    "Pop_Rock",
    "Rap",
    "Reggae",
    "RnB",
    "Vocal",
)
PUBLISHED = {"tracks": 133_676}


@dataclass(frozen=True)
class Tagtraum:
    """tracks : track_id (MSD), genre, second_genre ("" where the sources agreed)."""

    location: Location
    tracks: pd.DataFrame


def load(location: Location) -> Tagtraum:
    """Read the annotations.

    Raises
    ------
    DataMissing
        If the file is not there.
    DataError
        If a line is not a track id and one or two of the thirteen genres, or a track comes twice.
    """
    import pandas as pd

    path = location.path(TRACKS)
    genre = "|".join(GENRES)
    rows = pd.Series(read_text(path, whole(location, TRACKS)).split("\n"), dtype=object).str.strip()
    rows = rows[(rows != "") & ~rows.str.startswith("#")]
    cells = rows.str.extract(rf"^({msd.TRACK_ID.pattern})\t\s*({genre})(?:\s*\t\s*({genre}))?$")
    tracks = cells.set_axis(["track_id", "genre", "second_genre"], axis=1).astype(object)
    broken = tracks.track_id.isna()
    if broken.any() or tracks.empty:
        line = int(broken.idxmax()) if len(tracks) else 0
        raise DataError(
            path,
            line=line + 1,
            found=", ".join(f"'{cell}'" for cell in rows[line][:60].split("\t")) if len(tracks) else "no rows",
            expected="a track id and one or two of " + ", ".join(GENRES),
            todo="Fetch the file again.",
        )
    tracks["second_genre"] = tracks.second_genre.where(tracks.second_genre.notna(), "")
    require_unique(path, rows.index.to_numpy() + 1, tracks.reset_index(drop=True), TRACKS.key)
    return Tagtraum(location, tracks.reset_index(drop=True))


def validate(dataset: Tagtraum) -> list[Finding]:
    """Checks of the annotations; see `Finding`."""
    tracks = dataset.tracks
    expected = expected_size(dataset.location, PUBLISHED)["tracks"]
    shares = tracks.genre.value_counts(normalize=True)
    two = tracks.second_genre != ""
    same = int((tracks.genre == tracks.second_genre).sum())
    return [
        note("size", {"tracks": len(tracks)}, checks.OK[len(tracks) == expected], expected=expected),
        note(
            "class balance",
            {"largest_share": float(shares.iloc[0]), "smallest_share": float(shares.iloc[-1])},
            **checks.extremes(shares),
        ),
        note("ambiguous tracks", {"share": float(two.mean()), "repeats": same}, "note" if not same else "failed"),
    ]


TWIN_TRACKS = 1200


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write generated annotations: shares of the genres fall off like 1/rank, a quarter of the tracks has two.

    The track ids are those of the twins of musiXmatch and Deezer. ``truth.json`` holds the shares.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 133_676])
    shares = 1 / np.arange(1, len(GENRES) + 1)
    shares /= shares.sum()
    rows = []
    for number in range(TWIN_TRACKS):
        first, second = rng.choice(len(GENRES), size=2, replace=False, p=shares)
        genres = [GENRES[first], GENRES[second]] if rng.random() < 0.25 else [GENRES[first]]
        rows.append([msd.generated_track_id(number), *genres])
    twins.write_table(folder / TRACKS.path, ["# generated; tab-separated"], rows, delimiter="\t")
    twins.write_truth(
        folder, "tagtraum", seed, size={"tracks": TWIN_TRACKS}, shares=dict(zip(GENRES, shares.round(4), strict=True))
    )
