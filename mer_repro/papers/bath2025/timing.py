"""Table 3.1 of bath2025 again: how long audio features and a CNN's training take, decoding and start-up apart.

Variants
--------
``librosa``   ``librosa.feature.melspectrogram`` and ``power_to_db``, clip by clip
``numpy``     `mer_repro.features.log_mel.log_mel`, clip by clip
``torch``     `mer_repro.features.log_mel.log_mel_batch`, on the run's device
``cnn``       ten epochs of Model 1 on simulated clips

*Cold* is a fresh Python process that imports the library and transforms one clip; *warm* is the median of later clips.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np

from mer_repro.records import Outcome, Run

RATE, SECONDS = 22_050, 30
EPOCHS = 10
COLD = {
    "librosa": "import librosa; librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=22050, n_fft=2048,"
    " hop_length=512, n_mels=128), top_db=None)",
    "numpy": "from mer_repro.features.log_mel import log_mel; log_mel(y)",
    "torch": "import torch; from mer_repro.features.log_mel import log_mel_batch; log_mel_batch(torch.tensor(y)[None])",
}


def execute(run: Run, device: str) -> Outcome:
    """Seconds a clip of 30 s: ``decode``, ``cold``, ``warm``; for ``cnn`` the seconds of ten epochs."""
    if run.variant == "cnn":
        return Outcome(metrics={"ten_epochs": _train(run, device)}, counts={"n_clips": run.parameters["clips"]})
    signals, decode = _decoded(run)
    transform = _transform(run.variant, device)
    transform(signals[0])
    warm = [_seconds(lambda signal=signal: transform(signal)) for signal in signals]
    program = f"import numpy as np; y = np.random.default_rng(0).standard_normal({RATE * SECONDS}) * 0.1\n"
    program += "y = y.astype('float32')\n" + COLD[run.variant]
    cold = _seconds(lambda: subprocess.run([sys.executable, "-c", program], check=True, capture_output=True))
    return Outcome(
        metrics={"decode": decode, "cold": cold, "warm": float(np.median(warm))}, counts={"n_clips": len(signals)}
    )


def _decoded(run: Run) -> tuple[list[np.ndarray], float]:
    """Clips of 30 s, repeated where the file is shorter, and the median seconds to decode one."""
    from mer_repro.data import registry
    from mer_repro.features.audio import read_audio

    loaded = registry.load(run.dataset, source=run.data)
    signals, seconds = [], []
    for song in loaded.labels["song_id"].iloc[: run.parameters["clips"]]:
        start = time.perf_counter()
        signal, _ = read_audio(loaded.audio_path(song), RATE)
        seconds.append(time.perf_counter() - start)
        signals.append(np.resize(signal, RATE * SECONDS).astype(np.float32))
    return signals, float(np.median(seconds))


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


def _seconds(action) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _train(run: Run, device: str) -> float:
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
