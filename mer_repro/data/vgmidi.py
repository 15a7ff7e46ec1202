"""VGMIDI: 200 piano arrangements of video game music, each rated measure by measure by about thirty people.

Conventions
-----------
Ratings are in -1..1. The raw files say how long a piece is (s) and how many measures it has; a measure is taken to last
``duration / measures``, and `time` is the measure's onset, so the first one is at 0 s. Labels of a measure are medians
over raters. Some published series are one value longer than their piece: the surplus value is left out. Series of
pieces that the file does not describe (no duration, no measures) cannot be placed in time and are left out.
`VGMidi.surplus_values` and `VGMidi.orphan_series` count both.

Source: Ferreira and Whitehead 2019, "Learning to generate music with sentiment", ISMIR.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mer_repro.data import checks, twins
from mer_repro.data.base import Finding, Location
from mer_repro.data.declaration import declared
from mer_repro.data.reading import read_json
from mer_repro.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

BIBTEX, LICENSE_INFO, REMOTES, TABLES, NAMES, ALSO, note = declared("vgmidi")

RAW = ("vgmidi_raw_1.json", "vgmidi_raw_2.json")

SCALE = (-1.0, 1.0)
DOCUMENTED_PIECES = 200

#: A series may have this many values more than its piece has measures.
SURPLUS_ALLOWED = 1
#: Published name -> (canonical name, kind).
RATER_FIELDS = {
    "age": ("age", str),
    "gender": ("gender", str),
    "country": ("country", str),
    "musicianship": ("musicianship", int),
    "isKnown": ("knew_the_piece", bool),
}


@dataclass(frozen=True)
class VGMidi:
    """VGMIDI's tables. ``song_id`` is "<file>:<piece>", as in "1:piece0": both files count their pieces from
    0.

    pieces : song_id, series, console, game, title, duration (s), measures, filename (of the MIDI, without
        ending).
    dynamic : song_id, measure (from 0), time (s, onset), valence, arousal (medians over raters, -1..1),
        valence_std, arousal_std (deviation of the raters, n - 1), raters (how many).
    ratings : song_id, rater, measure, time, valence, arousal: every rating.
    raters : song_id, rater, age (bracket), gender, country, musicianship (1-5), knew_the_piece. A rater's
        number counts within the piece; who rated two pieces is not said.
    orphan_series, surplus_values : what was left out; see the module.
    """

    location: Location
    pieces: pd.DataFrame
    dynamic: pd.DataFrame
    ratings: pd.DataFrame
    raters: pd.DataFrame
    orphan_series: int
    surplus_values: int

    def audio_path(self, song_id: str) -> Path:
        """The piece rendered as audio; raises DataMissing where the copy has none."""
        return self.location.path(f"audio/{self._filename(song_id)}.ogg")

    def midi_path(self, song_id: str) -> Path:
        """The piece's MIDI file; raises DataMissing where the copy has none."""
        return self.location.path(f"midi/{self._filename(song_id)}.mid")

    def _filename(self, song_id: str) -> str:
        return self.pieces.set_index("song_id").filename[song_id]


def load(location: Location) -> VGMidi:
    """Read VGMIDI.

    Raises
    ------
    DataMissing
        If a file is not there.
    DataError
        If a file is not as documented: broken JSON, a piece nobody rated, a series shorter than its piece or
        more than one value longer, a rating that is no number from -1 to 1.
    """
    import pandas as pd

    pieces, series, raters = [], [], []
    orphans = surplus = 0
    for number, name in enumerate(RAW, start=1):
        path = location.path(name)
        document = _require_layout(path, read_json(path))
        described = {piece: _read_piece(path, piece, entry) for piece, entry in document["pieces"].items()}
        rated = set()
        for key, entry in document["annotations"].items():
            piece, rater = _split_key(path, key)
            if piece not in described:
                orphans += 1
                continue
            rated.add(piece)
            values, over = _read_series(path, key, entry, described[piece]["measures"])
            surplus += over
            series.append((f"{number}:{piece}", rater, values))
            raters.append({"song_id": f"{number}:{piece}", "rater": rater, **_read_rater(path, key, entry)})
        silent = sorted(set(described) - rated)
        if silent:
            raise DataError(path, found=f"no annotation of {silent[0]}", expected="raters for every piece described")
        pieces += [{"song_id": f"{number}:{piece}", **entry} for piece, entry in described.items()]
    pieces = pd.DataFrame(pieces).sort_values("song_id", ignore_index=True)
    ratings = _rating_table(pieces, series)
    return VGMidi(
        location=location,
        pieces=pieces,
        dynamic=_medians(ratings),
        ratings=ratings,
        raters=pd.DataFrame(raters).sort_values(["song_id", "rater"], ignore_index=True),
        orphan_series=orphans,
        surplus_values=surplus,
    )


