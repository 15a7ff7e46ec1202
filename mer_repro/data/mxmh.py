"""MXMH, the Music x Mental Health survey: 736 people on their listening and their state of mind (2022).

Conventions
-----------
Anxiety, depression, insomnia and OCD are self-rated on 0-10 (no clinical instrument, no diagnosis). How often a
genre is heard is ordinal: 0 never, 1 rarely, 2 sometimes, 3 very frequently. The sample chose itself on internet
forums. What a respondent left out is NaN or "".

Source: Rasgaitis 2022, "Music & Mental Health Survey Results", Kaggle.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Finding, Location, expected_size
from mer_repro.data.declaration import declared

if TYPE_CHECKING:
    import pandas as pd

CONDITIONS = ("anxiety", "depression", "insomnia", "ocd")
GENRES = (
    "Classical",
    "Country",
    "EDM",
    "Folk",
    "Gospel",
    "Hip hop",
    "Jazz",
    "K pop",
    "Latin",
    "Lofi",
    "Metal",
    "Pop",
    "R&B",
    "Rap",
    "Rock",
    "Video game music",
)
FREQUENCIES = ("Never", "Rarely", "Sometimes", "Very frequently")
#: Tempi of music that people call their favourite lie well inside; 0 and 999999999 do not.
BPM_RANGE = (20, 300)
PUBLISHED = {"people": 736}


def frequency_column(genre: str) -> str:
    """Name of the column that says how often `genre` (one of `GENRES`) is heard: ``frequency_hip_hop``."""
    return "frequency_" + genre.lower().replace("&", "n").replace(" ", "_")


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared(
    "mxmh",
    lists={"genres": GENRES, "frequencies": {frequency_column(genre): f"Frequency [{genre}]" for genre in GENRES}},
)
PEOPLE = TABLES["people"]


@dataclass(frozen=True)
class Mxmh:
    """The survey.

    people : person_id (row of the published table, from 1), answered, age, service, hours_per_day, while_working,
        instrumentalist, composer, favourite_genre, exploratory, foreign_languages, bpm (NaN where impossible), one
        ``frequency_...`` a genre (0-3, see `frequency_column`), anxiety, depression, insomnia, ocd (0-10), effect.
    impossible_bpm : answers outside `BPM_RANGE`, as published.
    """

    location: Location
    people: pd.DataFrame
    impossible_bpm: tuple[float, ...]


def load(location: Location) -> Mxmh:
    """Read the survey.

    Raises
    ------
    DataMissing
        If the file is not there.
    DataError
        If an answer is not one that the questionnaire allows.
    """
    people = PEOPLE.read(location).drop(columns="permission", errors="ignore")
    people.insert(0, "person_id", range(1, len(people) + 1))
    for genre in GENRES:
        name = frequency_column(genre)
        people[name] = people[name].map(FREQUENCIES.index).astype("int64")
    impossible = people.bpm.notna() & ~people.bpm.between(*BPM_RANGE)
    values = tuple(sorted(people.bpm[impossible]))
    people.loc[impossible, "bpm"] = float("nan")
    return Mxmh(location, people, values)


def validate(dataset: Mxmh) -> list[Finding]:
    """Checks of the survey; see `Finding`."""
    people = dataset.people
    missing = {name: int(n) for name in people if (n := (people[name].isna() | (people[name] == "")).sum())}
    twice = int(people.drop(columns=["person_id"]).duplicated().sum())
    means = {name: float(people[name].mean()) for name in CONDITIONS}
    high = {name: float((people[name] >= 7).mean()) for name in CONDITIONS}
    pair = float(people[list(CONDITIONS)].corr().loc["anxiety", "depression"])
    halves = int((people[list(CONDITIONS)] % 1 != 0).any(axis=1).sum())
    return [
        note(
            "size",
            {"people": len(people), "duplicates": twice},
            checks.OK[len(people) == expected_size(dataset.location, PUBLISHED)["people"]],
        ),
        note(
            "impossible tempo",
            {"answers": len(dataset.impossible_bpm)},
            checks.DEFECT[bool(dataset.impossible_bpm)],
            low=BPM_RANGE[0],
            high=BPM_RANGE[1],
            largest=f"; the largest is {dataset.impossible_bpm[-1]:.0f}" if dataset.impossible_bpm else "",
        ),
        note("missing values", missing, listed=", ".join(f"{name} {n}" for name, n in missing.items())),
        note(
            "who answered",
            {"median_age": float(people.age.median()), "lower_quartile_age": float(people.age.quantile(0.25))},
        ),
        note(
            "balance of the scores",
            means | {f"{name}_high": share for name, share in high.items()},
            listed=", ".join(f"{name} {means[name]:.1f} and {high[name]:.0%}" for name in CONDITIONS),
            halves=halves,
        ),
        note("scores against each other", {"r": pair}, checks.OK[pair > 0]),
    ]


TWIN_PEOPLE = 600
#: Shares of the variance of anxiety, before rounding to the scale: of the genre habits, of age; the rest is noise.
TWIN_SHARES = {"genres": 0.04, "age": 0.03}


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write a generated survey whose anxiety and depression depend a little on genre habits and on age.

    ``truth.json`` holds the planted shares of variance, the genres that carry the effect, and the AUC that somebody
    reaches who knows the planted predictor exactly (anxiety of at least 7, on these very people), with genres and age
    and with either alone.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 736])
    habit = rng.integers(0, 4, (TWIN_PEOPLE, len(GENRES)))
    age = np.clip(np.round(rng.gamma(4, 6, TWIN_PEOPLE) + 12), 12, 89)
    carriers = {"Rock": 1.0, "Metal": 0.7, "Gospel": -0.8}
    taste = sum(weight * _standard(habit[:, GENRES.index(genre)]) for genre, weight in carriers.items())
    parts = {"genres": _standard(taste), "age": -_standard(age)}
    predictor = {name: np.sqrt(TWIN_SHARES[name]) * part for name, part in parts.items()}
    noise = (
        rng.standard_normal((TWIN_PEOPLE, len(CONDITIONS))) @ np.linalg.cholesky(0.5 * np.eye(len(CONDITIONS)) + 0.5).T
    )
    signal = sum(predictor.values())
    latent = signal[:, None] * np.array([1, 1, 0.3, 0.0]) + np.sqrt(1 - sum(TWIN_SHARES.values())) * noise
    scores = np.clip(np.round(5.3 + 2.8 * latent), 0, 10).astype(int)
    twins.write(folder, PEOPLE, _twin_rows(rng, age.astype(int), habit, scores))
    high = scores[:, 0] >= 7
    auc = {"genres_and_age": signal, **predictor}
    twins.write_truth(
        folder,
        "mxmh",
        seed,
        size={"people": TWIN_PEOPLE},
        variance_shares_of_anxiety=TWIN_SHARES,
        carriers=carriers,
        auc_anxiety_at_least_7={
            name: round(float(np.mean(values[high][:, None] > values[~high])), 4) for name, values in auc.items()
        },
    )


def _standard(values):
    return (values - values.mean()) / values.std()


def _twin_rows(rng, age, habit, scores) -> list[list]:
    rows = []
    for person in range(TWIN_PEOPLE):
        rows.append(
            [
                f"8/{person % 28 + 1}/22 {person % 24}:{person % 60:02d}",
                "" if person == 7 else age[person],
                ("Spotify", "YouTube Music", "Pandora", "")[person % 100 // 33],
                round(float(rng.gamma(2, 1.7)) % 24, 1),
                *("Yes" if yes else "No" for yes in rng.integers(0, 2, 3)),
                GENRES[int(habit[person].argmax())],
                *("Yes" if yes else "No" for yes in rng.integers(0, 2, 2)),
                {3: 0, 4: 999999999}.get(person, "" if person % 7 == 0 else int(rng.integers(60, 180))),
                *(FREQUENCIES[level] for level in habit[person]),
                *scores[person],
                ("Improve", "Improve", "No effect", "Worsen", "")[person % 5],
                "I understand.",
            ]
        )
    return rows
