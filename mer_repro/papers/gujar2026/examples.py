"""Songs with one of four moods, some audio, some words: what each data set can give gujar2026's networks.

==========================  ========================  ==========================  =====================================
data set                    mood from                 audio                       words
==========================  ========================  ==========================  =====================================
``tcc_ceds``                valence, energy: 0.5      4 descriptors               lyrics (stems without stop words)
``deezer_mood+tcc_ceds``    valence, arousal: 0       6 descriptors               lyrics
``deezer_mood+musixmatch``  valence, arousal: 0       –                           counted stems of the lyrics
``deezer_mood``             valence, arousal: 0       –                           emotion tags, each as often as counted
``deam``                    valence, arousal: 5       130 openSMILE descriptors   –
``merge``                   official quadrants        log-mel spectrogram         lyrics
``panda_4qaed``             checked quadrants         log-mel spectrogram         –
``merge+panda_4qaed``       official quadrants        log-mel spectrogram         –
``emotify``                 highest of four emotions  log-mel spectrogram         –
``planted``                 `planted.generate`        12 numbers                  generated words
==========================  ========================  ==========================  =====================================

A value at the cut counts as low. Valence and energy of tcc_ceds are a streaming service's descriptors, computed from
the audio and rated by nobody; where they make the label they are not among the inputs. ``merge+panda_4qaed`` are the
songs of MERGE whose clip 4QAED has, in MERGE's official parts.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mer_repro.errors import DataMissing
from mer_repro.splits import Split

#: Quadrant of (high valence, high arousal) as a position in `model.MOODS`: happy, sad, angry, calm.
QUADRANTS = {(True, True): 0, (False, False): 1, (False, True): 2, (True, False): 3}
#: Emotify's nine induced emotions hold one for each quadrant.
EMOTIFY_MOODS = ("joyful_activation", "sadness", "tension", "calmness")
#: tcc_ceds without the two descriptors that make the label
SAFE_DESCRIPTORS = ("danceability", "loudness", "acousticness", "instrumentalness")
#: MERGE's names of the quadrants as positions in `model.MOODS`.
MERGE_MOODS = {"Q1": 0, "Q2": 2, "Q3": 1, "Q4": 3}
PLANTED_SONGS = 1500


@dataclass(frozen=True)
class Songs:
    """The songs of one data set.

    mood : (n,) int, position in `model.MOODS`. artist : (n,) what a split keeps together; the song itself where no
    artist is known. audio : (n, features) descriptors, or (n, bands, frames) in dB, or None. texts : n strings or None.
    audio_informs : planted songs only; see `planted.Planted`. features : (n, features) the data set's own descriptors,
    best first. clips : the sound files. official : the data set's own parts, or None. notes : what a record should say
    about them.
    """

    mood: np.ndarray
    artist: np.ndarray
    audio: np.ndarray | None
    texts: list[str] | None
    audio_informs: np.ndarray | None = None
    features: np.ndarray | None = None
    clips: list[Path] | None = None
    official: Split | None = None
    notes: dict = field(default_factory=dict)


def load_songs(dataset: str, data: str, target: str, frames: int) -> Songs:
    """The songs of a data set.

    Parameters
    ----------
    target : one of `study.TARGETS`, "" for data sets that have none.
    frames : of the spectrograms, where there are some.

    Raises
    ------
    DataError, DataMissing
        As the data set's loader.
    """
    loaders = {
        "tcc_ceds": _tcc_ceds,
        "deezer_mood+tcc_ceds": _deezer_with_lyrics,
        "deezer_mood+musixmatch": _deezer_with_bags,
        "deezer_mood": _deezer_mood,
    }
    if dataset == "deam":
        return _deam(data, target)
    hear = {"emotify": _emotify, "merge": _merge, "panda_4qaed": _panda, "merge+panda_4qaed": _merge_heard}
    if dataset in hear:
        return hear[dataset](data, frames)
    return _planted(target) if dataset == "planted" else loaders[dataset](data)


def quadrants(valence, arousal, middle: float) -> np.ndarray:
    """(n,) positions in `model.MOODS`; a value of exactly `middle` counts as low."""
    pairs = zip(np.asarray(valence) > middle, np.asarray(arousal) > middle, strict=True)
    return np.array([QUADRANTS[bool(v), bool(a)] for v, a in pairs])


def _tcc_ceds(data: str) -> Songs:
    from mer_repro.data import registry

    songs = registry.load("tcc_ceds", source=data).songs
    songs = songs.drop_duplicates("lyrics")
    return Songs(
        quadrants(songs.valence, songs.energy, 0.5),
        songs.artist.to_numpy(),
        songs[list(SAFE_DESCRIPTORS)].to_numpy(np.float32),
        songs.lyrics.tolist(),
        notes={"label": "a streaming service's valence and energy, computed from the audio"},
    )


def _deezer_with_lyrics(data: str) -> Songs:
    """Songs of both sets, joined on artist and title: labels that come from listeners' tags, with lyrics."""
    from mer_repro.data import checks, registry
    from mer_repro.data.tcc_ceds import DESCRIPTORS

    labelled, described = registry.load("deezer_mood", source=data).songs, registry.load("tcc_ceds", source=data).songs
    labelled, described = (
        table.assign(key=table.song_id.map(checks.song_keys(table))).dropna(subset="key").drop_duplicates("key")
        for table in (labelled, described)
    )
    columns = ["key", "lyrics", *DESCRIPTORS]
    both = labelled[["key", "artist", "valence", "arousal"]].merge(
        described[columns].rename(columns={"valence": "service_valence"}), on="key"
    )
    inputs = ["service_valence" if name == "valence" else name for name in DESCRIPTORS]
    return Songs(
        quadrants(both.valence, both.arousal, 0.0),
        both.artist.to_numpy(),
        both[inputs].to_numpy(np.float32),
        both.lyrics.tolist(),
        notes={"label": "valence and arousal of the listeners' tags (Deezer)"},
    )


