"""How much does the training loop cost? The same networks, data and optimiser in four loops.

    python benchmarks/training_step.py [--threads 2] [--rounds 5] [--only NAME ...] [--device cpu] [--clock wall]

The loops: a bare forward-backward-step loop in float32 (the floor), `mer_repro.training.fit`, Lightning's `Trainer` and
Hugging Face's `Trainer`, the last three in float32 and, where the device has it, in bfloat16. All run in this process,
interleaved round by round so that whatever else the machine does hits all of them; the figure is the best round. Time
is taken between two forward passes of the network, after a warm-up, so start-up does not count. The networks are the
papers', the data is random. On a machine that others use, too, take ``--threads 1 --clock cpu``: then the processor
time of this process counts, not the time that it waited its turn.

Printed are examples per second, the ratio to the floor, and the share of the machine's peak in the same precision: the
best of matrix products and convolutions of several sizes, measured here with the same threads and clock (a training
step is counted as three forward passes; element-wise work counts for nothing).

With ``--json``: one object per network, {"network", "floor": 1.0, "mer_repro", "lightning_fp32", "lightning_bf16",
"hf_bf16", "share_of_peak"}, times over the floor; null for what the device does not have. "mer_repro" and
"share_of_peak" are in "precision", bfloat16 where the device has it; "mer_repro_fp32" and "hf_fp32" stand beside them.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from mer_repro.errors import ParameterError
from mer_repro.training import Examples, Precision, TrainingConfig, fit, seed_everything, usable_precision

WARM_UP_STEPS = 3
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass
class Case:
    """A network, its data and loss; `steps` are timed in every round."""

    name: str
    network: nn.Module
    examples: Examples
    loss: Callable
    batch_size: int
    steps: int


def cases() -> list[Case]:
    """Each paper's network with random data of the shapes that its study uses; images are cut to fit a CPU's time."""
    from mer_repro.papers.abadeh2024 import model as abadeh
    from mer_repro.papers.bai2026 import model as bai
    from mer_repro.papers.bath2025 import model as bath
    from mer_repro.papers.gujar2026 import model as gujar
    from mer_repro.papers.qiu2025 import model as qiu

    seed_everything(0)
    mse, cross_entropy = nn.functional.mse_loss, nn.functional.cross_entropy
    randn, randint = torch.randn, torch.randint

    def history(n, time):
        listens = randint(500, (n, time)), randint(6, (n, time)), randint(4, (n, time)), randint(2, (n,))
        return randint(1, time + 1, (n,)), *listens

    windows = Examples((randn(960, 26, 64),), randn(960))
    histories = Examples(history(960, 20), randint(6, (960,)))
    sequences = Examples((randint(1, 501, (320, 100)),), randint(3, (320,)))
    songs = Examples((randn(64, 64, 64), randn(64, 768)), randn(64, 2))
    clips = Examples((randn(96, 128, 128), randn(96, 2000), randint(1000, (96, 60)), randn(96, 768)), randint(4, (96,)))

    return [
        Case("qiu2025", qiu.PaperNetwork(qiu.PaperConfig(features=64)), windows, mse, 32, 60),
        Case("abadeh2024", abadeh.NextGenre(abadeh.Config(), randn(500, 768)), histories, cross_entropy, 32, 60),
        Case("bai2026", bai.TCNLM(bai.TCNLMConfig(n_songs=500), randn(501, 768)), sequences, cross_entropy, 32, 20),
        Case("bath2025", bath.build(4), songs, mse, 8, 4),
        Case(
            "gujar2026",
            gujar.MoodNetwork(gujar.AudioCRNN(), gujar.TextBranch(2000, randn(1001, 300))),
            clips,
            cross_entropy,
            16,
            4,
        ),
    ]


# The four loops: each trains a copy of the network for at least `epochs` epochs -----------------------------------


def adam(network: nn.Module) -> torch.optim.Optimizer:
    """The optimiser of all four loops."""
    return torch.optim.Adam(network.parameters(), 1e-3, fused=True)


def bare(case: Case, network: nn.Module, epochs: int, device: str, precision: Precision) -> None:
    """The floor: nothing but gather, forward, backward, step."""
    network.to(device).train()
    inputs, target = [x.to(device) for x in case.examples.inputs], case.examples.target.to(device)
    optimizer = adam(network)
    for _ in range(epochs):
        for indices in torch.randperm(len(target)).to(device).split(case.batch_size):
            loss = case.loss(network(*(x[indices] for x in inputs)), target[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def ours(case: Case, network: nn.Module, epochs: int, device: str, precision: Precision) -> None:
    """`mer_repro.training.fit` without validation data, as the other loops have none."""
    config = TrainingConfig(epochs=epochs, batch_size=case.batch_size, precision=precision)
    fit(network, case.examples, None, config, case.loss, seed=0, device=device)


def lightning(case: Case, network: nn.Module, epochs: int, device: str, precision: Precision) -> None:
    """Lightning's Trainer with everything switched off that can be."""
    import lightning as pl

    class Module(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = network

        def training_step(self, batch, index):
            *inputs, target = batch
            return case.loss(self.network(*inputs), target)

        def configure_optimizers(self):
            return adam(self.network)

    data = torch.utils.data.TensorDataset(*case.examples.inputs, case.examples.target)
    pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu" if device == "cpu" else "gpu",
        devices=1,
        precision={"fp32": "32-true", "bf16": "bf16-mixed"}[precision],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(Module(), torch.utils.data.DataLoader(data, case.batch_size, shuffle=True))


def hugging_face(case: Case, network: nn.Module, epochs: int, device: str, precision: Precision) -> None:
    """Hugging Face's Trainer with everything switched off that can be."""
    import tempfile

    from transformers import Trainer, TrainingArguments

    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, labels, **inputs):
            given = [inputs[f"x{i}"] for i in range(len(case.examples.inputs))]
            return {"loss": case.loss(self.network(*given), labels)}

    columns = [{f"x{i}": x[row] for i, x in enumerate(case.examples.inputs)} for row in range(len(case.examples))]
    rows = [column | {"labels": label} for column, label in zip(columns, case.examples.target, strict=True)]
    module = Module()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=epochs,
            per_device_train_batch_size=case.batch_size,
            use_cpu=device == "cpu",
            bf16=precision == "bf16",
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            max_grad_norm=0,
            dataloader_pin_memory=device != "cpu",
            remove_unused_columns=False,
        )
        optimizer = adam(network)
        schedule = torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)
        # It prints a summary, which is no part of this script's answer.
        with contextlib.redirect_stdout(sys.stderr):
            Trainer(module, arguments, train_dataset=rows, optimizers=(optimizer, schedule)).train()


