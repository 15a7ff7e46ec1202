"""Checks that hold for any set of labelled songs: duplicates, overlaps, labels shared, holes, agreement, orientation.

Conventions
-----------
Tables have the canonical columns of `mer_repro.data.base` (``song_id``, ``valence``, ``arousal``, ``artist``,
``title``). A *ceiling* is the R2 that a model would score against published labels if it predicted exactly what
infinitely many raters would have said on average: what is left is the noise of the raters who happened to be asked.
Nothing honest exceeds it; a published score above it has seen the noise.
"""

from __future__ import annotations

import fnmatch
import html
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mer_repro.data import reading
from mer_repro.data.base import Finding, Location, Table
from mer_repro.errors import DataMissing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mer_repro.data.streaming import RowStream

TARGETS = ("valence", "arousal")
LARGEST_TEXT_BYTES = 64 << 20

# ---- the same song twice ---------------------------------------------------------------------------------------------


def song_key(artist: str, title: str) -> str:
    """Artist and title as they are compared: no case, accents, punctuation, brackets or guests ("feat. ...")."""

    def plain(text: str) -> str:
        text = html.unescape(text)
        text = re.sub(r"[(\[].*?[)\]]", " ", text)
        text = re.sub(r"\b(feat|ft|featuring)\b.*", " ", text, flags=re.IGNORECASE)
        letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        return " ".join(re.findall(r"\w+", letters.casefold()))

    return f"{plain(artist)} | {plain(title)}"


def song_keys(songs: pd.DataFrame) -> pd.Series:
    """`song_key` of every row, indexed by song_id; rows without artist or title are left out."""
    import pandas as pd

    named = songs[(songs.artist != "") & (songs.title != "")]
    keys = [song_key(artist, title) for artist, title in zip(named.artist, named.title, strict=True)]
    return pd.Series(keys, index=named.song_id.to_list(), dtype=object)


def duplicate_songs(songs: pd.DataFrame) -> list[list]:
    """Groups of song_ids whose artist and title are the same (`song_key`), each sorted, longest group first.

    Remixes and live versions whose title says so in brackets fall together with the original: for a split that is
    the safe side.
    """
    keys = song_keys(songs)
    groups = [sorted(group.index.tolist()) for _, group in keys.groupby(keys) if len(group) > 1]
    return sorted(groups, key=lambda group: (-len(group), group))


def overlap(one: pd.DataFrame, other: pd.DataFrame) -> dict[str, int]:
    """Songs of `one` that are in `other` too: ``by_id``, ``by_name`` (artist and title, where both have them)."""
    found = {"by_id": len(set(one.song_id) & set(other.song_id))}
    if {"artist", "title"} <= set(one.columns) & set(other.columns):
        found["by_name"] = int(song_keys(one).isin(set(song_keys(other))).sum())
    return found


# ---- labels that many songs share, labels that none has --------------------------------------------------------------


def label_pairs(table: pd.DataFrame) -> list[tuple[float, float]]:
    """(valence, arousal) of every row, rounded to 1e-6 so that the last bits of a mean do not make two of one."""
    return [tuple(pair) for pair in table[list(TARGETS)].round(6).itertuples(index=False)]


def label_multiplicity(table: pd.DataFrame) -> dict[str, float]:
    """How many labels there are: ``items``, ``distinct`` pairs, ``shared`` (share of items that have their pair in
    common with another), ``most`` (items of the commonest pair)."""
    counts = Counter(label_pairs(table))
    shared = sum(count for count in counts.values() if count > 1)
    return {"items": len(table), "distinct": len(counts), "shared": shared / len(table), "most": max(counts.values())}


def share_seen(train: pd.DataFrame, test: pd.DataFrame) -> float:
    """Share of test items whose (valence, arousal) pair also labels a training item."""
    seen = set(label_pairs(train))
    pairs = label_pairs(test)
    return sum(pair in seen for pair in pairs) / len(pairs)


