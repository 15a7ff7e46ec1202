"""What users wait for: whole sweeps, from the start of the process to its end.

    python benchmarks/training_sweep.py [--rounds 2] [--workers 2]

1. Eight seeds of one small network (two GRU layers over session embeddings, abadeh2024's kind): `mer_repro.runs.sweep`,
   beside the same eight trainings one after another under Lightning in one process that may use all cores.
2. Forty short runs: one worker beside two. Start-up (measured with a sweep of two runs that do nothing) comes on top.
3. A sweep with nothing to do.

Every figure is the best of the rounds; the rivals take turns. This module is itself the study that the sweeps run.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from pydantic import BaseModel, ConfigDict

from mer_repro.runs.records import Outcome, Run

EPOCHS, BATCH, TRAIN, VALIDATION, STEPS, WIDTH, CLASSES = 5, 32, 960, 160, 20, 64, 6
#: loops of the short runs' arithmetic: about a third of a second
SHORT = 6_000_000


class Parameters(BaseModel):
    """Which of the benchmark's runs to plan."""

    model_config = ConfigDict(extra="forbid")
    seeds: int = 8
    variant: str = "gru"


def plan(parameters: Parameters) -> list[Run]:
    """One run a seed."""
    return [
        Run("training_sweep", "random", "twin", "all", parameters.variant, seed=seed)
        for seed in range(parameters.seeds)
    ]


def locate(name: str, source: str) -> SimpleNamespace:
    """The data is made up on the spot."""
    return SimpleNamespace(fingerprint="random")


def sources(run: Run) -> tuple[str, ...]:
    """Everything is in here and in the training loop."""
    return (__name__,)


def execute(run: Run, *, device: str) -> Outcome:
    """Train one network, or count, or do nothing."""
    if run.variant == "nothing":
        return Outcome({"loss": 0.0})
    if run.variant == "short":
        return Outcome({"loss": float(sum(i & 1 for i in range(SHORT)))})
    from torch.nn.functional import cross_entropy

    from mer_repro.training import Examples, TrainingConfig, fit

    network, train, validation = network_and_data(run.seed)
    config = TrainingConfig(epochs=EPOCHS, batch_size=BATCH)
    result = fit(network, Examples(*train), Examples(*validation), config, cross_entropy, seed=run.seed, device=device)
    return Outcome({"loss": min(result.curves["validation_loss"])}, curves=result.curves)


def network_and_data(seed: int):
    """A network, training and validation data ((inputs,), labels), all drawn from `seed`."""
    import torch
    from torch import nn

    torch.manual_seed(seed)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(WIDTH, 128, num_layers=2, batch_first=True)
            self.head = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, CLASSES))

        def forward(self, x):  # (batch, time, width)
            return self.head(self.gru(x)[0][:, -1])  # (batch, classes)

    def draw(n):
        return (torch.randn(n, STEPS, WIDTH),), torch.randint(CLASSES, (n,))

    return Network(), draw(TRAIN), draw(VALIDATION)


def lightning_one_after_another(seeds: int) -> None:
    """The rival: the same networks, data, optimiser and epochs under Lightning's Trainer, with all threads."""
    import logging
    import warnings

    import lightning as pl
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.data import DataLoader, TensorDataset

    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.ERROR)

    class Module(pl.LightningModule):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def training_step(self, batch, index):
            return cross_entropy(self.network(batch[0]), batch[1])

        def validation_step(self, batch, index):
            self.log("loss", cross_entropy(self.network(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.Adam(self.network.parameters(), 1e-3, fused=True)

    for seed in range(seeds):
        network, ((x,), y), ((vx,), vy) = network_and_data(seed)
        trainer = pl.Trainer(
            max_epochs=EPOCHS,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        batches = DataLoader(TensorDataset(x, y), BATCH, shuffle=True), DataLoader(TensorDataset(vx, vy), BATCH)
        trainer.fit(Module(network), *batches)


def seconds(call: str) -> float:
    """Wall time of a Python process that imports this module as `b` and runs `call`."""
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": root}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", f"import benchmarks.training_sweep as b; {call}"],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def swept(workers: int, seeds: int, variant: str) -> str:
    """The call that runs a sweep into a store of its own."""
    return (
        "import tempfile, pathlib; from mer_repro.runs.sweep import sweep; folder = tempfile.mkdtemp();"
        f"assert sweep('benchmarks.training_sweep', 'quick', workers={workers}, device='cpu', progress=False,"
        f"overrides=dict(seeds={seeds}, variant={variant!r}), folder=pathlib.Path(folder)).ok"
    )


def best_of(rounds: int, calls: dict[str, str]) -> dict[str, float]:
    """The best wall time of each call; the calls take turns."""
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(seconds(call))
    return {name: min(found) for name, found in times.items()}


def main() -> None:
    """Print the three figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="figures as JSON; what else is said goes to stderr")
    arguments = parser.parse_args()
    say = functools.partial(print, file=sys.stderr if arguments.json else sys.stdout)

    calls = {
        "Lightning, one after another": "b.lightning_one_after_another(8)",
        f"mer_repro sweep, {arguments.workers} workers": swept(arguments.workers, 8, "gru"),
    }
    lightning, ours = best_of(arguments.rounds, calls).values()
    say("eight seeds of a small GRU:")
    for name, value in zip(calls, (lightning, ours), strict=True):
        say(f"  {name:32} {value:6.1f} s")
    say(f"  {lightning / ours:.2f} times as fast as Lightning")

    calls = {
        "start-up": swept(2, 2, "nothing"),
        "1 worker": swept(1, 40, "short"),
        "2 workers": swept(2, 40, "short"),
    }
    start_up, one, two = best_of(arguments.rounds, calls).values()
    say("forty short runs:")
    say(f"  start-up {start_up:.2f} s; 1 worker {one:.2f} s; 2 workers {two:.2f} s")
    say(f"  (2 workers - start-up) / 1 worker = {(two - start_up) / one:.2f}")

    with tempfile.TemporaryDirectory() as folder:
        again = swept(2, 40, "nothing").replace("tempfile.mkdtemp()", repr(folder))
        seconds(again)
        nothing = best_of(arguments.rounds, {"": again})[""]
    say(f"nothing to do: {nothing:.2f} s from process start to end")
    if arguments.json:
        print(
            json.dumps(
                {
                    "lightning": lightning,
                    "mer_repro": ours,
                    "start_up": start_up,
                    "one_worker": one,
                    "workers": two,
                    "nothing_to_do": nothing,
                }
            )
        )


if __name__ == "__main__":
    main()
