"""MUSIFEAST-17: 356 instrumental clips of 30 s from 17 genres, with means and deviations of 701 raters in eight groups.

Conventions
-----------
``song_id`` is the published clip name ("60s_HIGH_01": genre, expected familiarity, number). Ratings are on 1-5; each
clip was rated by one of 21 panels of about 33 people, and again stated for the raters of each country and age bracket
(group "UK18to30" ... "US61to75"; "all" is everybody). How many people rated a clip is not published, but follows from
the tables exactly: `raters` is the smallest number for which all six means and deviations come from whole ratings. The
numbers of the 21 panels so found add up to the documented 701.

Source: van der Walle et al. 2025, MUSIFEAST-17, doi 10.17605/OSF.IO/5EBZ2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Finding, Location
from mer_repro.data.declaration import declared
from mer_repro.data.reading import require_same_ids

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SCALE = (1.0, 5.0)
DOCUMENTED_CLIPS, DOCUMENTED_RATERS, GENRES, CLIP_SECONDS = 356, 701, 17, 30
SHORTEST = 28.0
#: What was rated.
RATINGS = ("valence", "arousal", "enjoyment", "contrast", "clip_familiarity", "style_familiarity")
GROUPS = ("all", *(f"{country}{ages}" for country in ("UK", "US") for ages in ("18to30", "31to45", "46to60", "61to75")))
MOST_RATERS = 60


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared("musifeast17", lists={"ratings": RATINGS})


ENDINGS = ("mp3", "opus", "ogg", "wav", "flac")


@dataclass(frozen=True)
class Musifeast17:
    """MUSIFEAST-17's tables.

    clips : song_id, genre, expected_familiarity, title, artist, panel; valence, arousal, enjoyment, contrast,
        clip_familiarity, style_familiarity (1-5, means over all raters), each with ``_std``; raters.
    by_group : the same numbers for each group of raters: song_id, group, ratings, deviations, raters (0 where no
        number fits); empty where the copy has no such tables.
    """

    location: Location
    clips: pd.DataFrame
    by_group: pd.DataFrame

    def audio_path(self, song_id: str) -> Path:
        """The clip, of whatever encoding; raises DataMissing where the copy has none."""
        return self.location.path(*(f"stimuli/{song_id}.{ending}" for ending in ENDINGS))


def load(location: Location) -> Musifeast17:
    """Read MUSIFEAST-17.

    Raises
    ------
    DataMissing
        If the table over all raters is not there.
    DataError
        If a file is not as documented, or the tables do not speak of the same clips.
    """
    import pandas as pd

    clips = TABLES["all"].read(location).sort_values("song_id", ignore_index=True)
    clips["raters"] = rater_counts(clips)
    blocks = []
    for group in GROUPS[1:]:
        if location.has(TABLES[group]):
            table = TABLES[group].read(location).sort_values("song_id", ignore_index=True)
            path = location.path(TABLES[group])
            require_same_ids(path, table.song_id, location.path(TABLES["all"]), clips.song_id)
            table.insert(1, "group", group)
            table["raters"] = rater_counts(table)
            blocks.append(table.drop(columns=["genre", "expected_familiarity", "title", "artist", "panel"]))
    empty = clips.head(0).drop(columns=["genre", "expected_familiarity", "title", "artist", "panel"])
    by_group = pd.concat(blocks, ignore_index=True) if blocks else empty.assign(group="")
    return Musifeast17(location, clips, by_group)


def rater_counts(table: pd.DataFrame, most: int = MOST_RATERS) -> np.ndarray:
    """How many people rated each clip: the smallest number for which every mean and deviation comes from whole ratings.

    A mean times n, and the sum of squares that mean and deviation (n - 1) imply, must be whole numbers for every
    quantity. 0 where no number from 2 to `most` fits.
    """
    import numpy as np

    means = table[list(RATINGS)].to_numpy(float)
    squares = table[[f"{name}_std" for name in RATINGS]].to_numpy(float) ** 2
    found = np.zeros(len(table), dtype=int)
    for n in range(most, 1, -1):
        sums, powers = means * n, squares * (n - 1) + n * means**2
        whole = (abs(sums - sums.round()) < 1e-6 * n) & (abs(powers - powers.round()) < 1e-5 * n)
        found[whole.all(axis=1)] = n
    return found


def validate(dataset: Musifeast17) -> list[Finding]:
    """Size, labels, number of raters, ceilings over all raters and by group, balance, duplicates, length, missing."""
    clips = dataset.clips
    counts = {"clips": len(clips), "genres": clips.genre.nunique()}
    findings = [
        checks.size_finding(dataset.location, counts, {"clips": DOCUMENTED_CLIPS, "genres": GENRES}),
        *checks.label_findings(clips, SCALE),
        _rater_finding(dataset),
        checks.ceiling_finding(_ceilings(clips), "from the deviations, over all raters"),
        checks.balance_finding(clips.genre, "genre"),
        checks.duplicate_finding(clips),
        checks.missing_finding({"clips": clips, "by_group": dataset.by_group}),
    ]
    if len(dataset.by_group):
        findings.append(_group_finding(dataset))
    length = checks.length_finding(dataset, clips.song_id, CLIP_SECONDS, SHORTEST)
    return findings + ([length] if length else [])


def _ceilings(table: pd.DataFrame) -> dict[str, float]:
    """Ceilings of valence and arousal over the clips whose number of raters is known."""
    known = table[table.raters > 0]
    return checks.ceilings(known, known.raters)


def _rater_finding(dataset: Musifeast17) -> Finding:
    """The panels' sizes, recovered from the means, against the documented number of people."""
    panels = dataset.clips.groupby("panel").raters.max()
    total = int(panels.sum())
    fits = dataset.location.kind == "twin" or total == DOCUMENTED_RATERS
    numbers = {"total": total, "panels": len(panels), "fewest": panels.min(), "most": panels.max()}
    return note("number of raters", numbers, checks.OK[fits])


