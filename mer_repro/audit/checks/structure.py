"""Checks of structure: dimensions that must chain, receptive fields, time resolution, throughput, memory."""

from __future__ import annotations

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding, Statement
from mer_repro.audit.numbers import Number


@check
def combined_dimension(parts: list[Number], combined: Number, *, operation: str = "unstated") -> Finding:
    """The size of combined vectors: concatenation adds sizes, addition and averaging need equal ones and keep them.

    options: ``operation`` is ``concatenation``, ``addition`` or ``unstated``.
    """
    raise NotImplementedError


@check
def pooled_length(before: Number, after: Number, pool: Number, times: Number) -> Finding:
    """A length pooled `times` times by `pool`, rounding down or up each time."""
    raise NotImplementedError


@check
def flattened_dimension(stated: Number, height: Number, channels: Number, pool: Number, times: Number) -> Finding:
    """Features a time step after `times` poolings of a map `height` high: flattened, or averaged over height."""
    raise NotImplementedError


@check
def receptive_field(kernel: Number, blocks: Number, length: Number) -> Finding:
    """The receptive field of `blocks` residual blocks of dilated causal convolutions against a sequence `length`.

    Readings: one or two convolutions a block, dilation doubling a block or a convolution, from 1.
    """
    raise NotImplementedError


@check
def hop_duration(stated: Number, hop: Number, rate: list[Number]) -> Finding:
    """A time resolution is hop / sampling rate for one of the candidate rates (bind public usual rates as facts)."""
    raise NotImplementedError


@check
def frame_count(frames: Number, seconds: Number, hop: Number, rate: list[Number]) -> Finding:
    """Frames of a spectrogram of `seconds` at one of the rates and `hop`: centred frames, or without padding."""
    raise NotImplementedError


@check
def rescaled(before: list[Number], after: list[Number], low: Number, high: Number) -> Finding:
    """Aligned: values on a scale from `low` to `high`, mapped linearly to 0..1."""
    raise NotImplementedError


@check
def throughput(stated: list[Number], batch: list[Number], latency: list[Number]) -> Finding:
    """Aligned rows: throughput = batch / latency."""
    raise NotImplementedError


@check
def memory_growth(memory: list[Number], batch: list[Number]) -> Finding:
    """Aligned rows in rising order: memory grows with the batch, more slowly than in proportion; reports the slopes.

    A network's memory is a constant plus a slope times the batch; slopes that differ are reported as `undetermined`.
    """
    raise NotImplementedError


@check
def softmax_regression(statement: Statement, outputs: Number | None = None) -> Finding:
    """A softmax output layer for regression: with one output it is always 1; with several they add up to 1."""
    raise NotImplementedError


@check
def public_fact(statement: Statement, fact: Number) -> Finding:
    """A statement beside a public fact that it is hard to square with; reports both as `undetermined`."""
    raise NotImplementedError