def occupancy(table: pd.DataFrame, scale: tuple[float, float], cells: int = 20) -> np.ndarray:
    """Counts of items in a grid of `cells` x `cells` over the plane, [valence, arousal]."""
    import numpy as np

    return np.histogram2d(table.valence, table.arousal, bins=cells, range=(scale, scale))[0]


def label_holes(table: pd.DataFrame, scale: tuple[float, float], cells: int = 20) -> dict[str, float]:
    """Where labels are missing: ``empty_cells`` (share of the grid), ``near_middle`` (share of items within a
    twentieth of the scale of the middle of either axis; evenly spread labels would have 0.19), ``valence_range``
    and ``arousal_range`` (share of the scale between the lowest and highest label)."""
    low, high = scale
    width, middle = high - low, (low + high) / 2
    near = ((table[list(TARGETS)] - middle).abs() <= width / 20).any(axis=1)
    return {
        "empty_cells": float((occupancy(table, scale, cells) == 0).mean()),
        "near_middle": float(near.mean()),
        **{f"{target}_range": float((table[target].max() - table[target].min()) / width) for target in TARGETS},
    }


# ---- rater agreement, and the ceiling it puts on models --------------------------------------------------------------


def ceiling_of_means(means: Sequence[float], deviations: Sequence[float], raters: float | Sequence[float]) -> float:
    """R2 ceiling of labels that are means of independent raters.

    Parameters
    ----------
    means, deviations : mean and standard deviation (n - 1) of the raters of each item.
    raters : how many raters an item has, one number or one an item.

    Returns
    -------
    float
        1 - mean(deviation^2 / raters) / variance(means), at most 1; negative where the raters' noise exceeds all
        that the labels vary.
    """
    import numpy as np

    noise = np.mean(np.asarray(deviations, dtype=float) ** 2 / np.asarray(raters, dtype=float))
    return float(1 - noise / np.var(np.asarray(means, dtype=float)))


def ceilings(table: pd.DataFrame, raters: float | Sequence[float]) -> dict[str, float]:
    """`ceiling_of_means` of valence and arousal, whose deviations `table` has as valence_std and arousal_std."""
    return {target: ceiling_of_means(table[target], table[f"{target}_std"], raters) for target in TARGETS}


def ceiling_of_shares(shares: Sequence[float], answers: Sequence[int]) -> float:
    """`ceiling_of_means` for labels that are shares of yes among `answers` yes/no answers an item."""
    import numpy as np

    shares, answers = np.asarray(shares, dtype=float), np.asarray(answers, dtype=float)
    return ceiling_of_means(shares, np.sqrt(shares * (1 - shares) * answers / (answers - 1)), answers)


def split_half_ceiling(
    ratings: pd.DataFrame, target: str, item: Sequence[str], group: str = "song_id", splits: int = 10, seed: int = 0
) -> float:
    """R2 ceiling of labels that are medians over raters, from how well two halves of the raters agree.

    The raters of each `group` are halved at random, the medians of the halves over each `item` correlated, and the
    correlation stepped up to all raters (Spearman and Brown); mean over `splits` halvings.

    Parameters
    ----------
    ratings : long table with the columns of `item`, `group`, ``rater`` and `target`; one row a rating.
    item : columns that name a labelled item.
    """
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    matrix = ratings.set_index([*item, "rater"])[target].unstack("rater")
    owners = pd.factorize(matrix.index.get_level_values(group))[0]
    values = matrix.to_numpy()
    present = ~np.isnan(values)
    found = []
    for _ in range(splits):
        # One order of the raters a group; the first half of those present makes one half.
        order = rng.random((owners.max() + 1, values.shape[1]))[owners]
        rank = np.argsort(np.argsort(np.where(present, order, np.inf), axis=1), axis=1)
        first = rank < present.sum(axis=1, keepdims=True) // 2
        halves = [np.nanmedian(np.where(mask & present, values, np.nan), axis=1) for mask in (first, ~first)]
        r = np.corrcoef(*halves)[0, 1]
        found.append(2 * r / (1 + r))
    return float(np.mean(found))