def _deezer_with_bags(data: str) -> Songs:
    """Songs whose moods come from listeners' tags, with the lyrics that the Million Song Dataset has: bags of stems."""
    from mer_repro.data import registry

    labelled = registry.load("deezer_mood", source=data).songs.drop_duplicates("track_id")
    bags = registry.load("musixmatch", source=data)
    rows = bags.songs.track_id.reset_index().set_index("track_id")["index"]
    labelled = labelled[labelled.track_id.isin(rows.index)]
    texts = []
    # Every stem once before the rest, so that a reader who stops early has met most of them.
    for row in rows[labelled.track_id]:
        part = slice(*bags.counts.indptr[row : row + 2])
        counted = zip(bags.counts.indices[part], bags.counts.data[part], strict=True)
        counted = [(bags.vocabulary[column], times) for column, times in counted]
        texts.append(" ".join([*(word for word, _ in counted), *(w for word, n in counted for w in [word] * (n - 1))]))
    return Songs(
        quadrants(labelled.valence, labelled.arousal, 0.0),
        labelled.artist.to_numpy(),
        None,
        texts,
        notes={"label": "valence and arousal of the listeners' tags (Deezer)", "text": "stems of the lyrics (MSD)"},
    )


def _deezer_mood(data: str) -> Songs:
    from mer_repro.data import registry

    loaded = registry.load("deezer_mood", source=data)
    tags = loaded.tags.assign(words=(loaded.tags.tag.str.replace(r"\W+", "", regex=True) + " ") * loaded.tags["count"])
    texts = tags.groupby("song_id").words.sum()
    songs = loaded.songs[loaded.songs.song_id.isin(texts.index)]
    return Songs(
        quadrants(songs.valence, songs.arousal, 0.0),
        songs.artist.to_numpy(),
        None,
        texts[songs.song_id].tolist(),
        notes={"label": "valence and arousal of the listeners' tags (Deezer)", "text": "counts of emotion tags"},
    )


def _deam(data: str, target: str) -> Songs:
    from mer_repro.data import registry

    loaded = registry.load("deam", source=data, as_published=target == "as_published")
    static = loaded.static.set_index("song_id")
    features = loaded.song_features.set_index("song_id").loc[static.index]
    artists = static.index.astype(str).to_series(index=static.index).radd("song ")
    if loaded.metadata is not None:
        artists.update(loaded.metadata.set_index("song_id").artist.dropna())
    return Songs(
        quadrants(static.valence, static.arousal, 5.0),
        artists.to_numpy(str),
        features.to_numpy(np.float32),
        None,
        notes={"swapped_songs": len(loaded.swapped) if target == "as_published" else 0},
    )


