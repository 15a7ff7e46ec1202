"""Frozen pretrained audio: what a network that somebody else trained on much music says of a clip.

A rebuilt network that hears sound stands in its tables beside the plainest use of such a model: ridge or logistic
regression on its embedding, and its own answer where it states valence and energy (zero-shot: nothing is trained here).

Models
------
``vibenet`` 0.1.0, GPL-3.0-or-later
    An EfficientNet that was distilled from larger ones on the Free Music Archive to state seven attributes that a
    streaming service publishes, valence and energy among them. The embedding is its pooled last feature map.

Its package holds the weights and is an extra of this one (``pip install 'mer_repro[audio-encoder]'``, without its own
dependencies: ``pip install --no-deps vibenet``, and onnxruntime, which runs the weights). Because of its licence it is
never imported: its file of weights is read when somebody asks, and what it hears is computed here from the published
settings (16 kHz, FFT of 1024, Hann window of 640, hop of 320, 128 mel bands to 8 kHz, decibels with 80 dB of range).
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mer_repro.errors import PackageMissing, ParameterError
from mer_repro.features.audio import read_audio
from mer_repro.features.cache import Cache, entry_key, file_digest
from mer_repro.features.files import compute_files
from mer_repro.runs.fingerprint import source_fingerprint

#: Licence of each model's weights, for whoever shows a table with them.
LICENCES = {"vibenet": "GPL-3.0-or-later"}
#: What vibenet states, in the order of its outputs; those of the second line as a logit of a probability.
ATTRIBUTES = ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence")
PROBABILITIES = ("acousticness", "instrumentalness", "liveness")
#: Sha256 of vibenet 0.1.0's weights, and the name in them of the pooled last feature map.
WEIGHTS = "efa88450153863a1461989a00846526ac9230665b19fbf82f33e46fdeef7d275"
POOLED = "view"
SAMPLE_RATE, FFT, WINDOW, HOP, BANDS = 16_000, 1024, 640, 320, 128


@dataclass(frozen=True)
class AudioEmbeddings:
    """What a pretrained model says of clips.

    Attributes
    ----------
    vectors : (clips, dimension) float32.
    attributes : name -> (clips,) float32, 0 to 1: among them ``valence`` and ``energy``.
    model : name, version of the weights and licence, for the record of a run.
    """

    vectors: np.ndarray
    attributes: dict[str, np.ndarray]
    model: str


def vibenet(paths: Sequence[Path | str], *, cache: Cache | None = None, workers: int | None = None) -> AudioEmbeddings:
    """Embedding and attributes of each clip, from the cache where they are.

    Parameters
    ----------
    paths : audio files, of any length from 40 ms on.
    cache : None for the user's.
    workers : processes; None for one per core.

    Raises
    ------
    PackageMissing
        If vibenet or onnxruntime is not installed.
    ParameterError
        If the installed weights are not those of version 0.1.0.
    DataError
        After all files have been tried: the first one that is not audio.
    """
    weights = _weights()
    source = source_fingerprint((f"{__name__}:hear",))
    keys = [
        entry_key("vibenet", content=file_digest(path), parameters={"weights": WEIGHTS}, source=source)
        for path in paths
    ]
    hear_one = functools.partial(hear, weights=weights)
    found = compute_files(paths, keys, hear_one, cache=cache or Cache(), workers=workers, label="vibenet")
    said = np.stack(found) if found else np.empty((0, len(ATTRIBUTES)), np.float32)
    return AudioEmbeddings(
        said[:, len(ATTRIBUTES) :],
        {name: said[:, column] for column, name in enumerate(ATTRIBUTES)},
        f"vibenet 0.1.0 ({LICENCES['vibenet']}), weights sha256:{WEIGHTS[:12]}",
    )


def hear(path: Path | str, weights: Path) -> np.ndarray:
    """The attributes, 0 to 1, and after them the embedding of one clip; (attributes + dimension,) float32."""
    signal, _ = read_audio(path, SAMPLE_RATE)
    logits, pooled = _session(weights).run(None, {"x": log_mel(signal)[None]})
    probability = np.isin(ATTRIBUTES, PROBABILITIES)
    stated = np.where(probability, 1 / (1 + np.exp(-logits[0])), logits[0].clip(0, 1))
    return np.concatenate([stated, pooled.reshape(-1)]).astype(np.float32)


def log_mel(signal: np.ndarray) -> np.ndarray:
    """What vibenet hears of a signal at 16 kHz: (bands, frames) float32, dB re power 1, 80 dB of range.

    Frame t begins at sample 320 t; librosa centres the window of 640 in its FFT of 1024, hence the zeros in front.
    """
    import librosa

    if len(signal) < WINDOW:
        signal = np.pad(signal, (0, WINDOW - len(signal)))
    power = librosa.feature.melspectrogram(
        y=np.pad(signal, (FFT - WINDOW) // 2), sr=SAMPLE_RATE, n_fft=FFT, win_length=WINDOW, hop_length=HOP,
        n_mels=BANDS, center=False,
    )  # fmt: skip
    return librosa.power_to_db(power, ref=1.0, top_db=80.0).astype(np.float32)


def _weights() -> Path:
    """The file of weights in the installed package, which is not imported."""
    missing = [name for name in ("vibenet", "onnxruntime") if importlib.util.find_spec(name) is None]
    if missing:
        raise PackageMissing(
            f"{' and '.join(missing)} not installed: pip install onnxruntime, and pip install --no-deps vibenet"
            f" (its licence is {LICENCES['vibenet']})."
        )
    spec = importlib.util.find_spec("vibenet")
    assert spec is not None and spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "artifacts" / "efficientnet_model.onnx"
    found = file_digest(path)
    if found != WEIGHTS:
        raise ParameterError(
            f"{path}: found weights of sha256 {found}; expected {WEIGHTS}, those of vibenet 0.1.0: pip install"
            " --no-deps vibenet==0.1.0."
        )
    return path


@functools.lru_cache(maxsize=1)
def _session(weights: Path) -> Any:
    """The network on one thread, with the pooled feature map as a second output."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = with_output(weights.read_bytes(), POOLED)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def with_output(model: bytes, name: str) -> bytes:
    """An ONNX model with one of its inner tensors as a further output.

    Serialised protocol buffers are merged by writing one after the other: what follows the model is
    ``graph {output {name: ...}}``, with the field numbers of onnx.proto (graph 7, output 12, name 1).
    """
    addition = name.encode()
    for field in (1, 12, 7):
        addition = bytes([field << 3 | 2, len(addition)]) + addition
    return model + addition
