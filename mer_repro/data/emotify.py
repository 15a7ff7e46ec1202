"""Emotify: 400 one-minute clips in four genres, 8,407 answers on nine induced emotions (GEMS).

Conventions
-----------
A listener ticked up to three of nine emotions that a clip made them feel; an answer holds 1 for ticked. A label is the
share of answers that ticked the emotion, 0-1. ``mood`` is the listener's mood before (1-5), ``age`` in years as
entered, ``gender`` 0 or 1 as published. Answers carry no listener id.

``song_id`` is the track id of the answers (``data.csv``), which counts through classical, rock, electronic and pop, a
hundred clips each. In the copy at hand ``labels.csv`` and ``info.csv`` number the genres alphabetically instead, so
that one id means two clips there. The loudness of the clips agrees with the answers' numbering and not with the other
(see `validate`), so `load` places every row of ``info.csv`` by genre and file name, and takes from ``labels.csv`` the
numbers, which are by the answers' ids, and not the genre.

Source: Aljanaki, Wiering and Veltkamp 2016, "Studying emotion induced by music through a crowdsourcing game",
Information Processing and Management 52(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mer_repro.data import checks, twins
from mer_repro.data.base import Breach, Finding, Location
from mer_repro.data.declaration import declared
from mer_repro.data.reading import require_same_ids
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

EMOTIONS = (
    "amazement",
    "solemnity",
    "tenderness",
    "nostalgia",
    "calmness",
    "power",
    "joyful_activation",
    "tension",
    "sadness",
)
GENRES = ("classical", "rock", "electronic", "pop")
CLIPS_A_GENRE = 100
DOCUMENTED_CLIPS, DOCUMENTED_ANSWERS = 400, 8407
TICKS_ALLOWED = 3


def clip_name(song_id: int) -> tuple[str, int]:
    """Genre and number of a clip, as in "classical" 18: ids count through the genres, a hundred each."""
    position, number = divmod(song_id - 1, CLIPS_A_GENRE)
    return GENRES[position], number + 1


def _genre_of_id(ratings: pd.DataFrame) -> list[Breach]:
    expected = ratings.song_id.map(lambda song_id: clip_name(song_id)[0])
    return [(ratings.genre != expected, "genre '{genre}' for track id {song_id}", "the genre that the id counts to")]


def _numbered_files(info: pd.DataFrame) -> list[Breach]:
    number = info.filename.str.extract(r"^(\d{1,3})\.\w+$")[0].astype(float)
    expected = f"a number from 1 to {CLIPS_A_GENRE} and an ending"
    return [(~number.between(1, CLIPS_A_GENRE), "filename '{filename}'", expected)]


BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared(
    "emotify", lists={"emotions": EMOTIONS, "genres": GENRES}, rules={"ratings": _genre_of_id, "info": _numbered_files}
)
RATINGS, LABELS, INFO = TABLES.values()


ENDINGS = ("ogg", "mp3", "wav", "flac", "opus")


@dataclass(frozen=True)
class Emotify:
    """Emotify's tables.

    ratings : song_id, genre, nine emotions (0 or 1), mood, liked, disliked, age, gender, mother_tongue; one
        row an answer.
    labels : song_id, genre, answers (how many), nine emotions (share of answers, 0-1).
    info : song_id, published_id (the row's own number, see the module), genre, filename, duration (s),
        sample_rate (Hz) and loudness (mean absolute amplitude, 0-1) of the published clips; None where the
        copy has none.
    """

    location: Location
    ratings: pd.DataFrame
    labels: pd.DataFrame
    info: pd.DataFrame | None

    def audio_path(self, song_id: int) -> Path:
        """The clip, of whatever encoding; raises DataMissing where the copy has none."""
        genre, number = clip_name(song_id)
        names = (f"audio/{genre}_{number}.{ending}" for ending in ENDINGS)
        return self.location.path(*names, f"{genre}/{number}.mp3")  # the latter as in the official archive


def load(location: Location) -> Emotify:
    """Read Emotify.

    Raises
    ------
    DataMissing
        If the answers are not there.
    DataError
        If a file is not as documented, or the published means are not the means of the answers.
    """
    ratings = RATINGS.read(location)
    labels = ratings.groupby(["song_id", "genre"], sort=True)[list(EMOTIONS)].mean().reset_index()
    labels.insert(2, "answers", ratings.groupby("song_id", sort=True).size().to_numpy())
    if location.has(LABELS):
        _require_same_labels(location, labels)
    info = _read_info(location, labels) if location.has(INFO) else None
    return Emotify(location, ratings, labels, info)


def _read_info(location: Location, labels: pd.DataFrame) -> pd.DataFrame:
    """The table of files, placed by genre and file name, which are what the audio carries."""
    info = INFO.read(location)
    numbers = info.filename.str.extract(r"^(\d+)")[0].astype(int)
    position = info.genre.map({genre: k for k, genre in enumerate(GENRES)})
    info.insert(0, "song_id", (position * CLIPS_A_GENRE + numbers))
    require_same_ids(location.path(INFO), info.song_id, location.path(RATINGS), labels.song_id)
    return info.sort_values("song_id", ignore_index=True)


def _require_same_labels(location: Location, labels: pd.DataFrame) -> None:
    """The published means tell whether an answer was lost or changed."""
    published = LABELS.read(location).sort_values("song_id", ignore_index=True)
    require_same_ids(location.path(LABELS), published.song_id, location.path(RATINGS), labels.song_id)
    for column in ("answers", *EMOTIONS):
        off = (published[column] - labels[column]).abs() > 1e-6
        if off.any():
            row = off.idxmax()
            raise DataError(
                location.path(RATINGS),
                found=f"{column} {labels[column][row]:g} for track id {labels.song_id[row]}, from its answers",
                expected=f"{published[column][row]:g}, as in {LABELS.path}",
                todo="One of the two files is truncated or edited: fetch both again.",
            )


def validate(dataset: Emotify) -> list[Finding]:
    """Sizes, which clip an id means, agreement of the listeners, balance of the emotions, missing values."""
    labels = dataset.labels
    counts = {"clips": len(labels), "answers": len(dataset.ratings)}
    ceilings = {emotion: checks.ceiling_of_shares(labels[emotion], labels.answers) for emotion in EMOTIONS}
    ticked = dataset.ratings[list(EMOTIONS)]
    shares = ticked.mean().sort_values(ascending=False)
    beyond = int((ticked.sum(axis=1) > TICKS_ALLOWED).sum())
    findings = [
        checks.size_finding(dataset.location, counts, {"clips": DOCUMENTED_CLIPS, "answers": DOCUMENTED_ANSWERS}),
        checks.ceiling_finding(ceilings, "of the shares of listeners who ticked an emotion"),
        note(
            "emotions",
            {**shares, "beyond": beyond},
            fewest_answers=labels.answers.min(),
            most_answers=labels.answers.max(),
            allowed=TICKS_ALLOWED,
            **checks.extremes(shares),
        ),
        checks.missing_finding({"ratings": dataset.ratings, "info": dataset.info}),
    ]
    if dataset.info is not None:
        findings.append(_numbering_finding(dataset))
    return findings


def numbering_evidence(dataset: Emotify) -> dict[str, float]:
    """Which numbering of the clips their loudness supports.

    Returns
    -------
    dict
        ``clips`` whose two numbers differ, and over these the correlation of log loudness with the share of
        listeners who felt calmness: ``by_file`` (clips placed by genre and file name, as `load` does) and
        ``by_published_id`` (by the number in ``info.csv``). Loud music does not calm, so the right one is negative.
    """
    import numpy as np

    info = dataset.info
    moved = info[info.published_id != info.song_id]
    calmness = dataset.labels.set_index("song_id").calmness
    found = {"clips": len(moved)}
    for name, column in (("by_file", "song_id"), ("by_published_id", "published_id")):
        paired = moved[moved[column].isin(calmness.index)]
        found[name] = float(np.corrcoef(np.log(paired.loudness), calmness.loc[paired[column]])[0, 1])
    return found


def _numbering_finding(dataset: Emotify) -> Finding:
    info = dataset.info
    moved = int((info.published_id != info.song_id).sum())
    if not moved:
        return Finding("numbering of the clips", "ok", "info.csv numbers the clips as the answers do.")
    if "loudness" not in info:
        says = "info.csv numbers {clips} clips otherwise than the answers; they are placed by genre and file name."
        return checks.note("numbering of the clips", says, {"clips": moved}, "known_defect")
    evidence = numbering_evidence(dataset)
    right = evidence["by_file"] < evidence["by_published_id"]
    return note("numbering of the clips", evidence, "known_defect" if right else "failed")


TWIN_CLIPS_A_GENRE = 10


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 40 generated clips with 12 to 30 answers each, in Emotify's layout, and 3 s of audio a clip.

    A clip has a true probability for each emotion, which its genre shifts; answers are independent draws.
    ``truth.json`` holds the R2 of the true probabilities against the published shares: the noise ceiling. The
    ids of ``info.csv`` and the genres of ``labels.csv`` disagree with the answers as they do in the copies
    that circulate.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 400])
    shift = 0.8 * rng.standard_normal((len(GENRES), len(EMOTIONS)))
    answers, labels, info, truth, shares = [], [], [], [], []
    for position, genre in enumerate(GENRES):
        other_block = sorted(GENRES).index(genre) * CLIPS_A_GENRE
        for number in range(1, TWIN_CLIPS_A_GENRE + 1):
            song_id = position * CLIPS_A_GENRE + number
            probability = 1 / (1 + np.exp(1.3 - shift[position] - 0.7 * rng.standard_normal(len(EMOTIONS))))
            count = int(rng.integers(12, 31))
            ticks = (rng.random((count, len(EMOTIONS))) < probability).astype(int)
            for row in ticks.tolist():
                person = [int(rng.integers(1, 6)), *_liking(rng), int(rng.integers(14, 70)), int(rng.integers(2))]
                answers.append([song_id, genre, *row, *person, "Generated"])
            truth.append(probability)
            shares.append(ticks.mean(axis=0))
            statistics = np.column_stack([ticks.mean(axis=0), ticks.var(axis=0, ddof=1)]).ravel().tolist()
            labels.append([song_id, sorted(GENRES)[position], count, *statistics])
            loudness = _write_clip(folder / f"audio/{genre}_{number}.ogg", probability, rng)
            info.append([other_block + number, genre, f"{number}.mp3", 3.0, 22050.0, loudness])
    header = [f" {cell}" if k else cell for k, cell in enumerate(RATINGS.header)]
    twins.write(folder, RATINGS, answers, header)
    pairs = [name for emotion in EMOTIONS for name in (emotion, f"var_{emotion}")]
    twins.write(folder, LABELS, labels, ["track id", "genre", "number_of_observations", *pairs])
    info.sort(key=lambda row: str(row[0]))  # as published: 1, 10, 100, 101
    twins.write(folder, INFO, info)
    ceilings = twins.noise_ceilings(EMOTIONS, np.array(shares), np.array(truth))
    twins.write_truth(folder, "emotify", seed, static=ceilings)


def _liking(rng) -> tuple[int, int]:
    return ((1, 0), (0, 1), (0, 0))[int(rng.integers(3))]


def _write_clip(path: Path, probability, rng) -> float:
    """Write three seconds of a tone in noise, loud where power is likely, low where calmness is; its
    loudness."""
    import numpy as np
    import soundfile

    rate, seconds = 22_050, 3
    time = np.arange(rate * seconds) / rate
    power, calmness = probability[EMOTIONS.index("power")], probability[EMOTIONS.index("calmness")]
    tone = (0.45 - 0.4 * calmness) * np.sin(2 * np.pi * (900 - 700 * calmness) * time)
    sound = (tone + 0.3 * power * rng.standard_normal(len(time))).clip(-1, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate, format="OGG")
    return round(float(np.abs(sound).mean()), 6)
