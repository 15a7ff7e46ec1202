"""openSMILE's ComParE 2016 low-level descriptors, summed up as DEAM and PMEmo do: the features of qiu2025.

Conventions
-----------
Every 10 ms openSMILE gives 65 low-level descriptors (frames of 20 and 60 ms) and their deltas. Row ``i`` of a clip
holds mean and standard deviation (dividing by n) of these 130 over the frames that begin within
``[0.5 i, 0.5 i + 1)`` seconds: 260 numbers every half second. The frames of a clip cover T seconds, its length less
50 ms, and make ``floor(T / 0.5)`` rows; the end of the clip may cut the window of the last to half its length.

Windows follow the clock, not the count of frames: at 22.05 kHz openSMILE's step is 221 samples, 10.02 ms, and counted
windows would lag by a quarter of a second after two minutes. At 44.1 kHz both are the same.

Sources
-------
- PMEmo (Zhang et al. 2018, doi 10.1145/3206025.3206037): ``features.py`` of its repository, windows and rows as above;
  130 columns ``_mean``, then 130 ``_std``.
- DEAM (Aljanaki et al. 2017, doi 10.1371/journal.pone.0173392): ``features/ID.csv``, openSMILE's own functionals
  over windows of 1 s every 0.5 s, ``_stddev`` and ``_amean`` of each descriptor side by side. At 44.1 kHz these are
  the rows here to the last bit, but for the cut ones at the end, which openSMILE leaves out.
- Both used the set's 2013 edition. ComParE 2016 has the same descriptors with numerical repairs (jitter above all),
  and calls the 14 mel-frequency cepstral coefficients ``mfcc_sma[k]``; here they keep DEAM's and PMEmo's name.

openSMILE is an optional extra: its licence allows research and education, not commerce.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.errors import DataError, PackageMissing, ParameterError, require_choice
from mer_repro.features.audio import read_audio
from mer_repro.features.cache import Cache, entry_key, file_digest
from mer_repro.features.files import compute_files
from mer_repro.runs.fingerprint import source_fingerprint

if TYPE_CHECKING:
    import pandas as pd

WINDOW_SECONDS = 1.0
HOP_SECONDS = 0.5
#: Half a second of frames and the 60 ms of the last one, rounded up.
SHORTEST_SECONDS = 0.6
CONFIG = Path(__file__).with_suffix(".conf")
#: Largest float that stays in range as a 16-bit sample; openSMILE's binding lets anything above wrap around.
FULL_SCALE = 32767 / 32768
#: Suffixes of the columns; DEAM puts deviation and mean of a descriptor side by side, PMEmo all means first.
NAMINGS = {"deam": ("_stddev", "_amean"), "pmemo": ("_mean", "_std")}


def frame_features(
    paths: Sequence[Path | str],
    *,
    song_ids: Sequence[str | int] | None = None,
    naming: str = "deam",
    workers: int | None = None,
    cache: Cache | None = None,
) -> pd.DataFrame:
    """The 260 openSMILE columns of many clips, from the cache where they are.

    Parameters
    ----------
    paths : audio files; decoded to mono, analysed at their own sampling rate (DEAM's and PMEmo's is 44.1 kHz).
    song_ids : one a path; None takes the names of the files without their suffix.
    naming : "deam" or "pmemo": order and suffixes of the columns.
    workers : processes; None for one a core.
    cache : None for the user's.

    Returns
    -------
    Long table: ``song_id``, ``time`` (start of the window in s: 0, 0.5, ...; DEAM's and PMEmo's ``frameTime``), and
    260 float32 columns, sorted as `paths` and by time.

    Raises
    ------
    PackageMissing
        If openSMILE is not installed.
    ParameterError
        If `naming` is unknown, or `song_ids` do not match `paths` one to one.
    DataError
        After all files have been tried, for the first that is not audio or is shorter than 0.6 s.
    """
    import pandas as pd

    columns = column_names(naming)
    song_ids = [Path(path).stem for path in paths] if song_ids is None else list(song_ids)
    if len(song_ids) != len(paths) or len(set(song_ids)) != len(song_ids):
        raise ParameterError(
            f"{len(paths)} files and {len(set(song_ids))} distinct song ids; expected one distinct id a file."
            " Pass `song_ids`."
        )
    parameters = {"opensmile": _opensmile().__version__, "configuration": file_digest(CONFIG)}
    source = source_fingerprint((f"{__name__}:clip_features",))
    keys = [
        entry_key("opensmile_lld", content=file_digest(path), parameters=parameters, source=source) for path in paths
    ]
    clips = compute_files(
        paths, keys, clip_features, cache=cache or Cache(), workers=workers, label="openSMILE"
    )  # each (rows, 2, 130): mean, deviation
    rows = [len(clip) for clip in clips]
    values = np.concatenate(clips) if clips else np.empty((0, 2, len(columns) // 2), dtype=np.float32)
    if naming == "deam":
        values = values[:, ::-1].transpose(0, 2, 1)  # (rows, 130, 2): deviation and mean side by side
    table = pd.DataFrame(values.reshape(len(values), len(columns)), columns=columns)
    table.insert(0, "song_id", np.repeat(np.asarray(song_ids), rows))
    table.insert(1, "time", np.concatenate([np.arange(n) * HOP_SECONDS for n in rows]) if rows else [])
    return table


def column_names(naming: str = "deam") -> list[str]:
    """The 260 columns in the order and with the names of DEAM's or PMEmo's feature tables.

    Raises
    ------
    PackageMissing, ParameterError
        As `frame_features`.
    """
    first, second = NAMINGS[require_choice("naming", naming, NAMINGS)]
    names = [name.replace("mfcc_sma", "pcm_fftMag_mfcc_sma") for name in _extractor().feature_names]
    if naming == "deam":
        return [name + suffix for name in names for suffix in (first, second)]
    return [name + suffix for suffix in (first, second) for name in names]


def clip_features(path: Path | str) -> np.ndarray:
    """Mean and deviation of the 130 descriptors of one file, every half second.

    Returns
    -------
    (rows, 2, 130) float32: mean, deviation.

    Raises
    ------
    DataError
        If the file is not audio or is shorter than 0.6 s.
    """
    signal, sample_rate = read_audio(path)
    seconds = len(signal) / sample_rate
    if seconds < SHORTEST_SECONDS:
        raise DataError(path, found=f"{seconds:.2f} s of audio", expected=f"at least {SHORTEST_SECONDS} s")
    frames = _extractor().process_signal(np.clip(signal, -1, FULL_SCALE), sample_rate)  # (frames, 130)
    first, second = frames.index.get_level_values("start")[:2].total_seconds()
    return summarise(frames.to_numpy(np.float64), second - first).astype(np.float32)


def summarise(frames: np.ndarray, step: float) -> np.ndarray:
    """Mean and standard deviation (dividing by n) over windows of 1 s every 0.5 s.

    Parameters
    ----------
    frames : (frames, descriptors); frame k begins at ``k * step``.
    step : in s.

    Returns
    -------
    (floor(frames * step / 0.5), 2, descriptors): mean, deviation.
    """
    tolerance = 1e-6  # a frame that begins a rounding error before a window belongs to it
    rows = int(len(frames) * step / HOP_SECONDS + tolerance)
    begins = np.ceil(np.arange(rows) * HOP_SECONDS / step - tolerance).astype(int)
    ends = np.ceil((np.arange(rows) * HOP_SECONDS + WINDOW_SECONDS) / step - tolerance).astype(int)
    windows = [frames[begin:end] for begin, end in zip(begins, ends, strict=True)]
    return np.stack([np.stack([window.mean(axis=0), window.std(axis=0)]) for window in windows])


@functools.cache
def _extractor():
    opensmile = _opensmile()
    shipped = Path(opensmile.__file__).parent / "core" / "config"
    return opensmile.Smile(
        feature_set=str(CONFIG),
        feature_level="frames",
        options={
            "descriptors": str(shipped / "compare" / "ComParE_2016_core.lld.conf.inc"),
            "bufferModeConf": str(shipped / "shared" / "BufferMode.conf.inc"),
            "bufferModeRbLagConf": str(shipped / "shared" / "BufferModeRbLag.conf.inc"),
        },
    )


def _opensmile():
    try:
        import opensmile
    except ImportError as error:
        raise PackageMissing(
            "openSMILE is not installed. Its licence allows research and education, not commerce; if that suits you:"
            " pip install 'mer_repro[opensmile]' (or pip install opensmile)."
        ) from error
    return opensmile
