"""Table 3.1 of bath2025 again: how long audio features and a CNN's training take, decoding and start-up apart.

Variants
--------
``librosa``   ``librosa.feature.melspectrogram`` and ``power_to_db``, clip by clip
``numpy``     `mer_repro.features.log_mel.log_mel`, clip by clip
``torch``     `mer_repro.features.log_mel.log_mel_batch`, on the run's device
``cnn``       ten epochs of Model 1 on simulated clips

*Cold* is a fresh Python process that imports the library and transforms one clip; *warm* is the median of later clips.

Each time is measured by two clocks: ``..._wall`` is what a waiting person sees and includes whatever else the machine
does; ``..._cpu`` is processor time of the work alone, which a busy machine hardly changes. On a GPU only the first
means anything.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np

from mer_repro.runs.records import Outcome, Run

RATE, SECONDS = 22_050, 30
EPOCHS = 10
CLOCKS = ("wall", "cpu")
COLD = {
    "librosa": "import librosa; librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=22050, n_fft=2048,"
    " hop_length=512, n_mels=128), top_db=None)",
    "numpy": "from mer_repro.features.log_mel import log_mel; log_mel(y)",
    "torch": "import torch; from mer_repro.features.log_mel import log_mel_batch; log_mel_batch(torch.tensor(y)[None])",
}


def execute(run: Run, device: str) -> Outcome:
    """Seconds a clip of 30 s, by both clocks: ``decode``, ``cold``, ``warm``; for ``cnn`` those of ten epochs."""
    if run.variant == "cnn":
        return Outcome(metrics=_named("ten_epochs", _train(run, device)), counts={"n_clips": run.parameters["clips"]})
    signals, decode = _decoded(run)
    transform = _transform(run.variant, device)
    transform(signals[0])
    warm = [_seconds(lambda signal=signal: transform(signal)) for signal in signals]
    program = f"import numpy as np; y = np.random.default_rng(0).standard_normal({RATE * SECONDS}) * 0.1\n"
    program += "y = y.astype('float32')\n" + COLD[run.variant]
    cold = _seconds(lambda: subprocess.run([sys.executable, "-c", program], check=True, capture_output=True))
    return Outcome(
        metrics=_named("decode", decode) | _named("cold", cold) | _named("warm", np.median(warm, axis=0)),
        counts={"n_clips": len(signals)},
    )


def _named(what: str, seconds: tuple[float, float]) -> dict[str, float]:
    return {f"{what}_{clock}": float(value) for clock, value in zip(CLOCKS, seconds, strict=True)}


def _decoded(run: Run) -> tuple[list[np.ndarray], tuple[float, float]]:
    """Clips of 30 s, repeated where the file is shorter, and the median seconds to decode one."""
    from mer_repro.data import registry
    from mer_repro.features.audio import read_audio

    loaded = registry.load(run.dataset, source=run.data)
    signals, seconds = [], []
    for song in loaded.labels["song_id"].iloc[: run.parameters["clips"]]:
        path = loaded.audio_path(song)
        seconds.append(_seconds(lambda path=path: signals.append(read_audio(path, RATE)[0])))
    fitted = [np.resize(signal, RATE * SECONDS).astype(np.float32) for signal in signals]
    return fitted, np.median(seconds, axis=0)


def _transform(variant: str, device: str):
    from mer_repro.features import log_mel

    if variant == "numpy":
        return log_mel.log_mel
    if variant == "torch":
        import torch

        return lambda signal: log_mel.log_mel_batch(torch.from_numpy(signal)[None].to(device)).cpu()
    import librosa

    def by_librosa(signal: np.ndarray) -> np.ndarray:
        power = librosa.feature.melspectrogram(y=signal, sr=RATE, n_fft=2048, hop_length=512, n_mels=128)
        return librosa.power_to_db(power, top_db=None)

    return by_librosa


def _seconds(action) -> tuple[float, float]:
    """How long something takes, by the wall's clock and by the processor's, finished child processes included."""
    start = time.perf_counter(), _processor()
    action()
    return time.perf_counter() - start[0], _processor() - start[1]


def _processor() -> float:
    finished = os.times()
    return time.process_time() + finished.children_user + finished.children_system


def _train(run: Run, device: str) -> tuple[float, float]:
    import torch

    from mer_repro import training
    from mer_repro.papers.bath2025 import model

    training.seed_everything(run.seed)
    clips = run.parameters["clips"]
    examples = training.Examples((torch.rand(clips, 128, run.parameters["frames"]) * -80,), torch.rand(clips, 2))
    network = model.build(1, "audio")
    config = training.TrainingConfig(epochs=EPOCHS, batch_size=16, learning_rate=1e-4)
    return _seconds(
        lambda: training.fit(
            network, examples, None, config, torch.nn.functional.mse_loss, seed=run.seed, device=device
        )
    )
