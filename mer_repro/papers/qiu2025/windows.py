"""What is heard before a label: windows of half-second frames, for every data set.

===========  =======================================================================================================
``vgmidi``   260 openSMILE descriptors of its audio; a label is a measure's
``deam``     the 260 published descriptors a frame where the copy has ``features/<song>.csv``; else the song means of
             130, which name a song and describe no moment of it
``pmemo``    the 260 published descriptors a frame where the copy has ``features/dynamic_features.csv``; else none:
             models get the time and past labels, on the rungs that have them
===========  =======================================================================================================

VGMIDI's twin has no audio and gets generated descriptors. Missing values are filled forward as the paper has it
(section "Implementation and Experiments"), never from one song into the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mer_repro.splits import Split

#: Frames a window (main.m of the released code) and their distance in seconds.
STEPS, HOP = 26, 0.5
#: Labels before a window's own that the last rung gives away.
PAST_LABELS = 5
TARGETS = ("arousal", "valence")


@dataclass(frozen=True)
class Windows:
    """Every `stride`-th label of a data set with what is heard up to the end of what it is about.

    labels : song_id, time (s), arousal, valence; songs contiguous, times ascending.
    past : by target (labels, PAST_LABELS); the labels before each one, the latest first, at full resolution.
    frames : (frames, descriptors) float32, all songs one after another.
    times : (frames,) float32, s.
    index : (labels, STEPS) int; rows of `frames` in each window, the song's first frame repeated before its start.
    per_song : whether a song's frames are all alike.
    filled : how many missing values were filled.
    hears : what the descriptors are, for readers.
    """

    labels: pd.DataFrame
    past: dict[str, np.ndarray]
    frames: np.ndarray
    times: np.ndarray
    index: np.ndarray
    per_song: bool
    filled: int
    hears: str


@lru_cache(maxsize=1)
def load_windows(dataset: str, data: str, stride: int) -> Windows:
    """Labels and windows of a data set; songs without descriptors are left out where others have some.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    PackageMissing
        If openSMILE is not installed and VGMIDI's descriptors are not in the cache.
    """
    import numpy as np

    from mer_repro.data import registry
    from mer_repro.papers.qiu2025.lags import past_labels

    loaded = registry.load(dataset, source=data)
    labels = loaded.dynamic[["song_id", "time", *TARGETS]]
    labels = labels.sort_values(["song_id", "time"], kind="stable", ignore_index=True)
    table, per_song, hears = _descriptors(dataset, loaded, labels)
    labels = labels[labels["song_id"].isin(set(table["song_id"]))].reset_index(drop=True)
    table, filled = forward_filled(table)
    songs, times = table["song_id"].to_numpy(), table["time"].to_numpy(dtype=np.float32)
    starts = {song: start for start, song in zip(*_starts(songs), strict=True)}
    sizes = table.groupby("song_id", sort=False).size().to_dict()
    index = np.concatenate(
        [
            starts[song] + window_rows(rows["time"].to_numpy(), times[starts[song] : starts[song] + sizes[song]])
            for song, rows in labels.groupby("song_id", sort=False)
        ]
    )
    labelled = labels["song_id"].to_numpy()
    past = {target: past_labels(labelled, labels[target].to_numpy(), PAST_LABELS) for target in TARGETS}
    chosen = np.flatnonzero(labels.groupby("song_id", sort=False).cumcount() % stride == 0)
    return Windows(
        labels=labels.iloc[chosen].reset_index(drop=True),
        past={target: values[chosen] for target, values in past.items()},
        frames=table.drop(columns=["song_id", "time"]).to_numpy(dtype=np.float32),
        times=times,
        index=index[chosen],
        per_song=per_song,
        filled=filled,
        hears=hears,
    )


def _starts(songs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First row of each song, and the song."""
    import numpy as np

    first = np.flatnonzero(np.append(True, songs[1:] != songs[:-1]))
    return first, songs[first]


