"""bai2026's training step: every song's text encoded in every step, as its algorithm has it, or once a distinct song.

The algorithm (section 3.6, line 16) runs the frozen encoder over all songs of a batch in every step. `TCNLM` looks the
vectors up in a table that holds each distinct song's once. Both train the same network on the same batches of generated
listeners; the loss must come out the same. Printed are seconds a step by round and the ratios, what a whole training
costs either way, and the step with an LSTM in the TCN's place (section 2.2 calls the TCN faster).

    OMP_NUM_THREADS=1 python benchmarks/text_every_step.py --rounds 3
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import sys
import time

import numpy as np
import torch

from mer_repro.features import text
from mer_repro.papers.bai2026 import planted
from mer_repro.papers.bai2026.model import TCNLM, TCNLMConfig

CATALOGUE = 600


def encode(texts: list[str], encoder: text.Encoder) -> torch.Tensor:
    """CLS vectors, (texts, dimension), without any cache."""
    vectors = np.empty((len(texts), encoder.dimension), np.float32)
    for positions, part in text.encode(texts, encoder, "cls", 64, 32, "cpu"):
        vectors[positions] = part
    return torch.from_numpy(vectors)


def step(network: TCNLM, optimizer: torch.optim.Optimizer, songs: torch.Tensor, label: torch.Tensor) -> float:
    """One training step; returns the loss."""
    loss = torch.nn.functional.cross_entropy(network(songs), label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss)


def every_step(network, optimizer, songs, label, texts, encoder) -> float:
    """Encode the text of every song of the batch, then train on these vectors."""
    flat = songs.flatten().tolist()
    vectors = encode([texts[song] for song in flat], encoder)
    network.text.vectors[songs.flatten()] = vectors  # the same rows again: frozen text does not change
    return step(network, optimizer, songs, label)


def build(vectors: torch.Tensor, **settings) -> tuple[TCNLM, torch.optim.Optimizer]:
    torch.manual_seed(0)
    network = TCNLM(TCNLMConfig(CATALOGUE, **settings), vectors.clone())
    return network, torch.optim.Adam(network.parameters(), 1e-3)


def timed(function, *arguments) -> tuple[float, float]:
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32, help="listeners; the paper's is 32")
    parser.add_argument("--epochs", type=int, default=10, help="of the whole training that is extrapolated")
    parser.add_argument("--json", action="store_true", help="figures as JSON; what else is said goes to stderr")
    arguments = parser.parse_args()
    say = functools.partial(print, file=sys.stderr if arguments.json else sys.stdout)

    made = planted.generate("both", 1.0, planted.TABLE_1["users"], planted.TABLE_1["length"], CATALOGUE, 0)
    encoder = text.find_encoder()
    encode(made.texts[:2], encoder)  # load the encoder
    once, vectors = timed(encode, made.texts, encoder)
    say(f"{encoder}; {CATALOGUE} distinct songs encoded once: {once:.2f} s")

    every, looked_up = build(vectors), build(vectors)
    ratios, fast = [], []
    for number in range(arguments.rounds):
        rows = slice(number * arguments.batch, (number + 1) * arguments.batch)
        songs, label = torch.from_numpy(made.songs[rows]), torch.from_numpy(made.label[rows])
        slow, loss = timed(every_step, *every, songs, label, made.texts, encoder)
        quick, same = timed(step, *looked_up, songs, label)
        assert abs(loss - same) < 1e-3, (loss, same)
        ratios.append(slow / quick)
        fast.append((slow, quick))
        say(f"round {number}: every step {slow:.2f} s, looked up {quick:.3f} s, ratio {slow / quick:.1f}")
    slow, quick = (statistics.median(column) for column in zip(*fast, strict=True))
    steps = arguments.epochs * 2696 / arguments.batch
    say(f"median ratio of a step: {statistics.median(ratios):.1f}")
    say(
        f"{arguments.epochs} epochs of 2,696 listeners: {steps * slow / 3600:.1f} h encoding every step,"
        f" {(once + steps * quick) / 3600:.2f} h encoding once (ratio {steps * slow / (once + steps * quick):.1f})"
    )

    rivals = {
        "TCN": {},
        "LSTM, 8 layers": {"temporal": "lstm"},
        "LSTM, 1 layer": {"temporal": "lstm", "lstm_layers": 1},
    }
    built = {name: build(vectors, **settings) for name, settings in rivals.items()}
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(arguments.rounds + 1):
        rows = slice(number * arguments.batch, (number + 1) * arguments.batch)
        songs, label = torch.from_numpy(made.songs[rows]), torch.from_numpy(made.label[rows])
        for name, pair in built.items():
            seconds[name].append(timed(step, *pair, songs, label)[0])
    over_tcn = {}
    for name, times in seconds.items():
        ratio = statistics.median(t / tcn for t, tcn in zip(times[1:], seconds["TCN"][1:], strict=True))
        over_tcn[name] = ratio
        say(f"{name}: {1000 * statistics.median(times[1:]):.0f} ms a step, {ratio:.2f} times the TCN's")
    if arguments.json:
        print(json.dumps({"ratios": ratios, "ratio": statistics.median(ratios), "over_tcn": over_tcn}))


if __name__ == "__main__":
    main()
