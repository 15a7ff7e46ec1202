"""Table 4 measured: how long the network takes for batches of songs, and what no implementation could go below.

Three stages, each including the one before:

``network``   from spectrograms, TF-IDF, word numbers and sentence vectors to moods;
``encoder``   the sentence vectors, too, by a network of the shape of bert-base-uncased (random weights: its cost
              does not depend on them) from 128 tokens a song;
``files``     everything from an audio file (30 s, of which the whole is decoded) and a string of lyrics.

A repeat does all the work once, part by part, and the stages are sums of its parts. The floor is the larger of
operations over the measured peak of a matrix product and of bytes of weights over the measured speed of memory, on the
same threads and in the same run.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

STAGES = ("network", "encoder", "files")
VOCABULARY, LEMMAS, TOKENS, FRAMES = 3000, 64, 128, 128
PEAK_SIZE = 1024
MEMORY_BYTES = 1 << 28


#: Seconds after which a slow batch is not repeated.
ENOUGH = 60.0


@dataclass(frozen=True)
class Timing:
    """Seconds a batch: the median and the least of the repeats; the floor; operations and bytes of weights behind it;
    memory in bytes: the weights and the most that the work took beyond them, nan where the system does not say.

    On a CPU, seconds are those that the process computed, on the one thread that a sweep gives it: waiting for a
    neighbour on a shared machine does not count, though sharing its caches and memory does.
    """

    median: float
    least: float
    floor: float
    operations: float
    weight_bytes: float
    memory: float


def measure(batch: int, repeats: int, device: str, clip: Path, lyrics: str) -> dict[str, Timing]:
    """Time every stage at one batch size: stage -> `Timing`.

    Parameters
    ----------
    repeats : at most; none begins when `ENOUGH` seconds have been measured.
    clip, lyrics : what the stage "files" reads for every song of the batch.
    """
    import torch

    torch.manual_seed(0)
    with torch.inference_mode():
        parts = _parts(device, clip, lyrics)
        operations = batch * np.cumsum([_operations(part, given) for part, given in _walk(parts, 1)])
        if device != "cpu":
            _repeat(parts, batch, device)  # its kernels are chosen by the shape, at first sight
        measured = [_repeat(parts, batch, device)]
        while len(measured) < repeats and np.sum(measured, axis=0)[:, 0].sum() < ENOUGH:
            measured.append(_repeat(parts, batch, device))
        rate, speed = _peaks(device)
    seconds = np.cumsum(np.array(measured)[:, :, 0], axis=1)  # (repeats, stages)
    memory = np.maximum.accumulate(np.array(measured)[:, :, 1].max(axis=0))
    weights = np.cumsum([sum(w.nbytes for w in part.module.parameters()) if part.module else 0 for part in parts])
    floors = np.maximum(operations / rate, weights / speed)
    return {
        stage: Timing(
            float(np.median(seconds[:, k])),
            float(seconds[:, k].min()),
            float(floors[k]),
            float(operations[k]),
            float(weights[k]),
            float(weights[k] + memory[k]),
        )
        for k, stage in enumerate(STAGES)
    }


@dataclass(frozen=True)
class _Part:
    """What a stage adds to the one before: `inputs` makes what `work` reads of a batch, `module` has the weights."""

    inputs: Callable[[int], tuple]
    work: Callable
    module: torch.nn.Module | None = None


def _parts(device: str, clip: Path, lyrics: str) -> tuple[_Part, ...]:
    """The parts in the order of `STAGES`."""
    import torch

    from mer_repro.papers.gujar2026 import model

    text = model.TextBranch(VOCABULARY, torch.randn(VOCABULARY + 1, 300))
    network = model.MoodNetwork(model.AudioCRNN(), text).eval().to(device)
    encoder = model.ClsEncoder(model.bert_base()).eval().to(device)

    def songs(batch: int) -> tuple[torch.Tensor, ...]:
        return (
            torch.randn(batch, model.BANDS, FRAMES, device=device),
            torch.rand(batch, VOCABULARY, device=device),
            torch.randint(1, VOCABULARY, (batch, LEMMAS), device=device),
            torch.randn(batch, 768, device=device),
        )

    def tokens(batch: int) -> tuple[torch.Tensor]:
        return (torch.randint(1000, 20_000, (batch, TOKENS), device=device),)

    read = _reader(clip, lyrics, device)
    return _Part(songs, network, network), _Part(tokens, encoder, encoder), _Part(lambda batch: (batch,), read)


def _walk(parts: tuple[_Part, ...], batch: int) -> Iterator[tuple[_Part, tuple]]:
    return ((part, part.inputs(batch)) for part in parts)


def _repeat(parts: tuple[_Part, ...], batch: int, device: str) -> list[tuple[float, float]]:
    """Seconds, and bytes taken beyond what was held, of each part."""
    measured = []
    for part, given in _walk(parts, batch):
        held = _forget_peak(device)
        measured.append((_timed(lambda part=part, given=given: part.work(*given), device), _peak(device) - held))
    return measured


def _reader(clip: Path, lyrics: str, device: str) -> Callable:
    """A function from file and lyrics to spectrograms, TF-IDF and word numbers, for each song of a batch anew."""
    import torch

    from mer_repro.features import words
    from mer_repro.features.audio import read_audio
    from mer_repro.features.log_mel import GUJAR2026, fit_frames, log_mel, set_reference

    vocabulary = [f"word{number}" for number in range(VOCABULARY)]
    known = set(words.lemmas(lyrics))
    vocabulary[: len(known)] = sorted(known)
    number_of = {word: number for number, word in enumerate(vocabulary)}

    def one() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        signal, _ = read_audio(clip, GUJAR2026.sample_rate)
        spectrum = fit_frames(set_reference(log_mel(signal, GUJAR2026), 0.0), FRAMES, crop="center")
        numbers = [number_of[word] for word in words.lemmas(lyrics)]
        row = np.bincount(numbers, minlength=VOCABULARY).astype(np.float32) / max(1, len(numbers))
        return spectrum, row, np.resize(1 + np.array(numbers or [0]), LEMMAS)

    def read(batch: int) -> tuple[torch.Tensor, ...]:
        songs = [one() for _ in range(batch)]
        return tuple(torch.from_numpy(np.stack(part)).to(device) for part in zip(*songs, strict=True))

    return read


def _operations(part: _Part, given: tuple) -> float:
    """Floating-point operations of matrix products and convolutions, as PyTorch counts them."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        part.work(*given)
    return float(counter.get_total_flops())