def song_means(dynamic: pd.DataFrame) -> pd.DataFrame:
    """song_id, valence, arousal: the means of each song's dynamic labels."""
    return dynamic.groupby("song_id", as_index=False)[list(TARGETS)].mean()


def between_songs(dynamic: pd.DataFrame, target: str) -> float:
    """Share of a dynamic label's variance that lies between songs: the R2 of knowing each frame's song mean.

    A split that puts frames of one song on both sides hands this out for nothing.
    """
    means = dynamic.groupby("song_id")[target].transform("mean")
    return float(1 - ((dynamic[target] - means) ** 2).sum() / ((dynamic[target] - dynamic[target].mean()) ** 2).sum())


# ---- orientation -----------------------------------------------------------------------------------------------------


def orientation(table: pd.DataFrame, witness: pd.DataFrame) -> dict[str, float]:
    """Whether valence and arousal of `table` are those of `witness` (same songs by song_id) or each other's.

    Returns
    -------
    dict
        ``songs`` in both; ``straight``: mean correlation of valence with valence and arousal with arousal;
        ``crossed``: of valence with arousal and arousal with valence.
    """
    joint = table.merge(witness, on="song_id", suffixes=("", "_witness"))

    def r(one: str, other: str) -> float:
        return float(joint[one].corr(joint[f"{other}_witness"]))

    return {
        "songs": len(joint),
        "straight": (r("valence", "valence") + r("arousal", "arousal")) / 2,
        "crossed": (r("valence", "arousal") + r("arousal", "valence")) / 2,
    }


def orientation_by_loudness(table: pd.DataFrame, loudness: pd.DataFrame) -> dict[str, float]:
    """Correlation of each axis with the songs' `loudness` (song_id, loudness): music is more arousing when it is
    louder, so ``arousal`` should exceed ``valence``."""
    joint = table.merge(loudness, on="song_id")
    return {"songs": len(joint), **{target: float(joint[target].corr(joint.loudness)) for target in TARGETS}}


# ---- findings that several sets share --------------------------------------------------------------------------------


class _Sentence(string.Formatter):
    def convert_field(self, value, conversion: str | None):
        return percent(value) if conversion == "p" else super().convert_field(value, conversion)


def note(check: str, says: str, numbers: Mapping | None = None, status: str = "note", **words) -> Finding:
    """A finding whose sentence is a template: `numbers` and `words` fill the braces of `says`, and `words` those of
    `check`; "{share!p}" is a share as `percent` writes it."""
    return Finding(check.format(**words), status, _Sentence().format(says, **(numbers or {}), **words), numbers or {})


#: Status of a finding by whether all is as it should be.
OK = {True: "ok", False: "failed"}
#: Status of a finding by whether the published files have the defect.
DEFECT = {True: "known_defect", False: "ok"}
#: Status of a finding by whether there is something worth knowing.
NOTE = {True: "note", False: "ok"}


def percent(share: float) -> str:
    """A share from 0 to 1 as a percentage with one decimal: 0.584 as '58.4 %'."""
    return f"{100 * share:.1f} %"


def orientation_finding(note: Callable[..., Finding], static: pd.DataFrame, dynamic: pd.DataFrame) -> Finding:
    """What the loader's `note` says of the "orientation" of static labels, against the song means of dynamic ones."""
    found = orientation(static, song_means(dynamic))
    return note("orientation", found, OK[found["straight"] > found["crossed"]])


def size_finding(location: Location, counts: Mapping[str, int], documented: Mapping[str, int]) -> Finding:
    """Whether a real copy has as many rows as its documentation says; a twin has as many as it has."""
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    wrong = {name: number for name, number in documented.items() if counts[name] != number}
    if location.kind == "real" and wrong:
        missed = ", ".join(f"{number:,} {name}" for name, number in wrong.items())
        return Finding("size", "failed", f"{said}; the documentation says {missed}.", counts)
    return Finding("size", "ok", f"{said}.", counts)