def _require_layout(path: Path, document) -> dict:
    for part in ("annotations", "pieces"):
        if not isinstance(document, dict) or not isinstance(document.get(part), dict) or not document[part]:
            raise DataError(path, line=1, found=f"no object '{part}'", expected="objects 'annotations' and 'pieces'")
    return document


def _refuse(path: Path, name: str, found: str, expected: str) -> NoReturn:
    """Raise DataError over the entry `name`, at the line on which that first stands in the JSON file."""
    text = path.read_text(encoding="utf-8-sig")
    line = text.count("\n", 0, max(text.find(f'"{name}"'), 0)) + 1
    raise DataError(path, line=line, found=found, expected=expected)


def _split_key(path: Path, key: str) -> tuple[str, int]:
    match = re.fullmatch(r"(piece\d+)_(\d+)", key)
    if not match:
        _refuse(path, key, f"an annotation named '{key}'", "'piece<n>_<rater>'")
    return match[1], int(match[2])


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _read_piece(path: Path, piece: str, entry: dict) -> dict:
    if not isinstance(entry, dict):
        _refuse(path, piece, f"no description of {piece}", "an object")
    duration, measures, midi = (entry.get(name) for name in ("duration", "measures", "midi"))
    if not _is_number(duration) or duration <= 0:
        _refuse(path, piece, f"duration {duration!r} of {piece}", "seconds above 0")
    if not isinstance(measures, int) or isinstance(measures, bool) or measures < 1:
        _refuse(path, piece, f"measures {measures!r} of {piece}", "a whole number of at least 1")
    if not isinstance(midi, str) or not midi.endswith(".mid") or midi.count("_") < 3:
        _refuse(path, piece, f"midi {midi!r} of {piece}", "a name 'Series_Console_Game_Title.mid'")
    filename = midi.rsplit("/", 1)[-1].removesuffix(".mid")
    series, console, game, title = filename.split("_", 3)
    return {
        "series": series,
        "console": console,
        "game": game,
        "title": title,
        "duration": float(duration),
        "measures": measures,
        "filename": filename,
    }


def _read_series(path: Path, key: str, entry: dict, measures: int) -> tuple[dict[str, list[float]], int]:
    """The two series of one rater, cut to the piece's measures, and how many values were cut."""
    series = {target: entry.get(target) if isinstance(entry, dict) else None for target in checks.TARGETS}
    for target, values in series.items():
        if not isinstance(values, list) or not measures <= len(values) <= measures + SURPLUS_ALLOWED:
            found = f"{len(values)} values of {target}" if isinstance(values, list) else f"no list of {target}"
            _refuse(path, key, f"{found} in {key}", f"{measures}, one a measure (or {SURPLUS_ALLOWED} more)")
        for value in values:
            if not _is_number(value) or not SCALE[0] <= value <= SCALE[1]:
                _refuse(path, key, f"{value!r} as {target} in {key}", f"a number from {SCALE[0]:g} to {SCALE[1]:g}")
    lengths = {len(values) for values in series.values()}
    if len(lengths) > 1:
        _refuse(path, key, f"series of different lengths in {key}", "as many values of valence as of arousal")
    surplus = len(checks.TARGETS) * (lengths.pop() - measures)
    return {target: [float(value) for value in values[:measures]] for target, values in series.items()}, surplus


def _rating_table(pieces: pd.DataFrame, series: list) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    lengths = [len(values["valence"]) for _, _, values in series]
    measure_seconds = (pieces.duration / pieces.measures).set_axis(pieces.song_id).to_dict()
    song_ids = [song_id for song_id, *_ in series]
    measure = np.concatenate([np.arange(length) for length in lengths])
    table = pd.DataFrame(
        {
            "song_id": np.repeat(np.array(song_ids, dtype=object), lengths),
            "rater": np.repeat([rater for _, rater, *_ in series], lengths),
            "measure": measure,
            "time": measure * np.repeat([measure_seconds[song_id] for song_id in song_ids], lengths),
            **{target: np.concatenate([values[target] for _, _, values in series]) for target in checks.TARGETS},
        }
    )
    return table.sort_values(["song_id", "rater", "measure"], ignore_index=True)


def _medians(ratings: pd.DataFrame) -> pd.DataFrame:
    grouped = ratings.groupby(["song_id", "measure", "time"])
    medians = grouped[list(checks.TARGETS)].median()
    deviations = grouped[list(checks.TARGETS)].std(ddof=1).add_suffix("_std")
    return medians.join(deviations).join(grouped.size().rename("raters")).reset_index()


def _read_rater(path: Path, key: str, entry: dict) -> dict:
    """What a rater said of themselves; of another kind, it is an error like any other."""
    person = {}
    for name, (column, kind) in RATER_FIELDS.items():
        value = entry.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            expected = {str: "a text", int: "a whole number", bool: "true or false"}[kind]
            _refuse(path, key, f"{value!r} as {name} of {key}", expected)
        person[column] = value
    return person


