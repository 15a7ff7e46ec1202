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

from mer_repro.data import msd, twins
from mer_repro.data.base import Finding, Location, Remote, expected_size, read_rows, require_unique
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

BIBTEX = """@inproceedings{schreiber2015improving,
  title = {Improving Genre Annotations for the Million Song Dataset},
  author = {Schreiber, Hendrik},
  booktitle = {Proceedings of the 16th International Society for Music Information Retrieval Conference},
  pages = {241--247},
  year = {2015}
}"""
LICENSE_INFO = "For research purposes only, as the publisher's page says."
TABLE = "msd_tagtraum_cd1.cls"
REMOTES = {
    "cd1": Remote(
        address="https://www.tagtraum.com/genres/msd_tagtraum_cd1.cls.zip",
        filename="msd_tagtraum_cd1.cls.zip",
        unpack_to=".",
    )
}
REQUIRED = (TABLE,)
OPTIONAL = ()

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

    path = location.path(TABLE)
    lines, rows = [], []
    for line, cells in read_rows(path, delimiter="\t", quoted=False):
        if cells[0].startswith("#"):
            continue
        track_id, *genres = (cell.strip() for cell in cells)
        if not (msd.TRACK_ID.fullmatch(track_id) and 1 <= len(genres) <= 2 and set(genres) <= set(GENRES)):
            raise DataError(
                path,
                line=line,
                found="'" + "', '".join(cells)[:60] + "'",
                expected="a track id and one or two of " + ", ".join(GENRES),
                todo="Fetch the file again.",
            )
        lines.append(line)
        rows.append((track_id, genres[0], genres[1] if len(genres) == 2 else ""))
    if not rows:
        raise DataError(path, found="no rows", expected="one a track", todo="Fetch the file again.")
    require_unique(path, lines, {"track_id": [row[0] for row in rows]})
    return Tagtraum(location, pd.DataFrame(rows, columns=["track_id", "genre", "second_genre"], dtype=object))


def validate(dataset: Tagtraum) -> list[Finding]:
    """Checks of the annotations; see `Finding`."""
    tracks = dataset.tracks
    expected = expected_size(dataset.location, PUBLISHED)["tracks"]
    shares = tracks.genre.value_counts(normalize=True)
    two = tracks.second_genre != ""
    same = int((tracks.genre == tracks.second_genre).sum())
    return [
        Finding(
            "size",
            "ok" if len(tracks) == expected else "failed",
            f"{len(tracks)} tracks, {expected} expected.",
            {"tracks": len(tracks)},
        ),
        Finding(
            "class balance",
            "note",
            f"{shares.index[0]} is the genre of {shares.iloc[0]:.0%} of the tracks, {shares.index[-1]} of"
            f" {shares.iloc[-1]:.1%}: always saying the first is right that often.",
            {"largest_share": float(shares.iloc[0]), "smallest_share": float(shares.iloc[-1])},
        ),
        Finding(
            "ambiguous tracks",
            "note" if not same else "failed",
            f"{two.mean():.0%} of the tracks carry a second genre; {same} repeat the first.",
            {"share": float(two.mean()), "repeats": same},
        ),
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
    twins.write_table(folder / TABLE, ["# generated; tab-separated"], rows, delimiter="\t")
    twins.write_truth(
        folder,
        {
            "dataset": "tagtraum",
            "seed": seed,
            "size": {"tracks": TWIN_TRACKS},
            "shares": dict(zip(GENRES, shares.round(4), strict=True)),
        },
    )
