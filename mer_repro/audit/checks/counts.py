"""Checks of counts: granularity of means and proportions, totals, shares, splits, sizes against published ones."""

from __future__ import annotations

import itertools
import math
from typing import Literal

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, observe, rows
from mer_repro.audit.numbers import Interval, Number, date_of, in_unit

#: a longer sum is not spelled out in the sentence for readers
MOST_TERMS = 12


@check
def granularity(values: list[Number], n: Number, *, runs: Literal["one", "unstated"] = "unstated") -> Finding:
    """Each value is a proportion over `n` items, so a whole number of them must print as that value (GRIM).

    options: ``runs`` is ``one`` if the paper describes one run; a mean over several escapes, and with ``unstated`` the
    check answers at worst `undetermined`.

    Source: Brown and Heathers, The GRIM test, Social Psychological and Personality Science 2017.
    """
    items = n.integer

    def row(value: Number) -> Row:
        hits = (value.interval * items).integers()
        name = f"{value.name}: whole items of {items}"
        readings = [Reading(name, len(hits) > 0, f"{value} x {items} = {value.interval * items}")]
        if runs == "unstated":
            readings.append(Reading(f"{value.name}: mean over several runs", None, plain=False))
        return Row((value, n), tuple(readings), f"no whole number of {items} items gives {value} ({value.name})")

    known = [value for value in values if value.known]
    hits = {v.name: list((v.interval * items).integers())[:3] for v in known}
    return every_row(map(row, known), good=f"a whole number of {items} items gives each value", witness=hits)


@check
def integer_shares(shares: list[Number], n: Number) -> Finding:
    """Whole numbers that add up to `n` exist whose shares print as `shares` (58.3, 28.1 and 13.6 % of 3,852)."""
    items = n.integer
    ranges = [(share.interval * items).integers() for share in shares]
    possible = all(ranges) and sum(r[0] for r in ranges) <= items <= sum(r[-1] for r in ranges)
    witness = None
    if possible:
        counts, left = [r[0] for r in ranges], items - sum(r[0] for r in ranges)
        for position, span in enumerate(ranges):
            step = min(left, span[-1] - span[0])
            counts[position], left = counts[position] + step, left - step
        witness = {share.name: count for share, count in zip(shares, counts, strict=True)}
    ends = " + ".join(f"{r[0]}..{r[-1]}" if r else "none" for r in ranges)
    return decide(
        [Reading("whole items, all counted", possible, f"{ends} against {items}")],
        good=f"Whole numbers of items with these shares add up to {items}.",
        open="",
        bad=f"No whole numbers of items with these shares add up to {items}.",
        witness=witness,
    )


@check
def proportion(stated: Number, part: Number, whole: Number) -> Finding:
    """`stated` is `part` / `whole`, a percentage or fraction by its unit; or `part` is that share in whole items."""
    share = part.interval / whole.interval
    items = stated.interval * whole.interval
    nearest = Interval(math.floor(items.low), math.ceil(items.high))
    return decide(
        [
            Reading(
                "part / whole", stated.interval.overlaps(share), f"{part} / {whole} = {in_unit(share, stated.unit)}"
            ),
            Reading("the share in whole items", part.interval.overlaps(nearest), f"{stated} of {whole} is {items}"),
        ],
        good=f"{part} of {whole} is {stated}.",
        open="",
        bad=f"{part} of {whole} is {in_unit(share, stated.unit)}, not {stated}.",
    )


@check
def sum_to_total(
    parts: list[Number], total: Number | None = None, *, relation: Literal["equal", "at_most"] = "equal"
) -> Finding:
    """`parts` add up to `total` (to 1 if no total is bound: shares, weights); also for concatenated dimensions.

    options: ``relation`` is ``equal``, or ``at_most`` where only some of the parts are stated.
    """
    summed = sum((part.interval for part in parts), Interval.exactly(0))
    whole = total.interval if total else Interval.exactly(1)
    unit = total.unit if total else parts[0].unit
    holds = summed.overlaps(whole) if relation == "equal" else summed.low <= whole.high
    terms = " + ".join(part.printed for part in parts)
    target = str(total) if total else "100 %" if unit == "%" else "1"
    named = terms if len(parts) <= MOST_TERMS else f"The sum of {len(parts)} numbers"
    return decide(
        [Reading("sum of the parts", holds, f"{terms} = {in_unit(summed, unit)}")],
        good=f"{named} is {'' if relation == 'equal' else 'at most '}{target}.",
        open="",
        bad=f"{named} is {in_unit(summed, unit)}, not {'' if relation == 'equal' else 'at most '}{target}.",
    )