def window_rows(onsets: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Rows of the STEPS frames of one song up to the end of what each label is about; shape (labels, STEPS).

    A label is about the stretch from its onset to the next one; the last stretch is as long as the first. Its window
    ends with the last frame that begins within the stretch or before it.

    Parameters
    ----------
    onsets : of the song's labels, in s, ascending.
    times : when the song's frames begin, in s, ascending.
    """
    import numpy as np

    lasting = onsets[1] - onsets[0] if len(onsets) > 1 else np.inf
    ends = np.append(onsets[1:], onsets[-1] + lasting)
    # A frame that begins a rounding error before the end belongs to the next stretch.
    last = np.maximum(np.searchsorted(times, ends - 1e-6, side="left") - 1, 0)
    return np.maximum(last[:, None] - np.arange(STEPS - 1, -1, -1), 0)


def forward_filled(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Missing values replaced by the song's last value before them, and how many there were.

    What a song lacks from its start has nothing before it: it gets the descriptor's median over all songs.
    """
    missing = int(table.isna().to_numpy().sum())
    if not missing:
        return table, 0
    columns = table.columns.drop(["song_id", "time"])
    filled = table.copy()
    filled[columns] = table.groupby("song_id", sort=False)[list(columns)].ffill()
    return filled.fillna(table[columns].median()), missing


def assert_frames_apart(windows: Windows, split: Split) -> None:
    """Raise `AssertionError` if a training or validation window holds a frame that a test window holds, too."""
    import numpy as np

    tested = np.unique(windows.index[split.test])
    for name in ("train", "validation"):
        shared = np.intersect1d(np.unique(windows.index[getattr(split, name)]), tested)
        if len(shared):
            raise AssertionError(f"{len(shared)} frames are in {name} windows and in test windows.")


def _descriptors(dataset: str, loaded, labels: pd.DataFrame) -> tuple[pd.DataFrame, bool, str]:
    """song_id, time and descriptors of every half second; whether a song's are all alike; what they are."""
    import pandas as pd

    songs = labels["song_id"].unique()
    if dataset == "vgmidi":
        return _of_vgmidi(loaded, labels, songs)
    if dataset == "deam":
        published = [song for song in songs if loaded.location.has(f"features/{song}.csv")]
        if published:
            tables = [loaded.frame_features(song).copy().assign(song_id=song) for song in published]
            return pd.concat(tables, ignore_index=True), False, "260 published openSMILE descriptors a frame"
        means = loaded.song_features.set_index("song_id")
        return _clock(labels).join(means, on="song_id"), True, f"{means.shape[1]} openSMILE song means, alike all song"
    from mer_repro.data import pmemo

    if loaded.location.has(pmemo.FRAME_FEATURES):
        table = loaded.frame_features()
        table = table[table["song_id"].isin(songs)].sort_values(["song_id", "time"], ignore_index=True)
        return table, False, "260 published openSMILE descriptors a frame"
    return _clock(labels), True, "nothing"


def _of_vgmidi(loaded, labels: pd.DataFrame, songs: np.ndarray) -> tuple[pd.DataFrame, bool, str]:
    if loaded.location.kind == "twin":
        return _twin_descriptors(labels), False, f"{TWIN_DESCRIPTORS} generated descriptors a frame"
    from mer_repro.features.opensmile_lld import frame_features

    table = frame_features([loaded.audio_path(song) for song in songs], song_ids=songs)
    return table, False, f"{table.shape[1] - 2} openSMILE descriptors a frame"


def _clock(labels: pd.DataFrame) -> pd.DataFrame:
    """song_id and time of every half second from 0 to each song's last label: frames without descriptors."""
    import numpy as np
    import pandas as pd

    frames = (labels.groupby("song_id", sort=False)["time"].max() / HOP).astype(int) + 1
    return pd.DataFrame(
        {
            "song_id": np.repeat(frames.index.to_numpy(), frames),
            "time": np.concatenate([np.arange(count) * HOP for count in frames]),
        }
    )


#: Descriptors that the twin gets: the first few follow the labels loosely, the rest name the song.
TWIN_DESCRIPTORS = 24


def _twin_descriptors(labels: pd.DataFrame) -> pd.DataFrame:
    """Generated descriptors for the twin, which has no audio: noisy labels, and constants that name the song."""
    import numpy as np
    import pandas as pd

    generator = np.random.default_rng(0)
    tables = []
    for song, rows in labels.groupby("song_id", sort=False):
        times = np.arange(0, rows["time"].max() + 2, HOP)
        heard = np.stack([np.interp(times, rows["time"], rows[name]) for name in TARGETS], axis=1)
        loose = heard + generator.normal(0, 0.5, heard.shape)
        names = np.tile(generator.normal(size=TWIN_DESCRIPTORS - 2), (len(times), 1))
        table = pd.DataFrame(np.hstack([loose, names + generator.normal(0, 0.05, names.shape)]))
        tables.append(table.assign(song_id=song, time=times))
    return pd.concat(tables, ignore_index=True)