def _timed(work: Callable, device: str) -> float:
    import torch

    clock = time.process_time if device == "cpu" else time.perf_counter
    start = clock()
    work()
    if device != "cpu":
        torch.cuda.synchronize(device)
    return clock() - start


def _peaks(device: str) -> tuple[float, float]:
    """Operations a second of a large matrix product, and bytes a second of a read of memory: the best of five."""
    import torch

    square = torch.randn(PEAK_SIZE, PEAK_SIZE, device=device)
    block = torch.ones(MEMORY_BYTES // 4, device=device)
    product = min(_timed(lambda: square @ square, device) for _ in range(5))
    read = min(_timed(lambda: block.sum(), device) for _ in range(5))
    return 2 * PEAK_SIZE**3 / product, MEMORY_BYTES / read


def _forget_peak(device: str) -> float:
    """Let the peak of memory start anew; what is held now, in bytes."""
    import torch

    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)
        return float(torch.cuda.memory_allocated(device))
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _of_process("VmRSS")


def _peak(device: str) -> float:
    """The most memory held since `_forget_peak`, in bytes."""
    import torch

    return _of_process("VmHWM") if device == "cpu" else float(torch.cuda.max_memory_allocated(device))


def _of_process(name: str) -> float:
    """A line of Linux's account of this process, in bytes; nan on other systems."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith(name))
    return float("nan")