@check
def same_total(first: list[Number], second: list[Number]) -> Finding:
    """Two lists of counts of the same things have the same sum (class sizes of two tables, sessions by group)."""
    one, other = (sum((n.interval for n in side), Interval.exactly(0)) for side in (first, second))
    return decide(
        [Reading("both sums", one.overlaps(other), f"{one} against {other}")],
        good=f"Both sides add up to {one}.",
        open="",
        bad=f"One side adds up to {one}, the other to {other}.",
    )


@check
def product_of(factors: list[Number], product: Number) -> Finding:
    """`factors` multiply to `product` (4 metrics x 3 splits = 12 indicators, 2 directions x 128 units = 256)."""
    multiplied = Interval.exactly(1)
    for factor in factors:
        multiplied = multiplied * factor.interval
    terms = " x ".join(factor.printed for factor in factors)
    return decide(
        [Reading("product", product.interval.overlaps(multiplied), f"{terms} = {in_unit(multiplied, product.unit)}")],
        good=f"{terms} = {in_unit(multiplied, product.unit)} agrees with the stated {product}.",
        open="",
        bad=f"{terms} is {in_unit(multiplied, product.unit)}, not {product}.",
    )


@check
def split_sizes(shares: list[Number], sizes: list[Number], total: Number) -> Finding:
    """`sizes` (aligned with `shares`) are the shares of `total` in whole items, rounded in some way, and add up.

    Shares may be percentages, fractions or ratio parts (7 : 1.5 : 1.5), they are divided by their sum.
    """
    pairs = rows(shares=shares, sizes=sizes)
    whole = sum((share.interval for share in shares), Interval.exactly(0))
    exact = [share.interval / whole * total.interval for share, _ in pairs]
    counted = sum((size.interval for size in sizes), Interval.exactly(0))
    near = [size.interval.overlaps(Interval(e.low - 1, e.high + 1)) for (_, size), e in zip(pairs, exact, strict=True)]
    roughly = [
        size.interval.overlaps(Interval(e.low - total.interval.high / 50, e.high + total.interval.high / 50))
        for (_, size), e in zip(pairs, exact, strict=True)
    ]
    adds = counted.overlaps(total.interval)
    terms = ", ".join(f"{size} for {expected}" for (_, size), expected in zip(pairs, exact, strict=True))
    printed = " + ".join(size.printed for size in sizes)
    return decide(
        [
            Reading("each share rounded down or up", adds and all(near), terms),
            Reading("one part takes the rest", adds and sum(near) >= len(near) - 1, terms),
            Reading("split by group, within two points", adds and all(roughly), terms, plain=False),
        ],
        good=f"The sizes are the stated shares of {total} and add up to it.",
        open=f"The sizes are the stated shares of {total} only roughly, as a split by artist or song would give.",
        bad=f"The sizes are not the stated shares of {total}: {terms}; {printed} = {counted}.",
    )


@check
def published_size(
    stated: Number, published: list[Number], *, items: Literal["whole", "divisible"] = "whole"
) -> Finding:
    """A stated sample is not larger than the published size(s) of the data it is drawn from (several: their sum).

    options: ``items`` is ``whole`` where an item cannot be divided (users, songs), ``divisible`` where a paper may have
    cut items into several (excerpts into segments): then more than published is `undetermined`.
    """
    available = sum((size.interval for size in published), Interval.exactly(0))
    fits = stated.interval.low <= available.high
    sizes = " + ".join(size.printed for size in published)
    readings = [Reading("drawn from the published items", fits, f"{stated} against {sizes} = {available}")]
    if items == "divisible":
        readings.append(Reading("published items cut into several", None, plain=False))
    return decide(
        readings,
        good=f"{stated} is no more than the published {available}.",
        open=f"{stated} is more than the published {available}; items would have to be cut into several.",
        bad=f"{stated} is more than the published {available}.",
    )


