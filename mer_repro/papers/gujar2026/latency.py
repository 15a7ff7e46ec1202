"""Table 4 measured: how long the network takes for batches of songs, and what no implementation could go below.

Three stages, each including the one before:

``network``   from spectrograms, TF-IDF, word numbers and sentence vectors to moods;
``encoder``   the sentence vectors, too, by a network of the shape of bert-base-uncased (random weights: its cost
              does not depend on them) from 128 tokens a song;
``files``     everything from an audio file (30 s, of which the whole is decoded) and a string of lyrics.

The floor is the larger of operations over the measured peak of a matrix product and of bytes of weights over the
measured speed of memory, on the same threads and at the same time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

STAGES = ("network", "encoder", "files")
BATCHES = (1, 16, 64, 256, 512)
VOCABULARY, LEMMAS, TOKENS, FRAMES = 3000, 64, 128, 128
PEAK_SIZE = 1024
MEMORY_BYTES = 1 << 28


@dataclass(frozen=True)
class Timing:
    """Seconds a batch: the median and the least of the repeats; the floor; operations and bytes behind it; the peak
    memory of the process or of the GPU in bytes.

    On a CPU, seconds are those that the process computed, on the one thread that a sweep gives it: a neighbour on a
    shared machine does not count.
    """

    median: float
    least: float
    floor: float
    operations: float
    weight_bytes: float
    memory: float


def measure(stage: str, batch: int, repeats: int, device: str, clip: Path | None = None, lyrics: str = "") -> Timing:
    """Time one stage at one batch size.

    Parameters
    ----------
    stage : one of `STAGES`.
    clip, lyrics : what the stage "files" reads for every song of the batch.
    """
    import torch

    torch.manual_seed(0)
    work, modules = _stage(stage, batch, device, clip, lyrics)
    with torch.inference_mode():
        operations = _operations(work)
        work()
        seconds = [_timed(work, device) for _ in range(repeats)]
        rate, speed = _peaks(device)
    weights = sum(w.nbytes for module in modules for w in module.parameters())
    return Timing(
        float(np.median(seconds)),
        min(seconds),
        max(operations / rate, weights / speed),
        operations,
        float(weights),
        _memory(device),
    )


def _stage(stage: str, batch: int, device: str, clip: Path | None, lyrics: str) -> tuple[Callable, Sequence]:
    """A function that does the work once, and the networks in it."""
    import torch

    from mer_repro.papers.gujar2026 import model

    text = model.TextBranch(VOCABULARY, torch.randn(VOCABULARY + 1, 300))
    network = model.MoodNetwork(model.AudioCRNN(), text).eval().to(device)
    spectra = torch.randn(batch, model.BANDS, FRAMES, device=device)
    tfidf = torch.rand(batch, VOCABULARY, device=device)
    numbers = torch.randint(1, VOCABULARY, (batch, LEMMAS), device=device)
    sentence = torch.randn(batch, 768, device=device)
    if stage == "network":
        return lambda: network(spectra, tfidf, numbers, sentence), (network,)
    encoder = model.ClsEncoder(model.bert_base()).eval().to(device)
    tokens = torch.randint(1000, 20_000, (batch, TOKENS), device=device)
    if stage == "encoder":
        return lambda: network(spectra, tfidf, numbers, encoder(tokens)), (network, encoder)
    read = _reader(clip, lyrics, batch, device)
    return lambda: network(*read(), encoder(tokens)), (network, encoder)


def _reader(clip: Path, lyrics: str, batch: int, device: str) -> Callable:
    """A function from the file and the lyrics to spectrograms, TF-IDF and word numbers, for every song anew."""
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

    def read() -> tuple[torch.Tensor, ...]:
        songs = [one() for _ in range(batch)]
        return tuple(torch.from_numpy(np.stack(part)).to(device) for part in zip(*songs, strict=True))

    return read


def _operations(work: Callable) -> float:
    """Floating-point operations of matrix products and convolutions, as PyTorch counts them."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        work()
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


def _memory(device: str) -> float:
    """Most memory that this process has ever held (CPU), or PyTorch on this GPU, in bytes."""
    import resource

    import torch

    if device != "cpu":
        return float(torch.cuda.max_memory_allocated(device))
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