def _group_finding(dataset: Musifeast17) -> Finding:
    """Ceilings of the means of each group of raters."""
    numbers: dict[str, float] = {}
    for group, table in dataset.by_group.groupby("group"):
        numbers |= {f"{group}_{target}": value for target, value in _ceilings(table).items()}
    numbers["raters"] = float(dataset.by_group.raters[dataset.by_group.raters > 0].mean())
    spans = []
    for target in checks.TARGETS:
        values = {key[: -len(target) - 1]: v for key, v in numbers.items() if key.endswith(target)}
        low, high = min(values, key=values.get), max(values, key=values.get)
        spans.append(f"{target} {values[low]:.2f} ({low}) to {values[high]:.2f} ({high})")
    return note("rater ceiling by group", numbers, spans=", ".join(spans))


TWIN_CLIPS_A_GENRE, TWIN_GENRES = 5, ("60s", "Classical", "Folk", "Jazz", "Metal", "Pop")


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 30 generated clips in MUSIFEAST-17's layout, rated on 1-5 by 40 people in eight groups, 3 s of audio each.

    ``truth.json`` holds the R2 of the true values against the published means.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 356])
    names = [f"{genre}_HIGH_{number:02d}" for genre in TWIN_GENRES for number in range(1, TWIN_CLIPS_A_GENRE + 1)]
    true = 3 + 0.8 * rng.standard_normal((len(names), len(RATINGS)))
    people = true[:, None] + 0.9 * rng.standard_normal((len(names), 8 * 5, len(RATINGS)))
    ratings = people.round().clip(*SCALE)  # (clip, rater, quantity)
    for place, group in enumerate(GROUPS):
        part = ratings if group == "all" else ratings[:, 5 * (place - 1) : 5 * place]
        means, deviations = part.mean(axis=1), part.std(axis=1, ddof=1)
        rows = [
            [name, name.split("_")[0], "High", f"Generated Song {k}", f"Generated Artist {k // 2}", 1 + k % 2]
            + [repr(float(value)) for value in (*means[k], *deviations[k])]
            for k, name in enumerate(names)
        ]
        twins.write(folder, TABLES[group], rows)
    means = ratings.mean(axis=1)
    for k, name in enumerate(names):
        twins.write_clip(folder / f"stimuli/{name}.mp3", 0.05 + 0.08 * float(means[k, 1]), rng, "MP3")
    twins.write_truth(folder, "musifeast17", seed, static=twins.noise_ceilings(RATINGS, means, true))
