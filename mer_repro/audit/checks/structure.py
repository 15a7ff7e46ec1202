"""Checks of structure: dimensions that must chain, receptive fields, time resolution, throughput, memory."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import COUNTED, check
from mer_repro.audit.finding import Finding, Reading, Row, Statement, decide, every_row, fits, observe, rows
from mer_repro.audit.numbers import Interval, Number, Unusable, common, in_unit, sum_of
from mer_repro.errors import LedgerError

#: no network has more layers than this
MOST_LAYERS = 1000


@check(takes={"parts": COUNTED, "combined": COUNTED})
def combined_dimension(
    parts: list[Number],
    combined: Number,
    *,
    operation: Literal["concatenation", "addition", "unstated"] = "unstated",
) -> Finding:
    """The size of combined vectors: concatenation adds sizes, addition and averaging need equal ones and keep them.

    options: ``operation`` is ``concatenation``, ``addition`` or ``unstated``.
    """
    summed = sum_of(parts)
    same = common(part.interval for part in parts)
    sizes = " and ".join(part.printed for part in parts)
    tried = {
        "concatenation": fits("concatenation", combined, summed, f"{sizes} give {summed}"),
        "addition": fits("addition", combined, same, f"{sizes} give {same}")
        if same
        else Reading("addition", False, f"{sizes} cannot be added"),
    }
    readings = list(tried.values()) if operation == "unstated" else [tried[operation]]
    outcome = "; ".join(f"{reading.name}: {reading.arithmetic}" for reading in readings)
    held = next((reading.name for reading in readings if reading.holds), "")
    return decide(
        readings,
        good=f"Vectors of {sizes} give {combined} by {held}.",
        open="",
        bad=f"Vectors of {sizes} do not give {combined} ({outcome}).",
    )


@check(takes=dict.fromkeys(("before", "after", "pool", "times"), COUNTED))
def pooled_length(before: Number, after: Number, pool: Number, times: Number) -> Finding:
    """A length pooled `times` times by `pool`, rounding down or up each time."""
    down = up = before.items
    for _ in range(min(times.integer, MOST_LAYERS)):
        down, up = down // pool.items, -(-up // pool.items)
    text = f"{before} pooled {times} times by {pool}: {down} to {up}"
    return decide(
        [fits("pooling", after, Interval(Fraction(down), Fraction(up)), text)],
        good=f"{text}.",
        open="",
        bad=f"{text}, not {after}.",
    )


@check(takes=dict.fromkeys(("stated", "height", "channels", "pool", "times"), COUNTED))
def flattened_dimension(stated: Number, height: Number, channels: Number, pool: Number, times: Number) -> Finding:
    """Features a time step after `times` poolings of a map `height` high: flattened, or averaged over height."""
    left = height.items // pool.items ** min(abs(times.integer), MOST_LAYERS)
    flat = left * channels.items
    return decide(
        [
            fits("flattened", stated, Interval.exactly(flat), f"{channels} channels x {left} rows = {flat}"),
            fits("averaged over the rows", stated, Interval.exactly(channels.items), f"{channels} channels"),
        ],
        good=f"{stated} features a time step fit {channels} channels.",
        open="",
        bad=f"{channels} channels x {left} rows give {flat} features a time step, averaged {channels}; not {stated}.",
    )


@check(takes={"kernel": COUNTED, "blocks": COUNTED, "length": COUNTED})
def receptive_field(kernel: Number, blocks: Number, length: Number) -> Finding:
    """The receptive field of `blocks` residual blocks of dilated causal convolutions against a sequence `length`.

    Readings: one or two convolutions a block, dilation doubling a block or a convolution, from 1.
    A field of K - 1 more for every unit of dilation; shorter than the sequence is reported as `undetermined`.
    """
    reach, count = kernel.items - 1, min(blocks.items, MOST_LAYERS)
    fields = {
        "one convolution a block": 1 + reach * (2**count - 1),
        "two convolutions a block, one dilation": 1 + 2 * reach * (2**count - 1),
        "two convolutions a block, dilation doubling each": 1 + reach * (2 ** (2 * count) - 1),
    }
    readings = [
        Reading(name, True if field >= length.interval.low else None, f"{field} of {length} steps")
        for name, field in fields.items()
    ]
    spans = ", ".join(f"{field} with {name}" for name, field in fields.items())
    return decide(
        readings,
        good=f"The receptive field can cover {length} steps ({spans}).",
        open=f"The receptive field covers less than {length} steps in every reading ({spans}).",
        bad="",
    )


#: samples or seconds from one frame to the next
HOPS = "hop_size hop_length window_size window_length count dimension"


@check(takes={"stated": "duration latency", "hop": HOPS, "rate": "sample_rate frequency"})
def hop_duration(stated: Number, hop: Number, rate: list[Number]) -> Finding:
    """A time resolution is hop / sampling rate for one of the candidate rates (bind public usual rates as facts)."""
    readings = []
    for candidate in rate:
        duration = hop.interval / candidate.interval
        text = f"{hop} / {candidate} = {in_unit(duration, stated.unit)}"
        readings.append(fits(f"at {candidate}", stated, duration, text))
    tried = "; ".join(reading.arithmetic for reading in readings)
    held = next((reading.arithmetic for reading in readings if reading.holds), "")
    return decide(readings, good=f"{held}, as stated.", open="", bad=f"No rate gives {stated}: {tried}.")


@check(takes={"frames": COUNTED, "seconds": "duration", "hop": HOPS, "rate": "sample_rate frequency"})
def frame_count(frames: Number, seconds: Number, hop: Number, rate: list[Number]) -> Finding:
    """Frames of a spectrogram of `seconds` at one of the rates and `hop`: centred frames, or without padding."""
    readings = []
    for candidate in rate:
        hops = seconds.interval * candidate.interval / hop.interval
        if not hops.finite:
            raise Unusable(f"{seconds} by {hop} is open-ended")
        low, high = Fraction(math.floor(hops.low)), Fraction(math.floor(hops.high))
        for name, span in (
            ("centred", Interval(1 + low, 1 + high)),
            ("whole hops", Interval(low, Fraction(math.ceil(hops.high)))),
        ):
            text = f"{seconds} at {candidate} by {hop}: {span} frames"
            readings.append(fits(f"{name} at {candidate}", frames, span, text))
    tried = "; ".join(reading.arithmetic for reading in readings)
    held = next((reading.arithmetic for reading in readings if reading.holds), "")
    return decide(readings, good=f"{held}.", open="", bad=f"{frames} frames follow from no reading: {tried}.")


@check(alike=("before", "low", "high"))
def rescaled(before: list[Number], after: list[Number], low: Number, high: Number) -> Finding:
    """Aligned: values on a scale from `low` to `high`, mapped linearly to 0..1."""
    width = high.interval - low.interval
    if width.low <= 0:
        raise Unusable(f"a scale from {low} to {high} has no width")

    def row(old: Number, new: Number) -> Row | None:
        if not (old.known and new.known):
            return None
        mapped = (old.interval - low.interval) / width
        text = f"({old} - {low}) / {width} = {mapped} against {new}"
        reading = fits(new.name, new, mapped, text)
        return Row((old, new), (reading,), f"{old} on {low}..{high} becomes {mapped}, not {new}")

    return every_row(
        (row(*pair) for pair in rows(before=before, after=after)), good="the value is mapped linearly to 0..1"
    )


@check(takes={"stated": "throughput", "batch": COUNTED, "latency": "latency duration"})
def throughput(stated: list[Number], batch: list[Number], latency: list[Number]) -> Finding:
    """Aligned rows: throughput = batch / latency."""

    def row(rate: Number, size: Number, delay: Number) -> Row | None:
        if not (rate.known and size.known and delay.known):
            return None
        expected = size.interval / delay.interval
        text = f"{size} / {delay} = {expected} against {rate}"
        reading = fits(rate.name, rate, expected, text)
        return Row((rate, size, delay), (reading,), f"{size} in {delay} are {expected} a second, not {rate.printed}")

    table = rows(stated=stated, batch=batch, latency=latency)
    return every_row((row(*entry) for entry in table), good="throughput is batch over latency")


@check(takes={"memory": "memory", "batch": COUNTED})
def memory_growth(memory: list[Number], batch: list[Number]) -> Finding:
    """Aligned rows in rising order: memory grows with the batch, more slowly than in proportion; reports the slopes.

    A network's memory is a constant plus a slope times the batch; slopes that differ are reported as `undetermined`.
    """
    table = [(m, b) for m, b in rows(memory=memory, batch=batch) if m.known and b.known]
    if len(table) < 2 or any(early.items >= late.items for (_, early), (_, late) in itertools.pairwise(table)):
        raise Unusable("it needs two rows or more in rising order of the batch")
    share = [m.interval / b.interval for m, b in table]
    slower = all(not early.below(late) for early, late in itertools.pairwise(share))
    slopes = [
        (m2.interval - m1.interval) / (b2.interval - b1.interval) for (m1, b1), (m2, b2) in itertools.pairwise(table)
    ]
    text = ", ".join(str(slope) for slope in slopes) + f" {memory[0].unit} an item"
    if not slower:
        early, late = next(
            pair for pair in itertools.pairwise(range(len(table))) if share[pair[0]].below(share[pair[1]])
        )
        most = Interval(-math.inf, share[early].high * table[late][1].items)
        reading = Reading("a constant plus a slope", False, text, True, table[late][0], most)
        bad = "Memory does not grow more slowly than the batch."
        return decide([reading], good="", open="", bad=bad, blame=table[early] + table[late])
    if common(slopes) is None:
        return observe(
            f"Memory grows more slowly than the batch, but not along a line as a constant and a slope would: {text}.",
            (Reading("constant plus slope", False, text),),
        )
    return Finding("consistent", "Memory grows along a line.", (Reading("constant plus slope", True, text),))


@check(takes={"outputs": COUNTED})
def softmax_regression(statement: Statement, outputs: Number | None = None) -> Finding:
    """A softmax output layer for regression: with one output it is always 1; with several they add up to 1."""
    if outputs is not None and outputs.interval.high == 1:
        reading = Reading("one output", False, "exp(z) / exp(z) = 1", True, outputs, Interval(Fraction(2), math.inf))
        return decide([reading], good="", open="", bad="A softmax over one output is 1 for every input.")
    readings = (
        Reading("one output", False, "exp(z) / exp(z) = 1 for every input"),
        Reading("several outputs", None, "they are positive and add up to 1, so none is free of the others"),
    )
    stated = "the outputs are not stated" if outputs is None else f"stated are {outputs} outputs"
    return observe(f"A softmax cannot regress one value: over one output it is always 1; {stated}.", readings)


@check
def public_fact(statement: Statement, fact: Statement) -> Finding:
    """A statement beside a public fact that it is hard to square with; reports both as `undetermined`."""
    return observe(f"The paper says: {statement.says} Publicly known: {fact.says}")


#: kind of recurrent layer -> (gates, directions)
RECURRENT = {"rnn": (1, 1), "gru": (3, 1), "lstm": (4, 1), "birnn": (1, 2), "bigru": (3, 2), "bilstm": (4, 2)}


@check(takes=dict.fromkeys(("stated", "inputs", "outputs", "kernel"), COUNTED))
def layer_parameters(
    stated: Number,
    inputs: Number,
    outputs: Number,
    kernel: Number | None = None,
    *,
    layer: Literal["dense", "conv1d", "conv2d", "embedding", "rnn", "gru", "lstm", "birnn", "bigru", "bilstm"],
) -> Finding:
    """A layer's number of parameters follows from its sizes, with or without biases.

    `outputs` are units (of one direction), filters or the embedding's dimension; `kernel` is the side or the
    length of a convolution's. options: ``layer`` is its kind; of recurrent ones one bias a gate (Keras's LSTM) and two
    (PyTorch) are tried.  The layers' numbers add up to the network's (`sum_to_total`).
    """
    width, units = inputs.items, outputs.items
    if layer in RECURRENT:
        gates, directions = RECURRENT[layer]
        weights, biases = directions * gates * units * (width + units), directions * gates * units
        counts = {"without biases": weights, "one bias per gate": weights + biases, "two": weights + 2 * biases}
    elif layer == "embedding":
        counts = {"without biases": width * units}
    else:
        sides = {"dense": 0, "conv1d": 1, "conv2d": 2}[layer]
        if sides and kernel is None:
            raise LedgerError(f"layer_parameters needs a 'kernel' for {layer}")
        weights = width * units * (kernel.items**sides if kernel and sides else 1)
        counts = {"without biases": weights, "with biases": weights + units}
    readings = [fits(name, stated, Interval.exactly(count), f"{count:,}") for name, count in counts.items()]
    tried = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return decide(
        readings,
        good=f"A {layer} layer from {inputs} to {outputs} has {stated} parameters.",
        open="",
        bad=f"A {layer} layer from {inputs} to {outputs} has {tried} parameters, not {stated}.",
    )
