"""Checks of counts: granularity of means and proportions, totals, shares, splits, sizes against published ones."""

from __future__ import annotations

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding
from mer_repro.audit.numbers import Number


@check
def granularity(values: list[Number], n: Number, *, runs: str = "unstated") -> Finding:
    """Each value is a proportion over `n` items, so a whole number of them must print as that value (GRIM).

    options: ``runs`` is ``one`` if the paper says the values come from one evaluation; with ``unstated``, a mean over
    several runs escapes and the check answers at worst `undetermined`.
    """
    raise NotImplementedError


@check
def integer_shares(shares: list[Number], n: Number) -> Finding:
    """Whole numbers that add up to `n` exist whose shares print as `shares` (58.3, 28.1 and 13.6 % of 3,852)."""
    raise NotImplementedError


@check
def proportion(stated: Number, part: Number, whole: Number) -> Finding:
    """`stated` is `part` / `whole` (0.84 % or a fraction, both by their unit)."""
    raise NotImplementedError


@check
def sum_to_total(parts: list[Number], total: Number | None = None, *, relation: str = "equal") -> Finding:
    """`parts` add up to `total` (to 1 if no total is bound: shares, weights); also for concatenated dimensions.

    options: ``relation`` is ``equal``, or ``at_most`` where only some of the parts are stated.
    """
    raise NotImplementedError


@check
def same_total(first: list[Number], second: list[Number]) -> Finding:
    """Two lists of counts of the same things have the same sum (class sizes of two tables, sessions by group)."""
    raise NotImplementedError


@check
def product_of(factors: list[Number], product: Number) -> Finding:
    """`factors` multiply to `product` (4 metrics x 3 splits = 12 indicators, 2 directions x 128 units = 256)."""
    raise NotImplementedError


@check
def split_sizes(shares: list[Number], sizes: list[Number], total: Number) -> Finding:
    """`sizes` (aligned with `shares`) are the shares of `total` in whole items, rounded in some way, and add up.

    Shares may be percentages, fractions or ratio parts (7 : 1.5 : 1.5), they are divided by their sum.
    """
    raise NotImplementedError


@check
def published_size(stated: Number, published: list[Number], *, items: str = "whole") -> Finding:
    """A stated sample is not larger than the published size(s) of the data it is drawn from (several: their sum).

    options: ``items`` is ``whole`` where an item cannot be divided (users, songs), ``divisible`` where a paper may have
    cut items into several (excerpts into segments): then more than published is `undetermined`.
    """
    raise NotImplementedError


@check
def published_equal(stated: Number, published: Number) -> Finding:
    """A stated property of a public data set or library is the published one (1,802 excerpts, 768 dimensions)."""
    raise NotImplementedError


@check
def enumerated(stated: Number, items: list[Number]) -> Finding:
    """A stated number of things is the number of things listed ('four models' against five rows); counts `items`."""
    raise NotImplementedError


@check
def at_most(smaller: list[Number], larger: list[Number]) -> Finding:
    """Aligned pairs: each `smaller` is at most its `larger` (sessions within 30 minutes against 60 minutes)."""
    raise NotImplementedError


@check
def weights_feasible(highest: Number, count: Number, lowest: Number | None = None) -> Finding:
    """`count` weights that add up to 1 can have this highest and this lowest weight."""
    raise NotImplementedError


@check
def bins_partition(lower: list[Number], upper: list[Number], scale: list[Number]) -> Finding:
    """Aligned bins of whole scores neither overlap nor leave a gap on `scale` (its least and greatest score)."""
    raise NotImplementedError


@check
def dates_in_order(dates: list[Number]) -> Finding:
    """Dates (quantity ``date``, '17 January 2025' or ISO) come in the order given."""
    raise NotImplementedError
