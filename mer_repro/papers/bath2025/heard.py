"""The five models on MERGE's own songs: those whose sound 4QAED has, with MERGE's labels and official parts.

MERGE has sound and lyrics of 2,216 songs; of 405 of them another set of the same group, 4QAED, holds the clip.
There the audio towers can be trained on the paper's labels; without lyrics Model 5 is Model 3 and is not run.

An experiment of ours gives words in place of the lyrics: the song's ``title``, or the ``moods``, the words with which
AllMusic's editors describe it. MERGE's labels were made from such words, so what reads them has been told the answer.

Protocols: ``official_parts`` is MERGE's own division of these songs into training, validation and test songs;
``artist_folds`` tests every song once, no artist on two sides (`networks.grouped_folds`; a song whose artist is unknown
is its own). Networks are stopped on the validation songs; what needs no stopping is fitted on training and validation
songs together and chooses its settings within them.

Variants: ``model_1`` to ``model_4``; ``mean``; on the mean and deviation of each mel band the models of `doughnut` that
regress (``ridge``, ``boosting``), name a quadrant (``predicted_quadrant``) or weigh the quadrants by their probability
(``weighed_logistic``, ``weighed_boosting``); ``frozen_ridge`` and ``frozen_weighed``, ridge regression and weighed
quadrants on what a pretrained network hears (`mer_repro.features.embeddings`); ``quadrant_centre``, who is told. With
words: ridge regression on their vector, alone or beside what the pretrained network hears; ``model_2_titles`` and
``model_5_titles``. The factor ``frames`` marks networks that hear longer clips than the others.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from mer_repro.papers.bath2025 import doughnut, networks, planes
from mer_repro.runs.records import Outcome, Run

DATASET = "merge+panda_4qaed"
OFFICIAL, FOLDS = "official_parts", "artist_folds"
#: Frames of a whole clip of 30 s, which all but the networks read.
WHOLE = 1292
#: Variants that read one vector a song: what it is made of, and which of `doughnut.MODELS` reads it.
SIMPLE = {name: (("bands",), name) for name in doughnut.MODELS if name != "network"} | {
    "frozen_ridge": (("frozen",), "ridge"),
    "frozen_weighed": (("frozen",), "weighed_logistic"),
    "title_ridge": (("title",), "ridge"),
    "frozen_title_ridge": (("frozen", "title"), "ridge"),
    "moods_ridge": (("moods",), "ridge"),
    "frozen_moods_ridge": (("frozen", "moods"), "ridge"),
}
#: Networks with both towers, titles for lyrics.
TITLED = ("model_2_titles", "model_5_titles")
#: What reads words, beside its audio or alone.
WORDED = (*(name for name, (of, _) in SIMPLE.items() if {"title", "moods"} & {*of}), *TITLED)
ORACLES = {"mean": networks.BASELINES["mean"], "quadrant_centre": networks.BASELINES["quadrant_centre"]}
VARIANTS = ("mean", "quadrant_centre", *SIMPLE, *(f"model_{number}" for number in range(1, 5)), *TITLED)


def execute(run: Run, device: str) -> Outcome:
    """One variant on one division of the songs; scores of each target and (``r2`` ...) their mean."""
    clips, _ = load(run.data, run.parameters.get("frames", WHOLE))
    if run.variant in TITLED:
        clips = replace(clips, lyrics=words(run.data, "title"))
    parts = clips.official if run.protocol == OFFICIAL else networks.grouped_folds(clips.group, run.seed)
    labels = np.column_stack(list(clips.targets.values())).astype(np.float32)
    notes, curves = {}, {}
    if run.variant in ORACLES:
        predicted = ORACLES[run.variant](run, clips, labels, parts)
    elif run.variant in SIMPLE:
        predicted = _simple(run, clips, parts)
    else:
        predicted, notes, curves = networks._network(run, clips, labels, parts, device)
    return networks._scored(run, clips, labels, predicted, parts, notes, curves)


def _simple(run: Run, clips: networks.Clips, parts: dict[str, np.ndarray]) -> np.ndarray:
    reads, name = SIMPLE[run.variant]
    features = np.hstack([networks._flat(run, clips) if of == "bands" else _vectors(run.data, of) for of in reads])
    train = np.concatenate([parts["train"], parts["validation"]])
    quadrant = planes.quadrants(**clips.targets)
    given = (features.astype(float), quadrant, train, parts["test"], run.seed)
    return np.column_stack([_said(name, target, *given) for target in clips.targets.values()])


def _said(name: str, target, features, quadrant, train, test, seed) -> np.ndarray:
    return doughnut.MODELS[name](features, target, quadrant, train, test, seed)


@lru_cache(maxsize=2)
def load(data: str, frames: int) -> tuple[networks.Clips, list]:
    """MERGE's songs that this copy can hear, and their sound files.

    Raises
    ------
    DataMissing
        If no song's sound is at hand: neither MERGE's archive nor a copy of 4QAED beside it.
    """
    from mer_repro.data import registry
    from mer_repro.errors import DataMissing

    loaded = registry.load("merge", source=data)
    paths = {}
    for song in loaded.songs["song_id"]:
        try:
            paths[song] = loaded.audio_path(song)
        except DataMissing:
            continue
    if not paths:
        loaded.audio_path(loaded.songs["song_id"].iloc[0])  # says what is missing and how to get it
    table = loaded.songs[loaded.songs["song_id"].isin(paths)]
    place = {song: k for k, song in enumerate(table["song_id"])}
    official = {
        part: np.array(sorted(place[song] for song in loaded.part("70_15_15", part) if song in place), dtype=int)
        for part in ("train", "validation", "test")
    }
    files = [paths[song] for song in table["song_id"]]
    targets = {name: table[name].to_numpy() for name in ("valence", "arousal")}
    return networks.Clips(
        _artists(loaded, table), targets, networks._spectrograms(files, frames), None, official
    ), files


def _artists(loaded, table) -> np.ndarray:
    """What a fold keeps together: the artist as `checks.song_key` writes it, or the song."""
    from mer_repro.data import checks

    group = table["song_id"].astype(str).set_axis(table["song_id"])
    if (named := loaded.names()) is not None:
        keys = named.set_index("song_id")["artist"].map(lambda artist: checks.song_key(artist, "").partition(" |")[0])
        group.update(keys[keys != ""])
    return group.to_numpy(str)


def words(data: str, kind: str) -> list[str]:
    """The ``title`` or the ``moods`` of each song, as 4QAED gives them; "" where it gives none."""
    from mer_repro.data import registry

    songs = registry.load("panda_4qaed", source=data).songs.set_index("song_id")[kind]
    return songs.reindex([path.stem for path in load(data, WHOLE)[1]]).fillna("").tolist()


def _vectors(data: str, of: str) -> np.ndarray:
    from mer_repro.features import text

    return frozen(data) if of == "frozen" else text.embed(words(data, of)).vectors


@lru_cache(maxsize=1)
def frozen(data: str) -> np.ndarray:
    """(songs, dimension) what a frozen pretrained network hears of each clip; raises `PackageMissing` without it."""
    from mer_repro.features import embeddings

    return embeddings.vibenet(load(data, WHOLE)[1], workers=1).vectors