def validate(dataset: VGMidi) -> list[Finding]:
    """Sizes, what was left out, agreement of the raters, constant series, variance between pieces, repeated pieces."""
    counts = {"pieces": len(dataset.pieces), "series": len(dataset.raters), "measures": len(dataset.dynamic)}
    spread = dataset.ratings.groupby(["song_id", "rater"])[list(checks.TARGETS)].nunique()
    constant = {target: int((spread[target] == 1).sum()) for target in checks.TARGETS}
    ceilings = {t: checks.split_half_ceiling(dataset.ratings, t, item=("song_id", "measure")) for t in checks.TARGETS}
    repeated = dataset.pieces.filename[dataset.pieces.filename.duplicated()].tolist()
    means = dataset.dynamic[["valence_std", "arousal_std"]].mean()
    return [
        checks.size_finding(dataset.location, counts, {"pieces": DOCUMENTED_PIECES}),
        note("left out", {"orphan_series": dataset.orphan_series, "surplus_values": dataset.surplus_values}),
        note("raters", {**means, **constant}, fewest=dataset.dynamic.raters.min(), most=dataset.dynamic.raters.max()),
        checks.ceiling_finding(ceilings, "of the median over raters, all measures"),
        checks.between_songs_finding(dataset.dynamic),
        Finding(
            "duplicates",
            checks.OK[not repeated],
            f"Pieces described twice: {', '.join(repeated)}." if repeated else "No piece is described twice.",
        ),
    ]


TWIN_PIECES, TWIN_RATERS = (12, 14), 15


def make_twin(folder: Path, seed: int = 0) -> None:
    """Write 26 generated pieces with 15 raters each in VGMIDI's layout, with one orphan series and one
    surplus value.

    ``truth.json`` holds the rater model (a rater's own level, and slips) and ``noise_ceiling_r2``: the R2 of
    the planted signal against the published median, over all measures.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 200])
    bias, slip = 0.18, 0.15  # deviations of a rater's level and of single ratings, on -1..1
    signals: dict[str, list] = {target: [] for target in checks.TARGETS}
    medians: dict[str, list] = {target: [] for target in checks.TARGETS}
    for name, count in zip(RAW, TWIN_PIECES, strict=True):
        lengths = rng.integers(8, 60, size=count)
        document: dict[str, dict] = {"annotations": {}, "pieces": {}}
        for number, song in enumerate(twins.plant_songs(rng, lengths)):
            measures = int(lengths[number])
            ratings = {}
            for target in checks.TARGETS:
                signal = 0.3 * song.signal[target]
                noise = bias * rng.standard_normal((TWIN_RATERS, 1)) + slip * rng.standard_normal(
                    (TWIN_RATERS, measures)
                )
                ratings[target] = np.clip(signal + noise, -1, 1).round(2)
                signals[target].append(signal)
                medians[target].append(np.median(ratings[target], axis=0))
            duration = float(round(measures * rng.uniform(1.5, 3.0), 3)) if name == RAW[1] else 2 * measures
            document["pieces"][f"piece{number}"] = _twin_piece(name, number, measures, duration)
            for rater in range(TWIN_RATERS):
                series = {target: ratings[target][rater].tolist() for target in checks.TARGETS}
                document["annotations"][f"piece{number}_{rater + 1}"] = _twin_annotation(rng, series)
        if name == RAW[0]:
            document["annotations"][f"piece{count}_1"] = _twin_annotation(rng, {t: [0.5, 0.25] for t in checks.TARGETS})
        else:
            for target in checks.TARGETS:
                document["annotations"]["piece0_1"][target].append(0.0)
        (folder / name).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    shown, true = (np.column_stack([np.concatenate(kind[t]) for t in checks.TARGETS]) for kind in (medians, signals))
    ceiling = twins.noise_ceilings(checks.TARGETS, shown, true)
    twins.write_truth(folder, "vgmidi", seed, rater_bias_std=bias, rater_slip_std=slip, dynamic=ceiling)


def _twin_piece(name: str, number: int, measures: int, duration: float) -> dict:
    title = f"Generated Piece {number} of {name.removesuffix('.json')}"
    return {
        "audio": f"audio/{title}.wav",
        "duration": duration,
        "measures": measures,
        "midi": f"Series {number % 4}_Console_Game {number % 6}_{title}.mid",
        "name": title,
    }


def _twin_annotation(rng, series: dict[str, list[float]]) -> dict:
    return {
        "age": "26-30",
        "country": "US",
        "gender": "Female" if rng.random() < 0.5 else "Male",
        "isKnown": bool(rng.random() < 0.2),
        "musicianship": int(rng.integers(1, 6)),
        **series,
    }