def duplicate_finding(songs: pd.DataFrame) -> Finding:
    """How many songs a set holds more than once, by artist and title."""
    groups = duplicate_songs(songs)
    surplus = sum(len(group) - 1 for group in groups)
    numbers = {"groups": len(groups), "surplus": surplus}
    if not groups:
        return Finding("duplicates", "ok", "No two songs agree in artist and title.", numbers)
    shown = "; ".join(", ".join(str(song_id) for song_id in group) for group in groups[:3])
    return Finding(
        "duplicates",
        "note",
        f"{len(groups)} artist-and-title pairs stand for more than one song_id ({surplus} too many), as {shown}:"
        " keep each group on one side of a split.",
        numbers,
    )


def label_findings(table: pd.DataFrame, scale: tuple[float, float]) -> list[Finding]:
    """Multiplicity of song-level labels and the holes between them."""
    shared, holes = label_multiplicity(table), label_holes(table, scale)
    return [
        note(
            "label multiplicity",
            "{items:,} items have {distinct:,} different labels; {shared!p} share theirs with another item, the"
            " commonest label {most:.0f} times.",
            shared,
        ),
        note(
            "label space",
            "Labels span {valence_range!p} of the valence axis and {arousal_range!p} of the arousal axis;"
            " {empty_cells!p} of a 20 x 20 grid is empty, and {near_middle!p} of the items lie within a twentieth of"
            " the scale of the middle of an axis (evenly spread: 19 %).",
            holes,
        ),
    ]


def between_songs_finding(dynamic: pd.DataFrame) -> Finding:
    """How much of the dynamic labels' variance a song's mean explains."""
    shares = {target: between_songs(dynamic, target) for target in TARGETS}
    return note(
        "variance between songs",
        "Knowing a frame's song mean explains {valence!p} of valence and {arousal!p} of arousal over all frames: a"
        " split that tears songs apart gives this away.",
        shares,
    )


def ceiling_finding(ceilings: Mapping[str, float], how: str) -> Finding:
    """What the raters' disagreement leaves to any model."""
    listed = ", ".join(f"{target} {value:.3f}" for target, value in ceilings.items())
    return Finding("rater ceiling", "note", f"R2 ceiling {how}: {listed}.", dict(ceilings))


def missing_finding(tables: Mapping[str, pd.DataFrame | None]) -> Finding:
    """Empty cells of the tables, by column."""
    empty = {
        f"{name}.{column}": int(count)
        for name, table in tables.items()
        if table is not None
        for column, count in (table.isna() | table.eq("")).sum().items()
        if count
    }
    if not empty:
        return Finding("missing values", "ok", "No cell of the tables is empty.")
    listed = ", ".join(f"{name} {count:,}" for name, count in empty.items())
    return Finding("missing values", "note", f"Empty cells: {listed}.", empty)


def declared(location: Location, tables: Mapping[str, Table]) -> list[Finding]:
    """What the declaration of a set says of the files of a copy: which are known to be whole, and damage to their text.

    Files that are too large to be read as a whole are streamed, and counted there (`stream_findings`).
    """
    known, unknown, damaged = 0, [], {}
    for name in location.files:
        table = next(t for t in tables.values() if t.path == name or fnmatch.fnmatch(name, t.path))
        path = location.path(name)
        if path.suffix in (".json", ".gz") or path.stat().st_size > LARGEST_TEXT_BYTES:
            continue
        content = path.read_bytes()
        for what, (count, line) in reading.damage(content, table.encodings).items():
            damaged[f"{name}, {what}"] = (count, line)
        if table.digests:
            text = reading.plain_line_ends(reading.decode(content, table.encodings))
            whole = reading.text_digest(text) in reading.whole(location, table, name).digests
            known += whole
            unknown += [] if whole else [name]
    found = ", ".join(f"{where}: {count} (the first on line {line})" for where, (count, line) in damaged.items())
    findings = [
        note(
            "damaged text",
            "{places} places where the text of a file is damaged{found}.",
            {"places": sum(count for count, _ in damaged.values())},
            DEFECT[bool(damaged)],
            found=f": {found}" if damaged else "",
        )
    ]
    if known or unknown:
        listed = f"; {', '.join(unknown)} none of them: edited, cut or newer" if unknown else ""
        says = f"{{known}} files are copies that this project knows to be whole{listed}."
        numbers = {"known": known, "others": len(unknown)}
        findings.append(note("known copies", says, numbers, NOTE[bool(unknown)]))
    return findings