@check
def published_equal(stated: Number, published: Number) -> Finding:
    """A stated property of a public data set or library is the published one (1,802 excerpts, 768 dimensions)."""
    same = stated.interval.overlaps(published.interval)
    return decide(
        [Reading("as published", same, f"{stated} against {published}")],
        good=f"{stated} is what is published.",
        open="",
        bad=f"{stated} is stated, {published} is published.",
    )


@check
def enumerated(stated: Number, items: list[Number]) -> Finding:
    """A stated number of things is the number of things listed ('four models' against five rows); counts `items`."""
    return decide(
        [Reading("things listed", stated.interval.contains(len(items)), f"{stated} against {len(items)}")],
        good=f"{len(items)} are listed, as stated.",
        open="",
        bad=f"{stated} is stated, {len(items)} are listed.",
    )


@check
def at_most(smaller: list[Number], larger: list[Number]) -> Finding:
    """Aligned pairs: each `smaller` is at most its `larger` (sessions within 30 minutes against 60 minutes)."""

    def row(small: Number, large: Number) -> Row | None:
        if not (small.known and large.known):
            return None
        holds = small.interval.low <= large.interval.high
        return Row(
            (small, large),
            (Reading(f"{small.name} <= {large.name}", holds, f"{small} <= {large}"),),
            f"{small} ({small.name}) is more than {large} ({large.name})",
        )

    return every_row((row(*pair) for pair in rows(smaller=smaller, larger=larger)), good="no number exceeds its bound")


@check
def weights_feasible(highest: Number, weights: list[Number], lowest: Number | None = None) -> Finding:
    """Weights that add up to 1, one for each claim in `weights`, can have this highest and this lowest weight."""
    count = len(weights)
    others = count - (2 if lowest else 1)
    least = lowest.interval if lowest else Interval.exactly(0)
    ends = highest.interval + (least if lowest else 0)
    smallest, largest = (ends + least * others).low, (ends + highest.interval * others).high
    span = in_unit(Interval(smallest, largest), highest.unit)
    stated = f"highest {highest}" + (f" and lowest {lowest}" if lowest else "")
    return decide(
        [Reading(f"{count} weights", smallest <= 1 <= largest, f"they add up to {span}")],
        good=f"{count} weights with {stated} can add up to one.",
        open="",
        bad=f"{count} weights with {stated} add up to {span}, never to one.",
    )


@check
def bins_partition(lower: list[Number], upper: list[Number], scale: list[Number]) -> Finding:
    """Aligned bins of whole scores neither overlap nor leave a gap on `scale` (its least and greatest score).

    An overlap puts a score into two classes and is `inconsistent`; scores in no class are only reported.
    """
    bins = sorted((math.ceil(low.interval.low), math.floor(high.interval.high)) for low, high in rows(l=lower, u=upper))
    least, greatest = scale[0].integer, scale[-1].integer
    overlap = [(a, b) for a, b in itertools.pairwise(bins) if b[0] <= a[1]]
    covered = {score for low, high in bins for score in range(low, high + 1)}
    missing = [score for score in range(least, greatest + 1) if score not in covered]
    text = ", ".join(f"{low}-{high}" for low, high in bins)
    reading = Reading("whole scores", not overlap and not missing, f"bins {text} on {least}-{greatest}")
    if overlap:
        return Finding("inconsistent", f"The bins {text} overlap: a score belongs to two classes.", (reading,))
    if missing:
        shown = f"{missing[0]}-{missing[-1]}" if missing == list(range(missing[0], missing[-1] + 1)) else str(missing)
        return observe(
            f"The scores {shown} of {least}-{greatest} belong to no class; whoever has one must have been left out.",
            (reading,),
        )
    return Finding("consistent", f"The bins {text} cover {least}-{greatest} once.", (reading,))


@check
def dates_in_order(dates: list[Number]) -> Finding:
    """Dates (quantity ``date``, '17 January 2025' or ISO) come in the order given."""
    parsed = [date_of(date.printed) for date in dates]
    text = ", ".join(date.printed for date in dates)
    if None in parsed:
        return observe(f"Not all of these dates can be read: {text}.")
    return decide(
        [Reading("calendar order", parsed == sorted(parsed), text)],
        good=f"The dates come in order: {text}.",
        open="",
        bad=f"The dates do not come in this order: {text}.",
    )
