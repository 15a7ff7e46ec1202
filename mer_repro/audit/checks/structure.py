"""Checks of structure: dimensions that must chain, receptive fields, time resolution, throughput, memory."""

from __future__ import annotations

import itertools
import math
from typing import Literal

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding, Reading, Row, Statement, decide, every_row, observe, rows
from mer_repro.audit.numbers import Interval, Number, common, in_unit


@check
def combined_dimension(
    parts: list[Number],
    combined: Number,
    *,
    operation: Literal["concatenation", "addition", "unstated"] = "unstated",
) -> Finding:
    """The size of combined vectors: concatenation adds sizes, addition and averaging need equal ones and keep them.

    options: ``operation`` is ``concatenation``, ``addition`` or ``unstated``.
    """
    summed = sum((part.interval for part in parts), Interval.exactly(0))
    same = common(part.interval for part in parts)
    sizes = " and ".join(part.printed for part in parts)
    tried = {
        "concatenation": Reading("concatenation", combined.interval.overlaps(summed), f"{sizes} give {summed}"),
        "addition": Reading(
            "addition",
            same is not None and combined.interval.overlaps(same),
            f"{sizes} give {same}" if same else f"{sizes} cannot be added",
        ),
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


@check
def pooled_length(before: Number, after: Number, pool: Number, times: Number) -> Finding:
    """A length pooled `times` times by `pool`, rounding down or up each time."""
    down = up = before.integer
    for _ in range(times.integer):
        down, up = down // pool.integer, -(-up // pool.integer)
    holds = after.interval.overlaps(Interval(down, up))
    text = f"{before} pooled {times} times by {pool}: {down} to {up}"
    return decide([Reading("pooling", holds, text)], good=f"{text}.", open="", bad=f"{text}, not {after}.")


@check
def flattened_dimension(stated: Number, height: Number, channels: Number, pool: Number, times: Number) -> Finding:
    """Features a time step after `times` poolings of a map `height` high: flattened, or averaged over height."""
    left = height.integer // pool.integer**times.integer
    flat = left * channels.integer
    return decide(
        [
            Reading("flattened", stated.interval.contains(flat), f"{channels} channels x {left} rows = {flat}"),
            Reading("averaged over the rows", stated.interval.contains(channels.integer), f"{channels} channels"),
        ],
        good=f"{stated} features a time step fit {channels} channels.",
        open="",
        bad=f"{channels} channels x {left} rows give {flat} features a time step, averaged {channels}; not {stated}.",
    )


@check
def receptive_field(kernel: Number, blocks: Number, length: Number) -> Finding:
    """The receptive field of `blocks` residual blocks of dilated causal convolutions against a sequence `length`.

    Readings: one or two convolutions a block, dilation doubling a block or a convolution, from 1.
    A field of K - 1 more for every unit of dilation; shorter than the sequence is reported as `undetermined`.
    """
    reach, count = kernel.integer - 1, blocks.integer
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


@check
def hop_duration(stated: Number, hop: Number, rate: list[Number]) -> Finding:
    """A time resolution is hop / sampling rate for one of the candidate rates (bind public usual rates as facts)."""
    readings = []
    for candidate in rate:
        duration = hop.interval / candidate.interval
        text = f"{hop} / {candidate} = {in_unit(duration, stated.unit)}"
        readings.append(Reading(f"at {candidate}", stated.interval.overlaps(duration), text))
    tried = "; ".join(reading.arithmetic for reading in readings)
    held = next((reading.arithmetic for reading in readings if reading.holds), "")
    return decide(readings, good=f"{held}, as stated.", open="", bad=f"No rate gives {stated}: {tried}.")


@check
def frame_count(frames: Number, seconds: Number, hop: Number, rate: list[Number]) -> Finding:
    """Frames of a spectrogram of `seconds` at one of the rates and `hop`: centred frames, or without padding."""
    readings = []
    for candidate in rate:
        hops = seconds.interval * candidate.interval / hop.interval
        for name, span in (
            ("centred", Interval(1 + math.floor(hops.low), 1 + math.floor(hops.high))),
            ("whole hops", Interval(math.floor(hops.low), math.ceil(hops.high))),
        ):
            text = f"{seconds} at {candidate} by {hop}: {span} frames"
            readings.append(Reading(f"{name} at {candidate}", frames.interval.overlaps(span), text))
    tried = "; ".join(reading.arithmetic for reading in readings)
    held = next((reading.arithmetic for reading in readings if reading.holds), "")
    return decide(readings, good=f"{held}.", open="", bad=f"{frames} frames follow from no reading: {tried}.")


@check
def rescaled(before: list[Number], after: list[Number], low: Number, high: Number) -> Finding:
    """Aligned: values on a scale from `low` to `high`, mapped linearly to 0..1."""
    width = high.interval - low.interval

    def row(old: Number, new: Number) -> Row:
        mapped = (old.interval - low.interval) / width
        text = f"({old} - {low}) / {width} = {mapped} against {new}"
        reading = Reading(new.name, new.interval.overlaps(mapped), text)
        return Row((old, new), (reading,), f"{old} on {low}..{high} becomes {mapped}, not {new}")

    return every_row(
        (row(*pair) for pair in rows(before=before, after=after)), good="the value is mapped linearly to 0..1"
    )


@check
def throughput(stated: list[Number], batch: list[Number], latency: list[Number]) -> Finding:
    """Aligned rows: throughput = batch / latency."""

    def row(rate: Number, size: Number, delay: Number) -> Row | None:
        if not (rate.known and size.known and delay.known):
            return None
        expected = size.interval / delay.interval
        text = f"{size} / {delay} = {expected} against {rate}"
        reading = Reading(rate.name, rate.interval.overlaps(expected), text)
        return Row((rate, size, delay), (reading,), f"{size} in {delay} are {expected} a second, not {rate.printed}")

    table = rows(stated=stated, batch=batch, latency=latency)
    return every_row((row(*entry) for entry in table), good="throughput is batch over latency")


@check
def memory_growth(memory: list[Number], batch: list[Number]) -> Finding:
    """Aligned rows in rising order: memory grows with the batch, more slowly than in proportion; reports the slopes.

    A network's memory is a constant plus a slope times the batch; slopes that differ are reported as `undetermined`.
    """
    table = rows(memory=memory, batch=batch)
    share = [m.interval / b.interval for m, b in table]
    slower = all(not early.below(late) for early, late in itertools.pairwise(share))
    slopes = [
        (m2.interval - m1.interval) / (b2.interval - b1.interval) for (m1, b1), (m2, b2) in itertools.pairwise(table)
    ]
    text = ", ".join(str(slope) for slope in slopes) + f" {memory[0].unit} an item"
    if not slower:
        return Finding("inconsistent", "Memory does not grow more slowly than the batch.", (Reading("", False, text),))
    if common(slopes) is None:
        return observe(
            f"Memory grows more slowly than the batch, but not along a line as a constant and a slope would: {text}.",
            (Reading("constant plus slope", False, text),),
        )
    return Finding("consistent", "Memory grows along a line.", (Reading("constant plus slope", True, text),))


@check
def softmax_regression(statement: Statement, outputs: Number | None = None) -> Finding:
    """A softmax output layer for regression: with one output it is always 1; with several they add up to 1."""
    if outputs is not None and outputs.interval.high == 1:
        reading = Reading("one output", False, "exp(z) / exp(z) = 1")
        return Finding("inconsistent", "A softmax over one output is 1 for every input.", (reading,))
    readings = (
        Reading("one output", False, "exp(z) / exp(z) = 1 for every input"),
        Reading("several outputs", None, "they are positive and add up to 1, so none is free of the others"),
    )
    return observe(
        "A softmax cannot regress one value: over one output it is always 1; the outputs are not stated.", readings
    )


@check
def public_fact(statement: Statement, fact: Statement) -> Finding:
    """A statement beside a public fact that it is hard to square with; reports both as `undetermined`."""
    return observe(f"The paper says: {statement.says} Publicly known: {fact.says}")