def stream_findings(stream: RowStream) -> list[Finding]:
    """The rows that a stream left out, and damage to the text of the others."""
    found = []
    for check, says, counts in (
        ("broken rows", "{all} rows were left out{why}.", stream.broken),
        ("damaged text", "{all} places in the text of the rows are damaged{why}.", stream.damaged),
    ):
        why = f" ({'; '.join(f'{what}: {n}' for what, n in counts.items())})" if counts else ""
        found.append(note(check, says, dict(counts), DEFECT[counts.total() > 0], all=counts.total(), why=why))
    return found


def overlap_finding(name: str, counts: Mapping[str, int]) -> Finding:
    """Songs that another set holds too."""
    listed = ", ".join(f"{count:,} {how.replace('_', ' ')}" for how, count in counts.items())
    return Finding(f"overlap with {name}", "note", f"Songs that {name} holds too: {listed}.", counts)


def beside(location: Location, name: str):
    """Data set `name` from the home in which `location` lies, or None where that has no complete real copy."""
    from mer_repro.data import registry

    if location.kind != "real":
        return None
    for home in location.folder.parents[:2]:
        if registry.available(name, home):
            return registry.load(name, "real", home)
    return None


def balance(labels: Iterable[str]) -> dict[str, float]:
    """Share of each class, commonest first."""
    counts = Counter(labels)
    total = sum(counts.values())
    return {label: count / total for label, count in counts.most_common()}


def extremes(shares: Mapping[str, float] | pd.Series) -> dict:
    """The `first` and `last` label of some that stand in order, commonest first, and how much they have: `most`,
    `fewest`."""
    (first, most), *_, (last, fewest) = shares.items()
    return {"first": first, "most": most, "last": last, "fewest": fewest}


def balance_finding(labels: Iterable[str], what: str) -> Finding:
    """How evenly the classes of `what` are filled."""
    shares = balance(labels)
    return note(
        "class balance",
        "{values} values of {what}; the commonest, {first}, has {most!p} of the items, the rarest, {last}, {fewest!p}.",
        shares,
        values=len(shares),
        what=what,
        **extremes(shares),
    )


def length_finding(dataset, song_ids: Iterable, stated: float, shortest: float) -> Finding | None:
    """Clips that are shorter than `shortest` (s) where `stated` s are documented; None where the copy has no sound, or
    is a twin, whose clips are short by design."""
    import soundfile

    if dataset.location.kind != "real":
        return None
    seconds = {}
    for song_id in song_ids:
        try:
            seconds[song_id] = soundfile.info(dataset.audio_path(song_id)).duration
        except DataMissing:
            continue
    if not seconds:
        return None
    short = sorted((song for song in seconds if seconds[song] < shortest), key=seconds.get)
    listed = ", ".join(f"{song} ({seconds[song]:.1f} s)" for song in short[:5])
    return Finding(
        "length of the clips",
        NOTE[bool(short)],
        f"{len(seconds):,} clips of {stated:g} s by the documentation: {min(seconds.values()):.1f} to"
        f" {max(seconds.values()):.1f} s; {len(short)} are shorter than {shortest:g} s"
        + (f": {listed}." if short else "."),
        {
            "clips": len(seconds),
            "short": len(short),
            "shortest": min(seconds.values()),
            "longest": max(seconds.values()),
        },
    )