#: Name in JSON -> loop and precision.
LOOPS: dict[str, tuple[Callable, Precision]] = {
    "floor": (bare, "fp32"),
    "mer_repro_fp32": (ours, "fp32"),
    "mer_repro_bf16": (ours, "bf16"),
    "lightning_fp32": (lightning, "fp32"),
    "lightning_bf16": (lightning, "bf16"),
    "hf_fp32": (hugging_face, "fp32"),
    "hf_bf16": (hugging_face, "bf16"),
}


def precisions(device: str) -> list[Precision]:
    """What the device can compute in."""
    try:
        return ["fp32", usable_precision("bf16", device)]
    except ParameterError:
        return ["fp32"]


def seconds_a_step(loop: Callable, precision: Precision, case: Case, device: str, clock: Callable[[], float]) -> float:
    """Mean time of a training step, from the start of one forward pass to the start of a later one."""
    network = copy.deepcopy(case.network)
    starts: list[float] = []

    def note_time(*_):
        if device != "cpu":
            torch.cuda.synchronize()
        starts.append(clock())

    network.register_forward_pre_hook(note_time)
    a_epoch = -(-len(case.examples) // case.batch_size)
    seed_everything(0)
    loop(case, network, -(-(WARM_UP_STEPS + case.steps + 1) // a_epoch), device, precision)
    return (starts[WARM_UP_STEPS + case.steps] - starts[WARM_UP_STEPS]) / case.steps


def peak(device: str, precision: Precision, clock: Callable[[], float], seconds: float = 0.5) -> float:
    """Most floating-point operations per second of matrix products and convolutions; `seconds` are spent on each.

    A float32 product through one library is not the limit: a convolution may go through another that is faster.
    """
    kind = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    work: list[tuple[float, Callable[[], object]]] = []
    for size in (512, 1536):
        a, b = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
        work.append((2 * size**3, lambda a=a, b=b: a @ b))
    for channels, side in ((64, 64), (256, 16)):
        x = torch.randn(8, channels, side, side, device=device, dtype=kind).to(memory_format=torch.channels_last)
        layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False, device=device, dtype=kind)
        layer.to(memory_format=torch.channels_last)
        work.append((2 * 8 * 9 * channels**2 * side**2, lambda layer=layer, x=x: layer(x)))
    rates = []
    with torch.inference_mode():
        for operations, compute in work:
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                start = clock()
                compute()
                if device != "cpu":
                    torch.cuda.synchronize()
                rates.append(operations / max(clock() - start, 1e-9))
    return max(rates)


def operations_an_example(case: Case) -> float:
    """Multiplications and additions of matrix products and convolutions in one training step, an example."""
    from torch.utils.flop_counter import FlopCounterMode

    recurrent = []

    def count_recurrent(layer, inputs, _):
        batch, steps, width = inputs[0].shape
        gates, ways = (4 if isinstance(layer, nn.LSTM) else 3), 1 + layer.bidirectional
        for depth in range(layer.num_layers):
            inward = width if depth == 0 else ways * layer.hidden_size
            recurrent.append(2 * batch * steps * ways * gates * layer.hidden_size * (inward + layer.hidden_size))

    network = copy.deepcopy(case.network).eval()
    for layer in network.modules():
        if isinstance(layer, nn.LSTM | nn.GRU):
            layer.register_forward_hook(count_recurrent)
    batch = case.examples.take(torch.arange(2))
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(*batch.inputs)
    counted = counter.get_total_flops()
    fused = not any("rnn" in str(op) or "lstm" in str(op) or "gru" in str(op) for op in counter.get_flop_counts())
    return 3 * (counted + (sum(recurrent) if fused else 0)) / len(batch)


def silence_rivals() -> None:
    """Keep the tips and notices of Lightning and transformers out of the table."""
    import lightning.pytorch  # noqa: F401  (importing it sets its loggers' levels)

    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero", "transformers"):
        logging.getLogger(name).setLevel(logging.ERROR)


def measure(case: Case, device: str, rounds: int, clock: Callable[[], float], peaks: dict[Precision, float]) -> dict:
    """The object of one network, as the module's docstring has it, with "examples_per_second" of the floor."""
    loops = {name: loop for name, loop in LOOPS.items() if loop[1] in peaks}
    times: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(rounds):
        # Every round starts with another loop, so none always follows the same neighbour.
        names = list(loops)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            times[name].append(seconds_a_step(*loops[name], case, device, clock))
    best = {name: min(found) for name, found in times.items()}
    over_floor = {name: best[name] / best["floor"] if name in best else None for name in LOOPS}
    precision = "bf16" if "bf16" in peaks else "fp32"
    seconds = best[f"mer_repro_{precision}"]
    return {
        "network": case.name,
        "mer_repro": seconds / best["floor"],
        "precision": precision,
        **over_floor,
        "share_of_peak": case.batch_size / seconds * operations_an_example(case) / peaks[precision],
        "examples_per_second": case.batch_size / best["floor"],
    }


def main() -> None:
    """Print one line per network, or all of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="words of the names of the networks to time")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    clock = CLOCKS[arguments.clock]
    silence_rivals()
    torch.set_num_threads(arguments.threads)
    peaks = {one: peak(arguments.device, one, clock) for one in precisions(arguments.device)}
    chosen = [case for case in cases() if not arguments.only or any(word in case.name for word in arguments.only)]
    rows = [measure(case, arguments.device, arguments.rounds, clock, peaks) for case in chosen]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    speeds = ", ".join(f"{one} {rate / 1e9:.0f} GFLOP/s" for one, rate in peaks.items())
    print(f"{arguments.device}, {torch.get_num_threads()} threads, peak {speeds}; times over the floor")
    for row in rows:
        ratios = ", ".join(f"{name} {row[name]:.3f}" for name in LOOPS if row[name] is not None)
        print(f"{row['network']:11} {row['examples_per_second']:7.0f} examples/s at the floor; {ratios};", end=" ")
        print(f"mer_repro at {row['share_of_peak']:.1%} of the {row['precision']} peak")


if __name__ == "__main__":
    main()
