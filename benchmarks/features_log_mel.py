"""Log-mel spectrograms of audio files: a plain librosa loop against `log_mel_files`, clips a second.

Both decode, transform and convert to decibels. The loop keeps its results in memory; `log_mel_files` also writes each
of them to a cache that starts empty. Rounds alternate, so that whatever else the machine does hits both; the ratio of
each round and the median of them are printed.

    MER_REPRO_DATA=... python benchmarks/features_log_mel.py

The clips are the 900 of 4QAED (Opus or mp3) or, with ``--set emotify``, the 400 of Emotify (Vorbis); 40 generated ones
where MER_REPRO_DATA does not hold the set.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import librosa
import numpy as np
import soundfile

from mer_repro.data import registry
from mer_repro.features.cache import Cache
from mer_repro.features.log_mel import BATH2025, log_mel_files, set_reference


def librosa_loop(paths: list[Path]) -> list[np.ndarray]:
    results = []
    for path in paths:
        signal, _ = librosa.load(path, sr=BATH2025.sample_rate)
        power = librosa.feature.melspectrogram(
            y=signal,
            sr=BATH2025.sample_rate,
            n_fft=BATH2025.n_fft,
            hop_length=BATH2025.hop_length,
            n_mels=BATH2025.n_mels,
        )
        results.append(librosa.power_to_db(power, ref=np.max))
    return results


def ours(paths: list[Path], workers: int, device: str | None) -> list[np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        clips = log_mel_files(paths, workers=workers, device=device, cache=Cache(folder))
        return [set_reference(clip) for clip in clips]


def clips(name: str, folder: Path) -> tuple[str, list[Path]]:
    """The clips of a set, or generated ones of the same length, written to `folder`."""
    if registry.available(name):
        dataset = registry.load(name, "real")
        songs = dataset.songs if name == "panda_4qaed" else dataset.labels
        return f"{name} clips", [dataset.audio_path(song_id) for song_id in songs.song_id]
    generator = np.random.default_rng(0)
    for number in range(40):
        samples = np.arange(30 * BATH2025.sample_rate)
        tone = 0.3 * np.sin(samples / generator.integers(5, 60))
        noise = 0.05 * generator.standard_normal(len(samples))
        soundfile.write(folder / f"{number}.ogg", (tone + noise).astype(np.float32), BATH2025.sample_rate)
    return "generated clips", sorted(folder.glob("*.ogg"))


def seconds(function, *arguments) -> tuple[float, list[np.ndarray]]:
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--set", default="panda_4qaed", choices=("panda_4qaed", "emotify"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", help="compute batches there (cuda, cpu) instead of in processes")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kind, paths = clips(arguments.set, Path(folder))
        librosa_loop(paths[:2])  # imports and compiles what librosa imports and compiles at its first call
        ratios = []
        for _ in range(arguments.rounds):
            loop_s, expected = seconds(librosa_loop, paths)
            ours_s, found = seconds(ours, paths, arguments.workers, arguments.device)
            worst = max(float(abs(a - b).max()) for a, b in zip(expected, found, strict=True))
            ratios.append(loop_s / ours_s)
            print(
                f"librosa loop {len(paths) / loop_s:6.1f} clips/s   ours {len(paths) / ours_s:6.1f} clips/s"
                f"   ratio {ratios[-1]:.2f}   largest difference {worst:.1e} dB"
            )
    print(f"{len(paths)} {kind}, {arguments.workers} workers: median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