def _merge(data: str, frames: int) -> Songs:
    """The songs of MERGE of which this copy has audio and lyrics."""
    from mer_repro.data import merge, registry

    loaded = registry.load("merge", source=data)
    files, lyrics = {}, {}
    for song in loaded.songs.song_id:
        with contextlib.suppress(DataMissing):
            files[song], lyrics[song] = loaded.audio_path(song), loaded.lyrics(song)
    if not lyrics:
        raise DataMissing(
            f"merge: the copy in {loaded.location.folder} has no song with both audio and lyrics; unpack the whole of"
            " MERGE_Bimodal_Complete.zip there."
        )
    songs = loaded.songs[loaded.songs.song_id.isin(list(lyrics))]
    artists = songs.song_id.astype(str).radd("song ").set_axis(songs.song_id)
    if loaded.metadata is not None:
        artists.update(loaded.metadata.set_index("song_id").artist.dropna())
    named = [song.quadrant or merge.quadrant_of(song.valence, song.arousal) for song in songs.itertuples()]
    return Songs(
        np.array([MERGE_MOODS[quadrant] for quadrant in named]),
        artists.to_numpy(str),
        _spectrograms([files[song] for song in songs.song_id], frames),
        [lyrics[song] for song in songs.song_id],
        notes={"label": "quadrants of the listeners' tags (MERGE)"},
    )


def _emotify(data: str, frames: int) -> Songs:
    from mer_repro.data import registry

    loaded = registry.load("emotify", source=data)
    labels = loaded.labels
    return Songs(
        labels[list(EMOTIFY_MOODS)].to_numpy().argmax(axis=1),
        labels.song_id.to_numpy(str),
        _spectrograms([loaded.audio_path(song) for song in labels.song_id], frames),
        None,
        notes={"label": "the highest of joyful activation, sadness, tension, calmness"},
    )


def _panda(data: str, frames: int) -> Songs:
    """4QAED's clips of which this copy has the sound."""
    from mer_repro.data import checks, registry

    loaded = registry.load("panda_4qaed", source=data)
    files = {}
    for song in loaded.songs.song_id:
        with contextlib.suppress(DataMissing):
            files[song] = loaded.audio_path(song)
    songs = loaded.songs[loaded.songs.song_id.isin(list(files))]
    artists = [checks.song_key(a, "").partition(" |")[0] or s for s, a in zip(songs.song_id, songs.artist, strict=True)]
    features = loaded.features
    return Songs(
        np.array([MERGE_MOODS[quadrant] for quadrant in songs.quadrant]),
        np.array(artists),
        _spectrograms(list(files.values()), frames),
        None,
        features=None if features is None else features.set_index("song_id").loc[songs.song_id].to_numpy(np.float64),
        clips=list(files.values()),
        notes={"label": "quadrants of mood tags, confirmed by listeners (4QAED)"},
    )


def _merge_heard(data: str, frames: int) -> Songs:
    """MERGE's songs whose clip 4QAED has; both sets give each of them the same quadrant."""
    from mer_repro.data import registry

    loaded, heard = registry.load("merge", source=data), _panda(data, frames)
    ids = [path.stem for path in heard.clips]
    rows = np.flatnonzero(np.isin(ids, loaded.songs.song_id))
    place = {ids[row]: k for k, row in enumerate(rows)}
    parts = [
        np.array(sorted(place[song] for song in loaded.part("70_15_15", part) if song in place), dtype=int)
        for part in ("train", "validation", "test")
    ]
    return Songs(
        heard.mood[rows],
        heard.artist[rows],
        heard.audio[rows],
        None,
        features=None if heard.features is None else heard.features[rows],
        clips=[heard.clips[row] for row in rows],
        official=Split(*parts),
        notes={"label": "quadrants of mood tags, the same in MERGE and 4QAED"},
    )


def _spectrograms(files: list[Path], frames: int) -> np.ndarray:
    """The middle `frames` of each file's log-mel spectrogram, (n, bands, frames)."""
    from mer_repro.features.log_mel import GUJAR2026, fit_frames, log_mel_files, set_reference

    spectra = log_mel_files(files, GUJAR2026, workers=1)
    clips = [fit_frames(set_reference(spectrum, 0.0), frames, crop="center") for spectrum in spectra]
    return np.stack(clips).astype(np.float32)


def _planted(condition: str) -> Songs:
    from mer_repro.papers.gujar2026 import planted

    made = planted.generate(condition, PLANTED_SONGS)
    return Songs(
        made.mood,
        np.arange(len(made.mood)).astype(str),
        made.audio,
        made.texts,
        made.audio_informs,
        notes={"best_accuracy": made.best_accuracy},
    )
