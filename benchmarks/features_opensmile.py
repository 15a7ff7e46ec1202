"""openSMILE features of audio files: the package's own two feature levels in a loop against `frame_features`.

The loop is what the opensmile package offers: descriptors in one pass, deltas in another, then means and deviations
over windows. `frame_features` takes both from one pass, in processes, and stores them in a cache that starts empty.
Both decode. Printed are seconds of audio a second; rounds alternate.

    MER_REPRO_DATA=... python benchmarks/features_opensmile.py

The clips are pieces of VGMIDI, or generated ones where MER_REPRO_DATA does not hold them.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from mer_repro.features.cache import Cache
from mer_repro.features.opensmile_lld import FULL_SCALE, HOP_SECONDS, WINDOW_SECONDS, frame_features
from mer_repro.paths import data_home


def clips(folder: Path, count: int) -> tuple[str, list[Path]]:
    home = data_home()
    paths = sorted((home / "vgmidi" / "audio").glob("*.ogg")) if home else []
    if paths:
        return "VGMIDI pieces", paths[:: max(1, len(paths) // count)][:count]
    time_s = np.arange(60 * 22_050) / 22_050
    for number in range(count):
        vibrato = np.sin(2 * np.pi * 5 * time_s)
        tone = 0.3 * np.sin(2 * np.pi * (110 + 20 * number) * time_s + vibrato) * (np.sin(time_s) > -0.5)
        soundfile.write(folder / f"{number}.ogg", tone.astype(np.float32), 22_050)
    return "generated clips", sorted(folder.glob("*.ogg"))


def two_passes(paths: list[Path], levels: list) -> list[np.ndarray]:
    rows = []
    for path in paths:
        signal, rate = soundfile.read(path, dtype="float32")
        frames = [level.process_signal(np.clip(signal, -1, FULL_SCALE), rate) for level in levels]
        starts = frames[0].index.get_level_values("start").total_seconds().to_numpy()
        values = np.concatenate([part.to_numpy()[: len(starts)] for part in frames], axis=1)
        for begin in np.arange(0, starts[-1] - HOP_SECONDS, HOP_SECONDS):
            window = values[(starts >= begin) & (starts < begin + WINDOW_SECONDS)]
            rows.append(np.concatenate([window.mean(axis=0), window.std(axis=0)]))
    return rows


def ours(paths: list[Path], workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        frame_features(paths, workers=workers, cache=Cache(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="figures as JSON; what else is said goes to stderr")
    arguments = parser.parse_args()
    say = functools.partial(print, file=sys.stderr if arguments.json else sys.stdout)
    try:
        import opensmile
    except ImportError:
        parser.error("openSMILE is missing: pip install 'mer_repro[opensmile]'")
    kinds = (opensmile.FeatureLevel.LowLevelDescriptors, opensmile.FeatureLevel.LowLevelDescriptors_Deltas)
    levels = [opensmile.Smile(opensmile.FeatureSet.ComParE_2016, kind) for kind in kinds]
    with tempfile.TemporaryDirectory() as folder:
        kind, paths = clips(Path(folder), arguments.clips)
        audio_s = sum(soundfile.info(path).duration for path in paths)
        ratios = []
        for _ in range(arguments.rounds):
            start = time.perf_counter()
            two_passes(paths, levels)
            middle = time.perf_counter()
            ours(paths, arguments.workers)
            loop_s, ours_s = middle - start, time.perf_counter() - middle
            ratios.append(loop_s / ours_s)
            say(
                f"two passes {audio_s / loop_s:5.0f} s of audio/s   ours {audio_s / ours_s:5.0f} s of audio/s"
                f"   ratio {ratios[-1]:.2f}"
            )
    say(f"{len(paths)} {kind}, {arguments.workers} workers: median ratio {statistics.median(ratios):.2f}")
    if arguments.json:
        print(json.dumps({"clips": len(paths), "kind": kind, "ratios": ratios, "ratio": statistics.median(ratios)}))


if __name__ == "__main__":
    main()
