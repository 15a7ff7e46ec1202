"""Checks of counts: granularity of means and proportions, totals, shares, splits, sizes against published ones."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Literal

from mer_repro.audit.catalogue import COUNTED, check
from mer_repro.audit.finding import Finding, Reading, Row, decide, every_row, fits, observe, rows
from mer_repro.audit.numbers import Interval, Number, Unusable, date_of, in_unit, sum_of

#: a longer sum is not spelled out in the sentence for readers
MOST_TERMS = 12
#: more items than this are not tried one by one
MOST_TRIED = 20_000


#: scores and shares that are a whole number of items out of a known one
PROPORTIONS = "accuracy error_rate recall specificity hit_ratio mean @share"


@check(takes={"values": PROPORTIONS + " precision npv", "n": COUNTED})
def granularity(values: list[Number], n: Number, *, runs: Literal["one", "unstated"] = "unstated") -> Finding:
    """Each value is a proportion over `n` items, so a whole number of them must print as that value (GRIM).

    options: ``runs`` is ``one`` if the paper describes one run; a mean over several escapes, and with ``unstated`` the
    check answers at worst `undetermined` (`granularity_of_means` tests a stated number of runs).

    Source: Brown and Heathers, The GRIM test, Social Psychological and Personality Science 2017.
    """
    items = n.items

    def row(value: Number) -> Row:
        name = f"{value.name}: whole items of {items}"
        readings = [_whole(name, value, items)]
        if runs == "unstated":
            readings.append(Reading(f"{value.name}: mean over several runs", None, plain=False))
        return Row((value, n), tuple(readings), f"no whole number of {items} items gives {value} ({value.name})")

    known = [value for value in values if value.known]
    hits = {v.name: list((v.feasible * items).integers()[:3]) for v in known}
    return every_row(map(row, known), good=f"a whole number of {items} items gives each value", witness=hits)


def _whole(name: str, value: Number, items: int) -> Reading:
    """The reading that a value is a whole number of items; if not, the nearest such number is what would fit."""
    span = value.feasible * items
    nearest = Interval.exactly(Fraction(round(value.middle * items), items))
    return Reading(name, len(span.integers()) > 0, f"{value} x {items} = {span}", True, value, nearest)


@check(takes={"values": PROPORTIONS, "n": COUNTED, "repeats": COUNTED})
def granularity_of_means(
    values: list[Number], n: Number, repeats: Number, *, scheme: Literal["runs", "folds"] = "runs"
) -> Finding:
    """Each value is the mean of `repeats` proportions, each of a whole number of items.

    options: ``scheme`` is ``runs`` where every run tests the same `n` items (then the mean is a whole number of
    `repeats` x `n`), or ``folds`` where `n` items are dealt over the folds as evenly as possible, each tested once.
    """
    count, items = repeats.items, n.items
    if scheme == "folds" and items < count:
        raise Unusable(f"{items} items cannot be dealt over {count} folds")
    size, larger = (items, 0) if scheme == "runs" else divmod(items, count)
    named = f"{count} runs of {items} items" if scheme == "runs" else f"{count} folds of {items} items"

    def row(value: Number) -> Row:
        name = f"{value.name}: mean over {named}"
        if larger == 0:
            reading = _whole(name, value, count * size)
        else:
            sums = value.share * count

            holds, nearest = _two_sizes(sums, size, count - larger, larger)
            reading = Reading(name, holds, f"{value} x {count} = {sums}", True, value, nearest / count)
        return Row((value, n), (reading,), f"no whole numbers of items in {named} give the mean {value} ({value.name})")

    known = [value for value in values if value.known]
    return every_row(map(row, known), good=f"whole numbers of items in {named} give each value")


def _two_sizes(sums: Interval, size: int, small: int, large: int) -> tuple[bool, Interval]:
    """Whether a / size + b / (size + 1) lies in `sums` for whole a <= small x size and b <= large x (size + 1).

    And the nearest such sum to its middle.
    """
    if small * size > MOST_TRIED:
        return True, sums  # so many items come nearer than any printed digit
    middle, most = Fraction(sums.low + sums.high) / 2, large * (size + 1)
    nearest = Fraction(0)
    for hits in range(small * size + 1):
        part = Fraction(hits, size)
        rest = ((sums - part) * (size + 1)).within(0, most)
        if rest is not None and len(rest.integers()):
            return True, sums
        other = part + Fraction(min(most, max(0, round((middle - part) * (size + 1)))), size + 1)
        nearest = other if abs(other - middle) < abs(nearest - middle) else nearest
    return False, Interval.exactly(nearest)


@check(takes={"shares": "@share", "n": COUNTED})
def integer_shares(shares: list[Number], n: Number) -> Finding:
    """Whole numbers that add up to `n` exist whose shares print as `shares` (58.3, 28.1 and 13.6 % of 3,852)."""
    items = n.items
    ranges = [(share.feasible * items).integers() for share in shares]
    possible = all(ranges) and sum(r[0] for r in ranges) <= items <= sum(r[-1] for r in ranges)
    witness = None
    if possible:
        counts, left = [r[0] for r in ranges], items - sum(r[0] for r in ranges)
        for position, span in enumerate(ranges):
            step = min(left, span[-1] - span[0])
            counts[position], left = counts[position] + step, left - step
        witness = {share.name: count for share, count in zip(shares, counts, strict=True)}
    ends = " + ".join(f"{r[0]}..{r[-1]}" if r else "none" for r in ranges)
    readings = [Reading("whole items, all counted", possible, f"{ends} against {items}")]
    if all(ranges) and not possible:  # what one share would have to be, the others as they are
        least, most = sum(r[0] for r in ranges), sum(r[-1] for r in ranges)
        for share, r in zip(shares, ranges, strict=True):
            left_over = Interval(Fraction(items - most + r[-1], items), Fraction(items - least + r[0], items))
            readings.append(Reading(f"another {share.name}", possible, "", True, share, left_over))
    return decide(
        readings,
        good=f"Whole numbers of items with these shares add up to {items}.",
        open="",
        bad=f"No whole numbers of items with these shares add up to {items}.",
        witness=witness,
    )


@check(takes={"stated": "@share @score ratio"}, alike=("part", "whole"))
def proportion(stated: Number, part: Number, whole: Number) -> Finding:
    """`stated` is `part` / `whole`, a percentage or fraction by its unit.

    A `split_share` (of quantity) may also have been the aim: then `part` is that share, rounded to whole items.
    """
    share = part.interval / whole.interval
    readings = [fits("part / whole", stated, share, f"{part} / {whole} = {in_unit(share, stated.unit)}")]
    if stated.quantity == "split_share":
        items = stated.interval * whole.interval
        if not items.finite:
            raise Unusable(f"{stated} of {whole} is open-ended")
        nearest = Interval(Fraction(math.floor(items.low)), Fraction(math.ceil(items.high)))
        text = f"{stated} of {whole} is {items}"
        readings.append(Reading("the share in whole items", part.interval.overlaps(nearest), text))
    return decide(
        readings,
        good=f"{part} of {whole} is {stated}.",
        open="",
        bad=f"{part} of {whole} is {in_unit(share, stated.unit)}, not {stated}.",
    )


@check(alike=("parts", "total"))
def sum_to_total(
    parts: list[Number], total: Number | None = None, *, relation: Literal["equal", "at_most"] = "equal"
) -> Finding:
    """`parts` add up to `total` (to 1 if no total is bound: shares, weights); also for concatenated dimensions.

    options: ``relation`` is ``equal``, or ``at_most`` where only some of the parts are stated.
    """
    summed = sum_of(parts)
    whole = total.interval if total else Interval.exactly(1)
    unit = total.unit if total else parts[0].unit
    terms = " + ".join(part.printed for part in parts)
    target = str(total) if total else "100 %" if unit == "%" else "1"
    named = terms if len(parts) <= MOST_TERMS else f"The sum of {len(parts)} numbers"
    text = f"{terms} = {in_unit(summed, unit)}"
    name = "sum of the parts"
    if relation == "at_most":
        holds = summed.low <= whole.high
        readings = [Reading(name, holds, text, True, total, Interval(summed.low, math.inf))]
    elif total:
        readings = [fits(name, total, summed, text)]
    else:  # what one part would have to be, the others as they are
        holds = summed.overlaps(whole)
        rest = [sum_of([*parts[:k], *parts[k + 1 :]]) for k in range(len(parts))]
        readings = [Reading(name, holds, text)] + [
            Reading(f"another {part.name}", False, "", True, part, whole - other)
            for part, other in zip(parts if not holds else [], rest, strict=False)
        ]
    return decide(
        readings,
        good=f"{named} is {'' if relation == 'equal' else 'at most '}{target}.",
        open="",
        bad=f"{named} is {in_unit(summed, unit)}, not {'' if relation == 'equal' else 'at most '}{target}.",
    )


@check(alike=("first", "second"))
def same_total(first: list[Number], second: list[Number]) -> Finding:
    """Two lists of counts of the same things have the same sum (class sizes of two tables, sessions by group)."""
    one, other = sum_of(first), sum_of(second)
    size = abs(one - other)
    return decide(
        [Reading("both sums", one.overlaps(other), f"{one} against {other}")],
        good=f"Both sides add up to {one}.",
        open="",
        bad=f"One side adds up to {one}, the other to {other}; some number would have to change by {size}.",
    )


@check
def product_of(factors: list[Number], product: Number) -> Finding:
    """`factors` multiply to `product` (4 metrics x 3 splits = 12 indicators, 2 directions x 128 units = 256)."""
    multiplied = Interval.exactly(1)
    for factor in factors:
        multiplied = multiplied * factor.interval
    terms = " x ".join(factor.printed for factor in factors)
    return decide(
        [fits("product", product, multiplied, f"{terms} = {in_unit(multiplied, product.unit)}")],
        good=f"{terms} = {in_unit(multiplied, product.unit)} agrees with the stated {product}.",
        open="",
        bad=f"{terms} is {in_unit(multiplied, product.unit)}, not {product}.",
    )


@check(takes={"shares": "@share @count ratio", "sizes": COUNTED, "total": COUNTED})
def split_sizes(shares: list[Number], sizes: list[Number], total: Number) -> Finding:
    """`sizes` (aligned with `shares`) are the shares of `total` in whole items, rounded in some way, and add up.

    Shares may be percentages, fractions or ratio parts (7 : 1.5 : 1.5), they are divided by their sum.
    """
    pairs = rows(shares=shares, sizes=sizes)
    whole, counted = sum_of(shares), sum_of(sizes)
    items = total.interval
    if whole.low <= 0 or not items.finite:
        raise Unusable(f"{whole} parts of {items} are no split")
    exact = [share.interval / whole * items for share, _ in pairs]

    def near(slack) -> list[bool]:
        return [
            size.interval.overlaps(Interval(e.low - slack, e.high + slack))
            for (_, size), e in zip(pairs, exact, strict=True)
        ]

    close, roughly = near(1), near(items.high / 50)
    adds = counted.overlaps(items)
    terms = ", ".join(f"{size} for {expected}" for (_, size), expected in zip(pairs, exact, strict=True))
    printed = " + ".join(size.printed for size in sizes)
    worst = max(range(len(pairs)), key=lambda k: max(exact[k].low - sizes[k].middle, sizes[k].middle - exact[k].high))
    allowed = Interval(exact[worst].low - 1, exact[worst].high + 1)
    return decide(
        [
            Reading("each share rounded down or up", adds and all(close), terms, True, sizes[worst], allowed),
            Reading("one part takes the rest", adds and sum(close) >= len(close) - 1, terms),
            Reading("split by group, within two points", adds and all(roughly), terms, plain=False),
        ],
        good=f"The sizes are the stated shares of {total} and add up to it.",
        open=f"The sizes are the stated shares of {total} only roughly, as a split by artist or song would give.",
        bad=f"The sizes are not the stated shares of {total}: {terms}; {printed} = {counted}.",
    )


@check(takes={"stated": COUNTED}, alike=("stated", "published"))
def published_size(
    stated: Number, published: list[Number], *, items: Literal["whole", "divisible"] = "whole"
) -> Finding:
    """A stated sample is not larger than the published size(s) of the data it is drawn from (several: their sum).

    options: ``items`` is ``whole`` where an item cannot be divided (users, songs), ``divisible`` where a paper may have
    cut items into several (excerpts into segments): then more than published is `undetermined`.
    """
    available = sum_of(published)
    sizes = " + ".join(size.printed for size in published)
    text = f"{stated} against {sizes} = {available}"
    readings = [fits("drawn from the published items", stated, Interval(-math.inf, available.high), text)]
    if items == "divisible":
        readings.append(Reading("published items cut into several", None, plain=False))
    return decide(
        readings,
        good=f"{stated} is no more than the published {available}.",
        open=f"{stated} is more than the published {available}; items would have to be cut into several.",
        bad=f"{stated} is more than the published {available}.",
    )


@check(alike=("stated", "published"))
def published_equal(stated: Number, published: Number) -> Finding:
    """A stated property of a public data set or library is the published one (1,802 excerpts, 768 dimensions)."""
    return decide(
        [fits("as published", stated, published.interval, f"{stated} against {published}")],
        good=f"{stated} is what is published.",
        open="",
        bad=f"{stated} is stated, {published} is published.",
    )


@check(takes={"stated": COUNTED})
def enumerated(stated: Number, items: list[Number]) -> Finding:
    """A stated number of things is the number of things listed ('four models' against five rows); counts `items`."""
    return decide(
        [fits("things listed", stated, Interval.exactly(len(items)), f"{stated} against {len(items)}")],
        good=f"{len(items)} are listed, as stated.",
        open="",
        bad=f"{stated} is stated, {len(items)} are listed.",
    )


@check(alike=("smaller", "larger"))
def at_most(smaller: list[Number], larger: list[Number]) -> Finding:
    """Aligned pairs: each `smaller` is at most its `larger` (sessions within 30 minutes against 60 minutes)."""

    def row(small: Number, large: Number) -> Row | None:
        if not (small.known and large.known):
            return None
        bound = Interval(-math.inf, large.interval.high)
        return Row(
            (small, large),
            (fits(f"{small.name} <= {large.name}", small, bound, f"{small} <= {large}"),),
            f"{small} ({small.name}) is more than {large} ({large.name})",
        )

    return every_row((row(*pair) for pair in rows(smaller=smaller, larger=larger)), good="no number exceeds its bound")


@check(takes={"highest": "@share", "lowest": "@share"})
def weights_feasible(highest: Number, weights: list[Number], lowest: Number | None = None) -> Finding:
    """Weights that add up to 1, one for each claim in `weights`, can have this highest and this lowest weight."""
    count = len(weights)
    others = count - (2 if lowest else 1)
    least = lowest.interval if lowest else Interval.exactly(0)
    ends = highest.interval + (least if lowest else 0)
    smallest, largest = (ends + least * others).low, (ends + highest.interval * others).high
    if others < 0:
        raise Unusable(f"{count} weights cannot have a highest of {highest} and a lowest of {lowest or 'none'}")
    span = in_unit(Interval(min(smallest, largest), max(smallest, largest)), highest.unit)
    stated = f"highest {highest}" + (f" and lowest {lowest}" if lowest else "")
    ends_of_highest = (1 - least.high) / (others + 1), 1 - least.low * (others + (1 if lowest else 0))
    possible = Interval(*ends_of_highest) if ends_of_highest[0] <= ends_of_highest[1] else None
    return decide(
        [Reading(f"{count} weights", smallest <= 1 <= largest, f"they add up to {span}", True, highest, possible)],
        good=f"{count} weights with {stated} can add up to one.",
        open="",
        bad=f"{count} weights with {stated} add up to {span}, never to one.",
    )


@check(cut=False, alike=("lower", "upper", "scale"))
def bins_partition(lower: list[Number], upper: list[Number], scale: list[Number]) -> Finding:
    """Aligned bins of whole scores neither overlap nor leave a gap on `scale` (its least and greatest score).

    An overlap puts a score into two classes and is `inconsistent`; scores in no class are only reported.
    """
    named = {(low.integer, high.integer): high for low, high in rows(lower=lower, upper=upper)}
    bins = sorted(named)
    least, greatest = scale[0].integer, scale[-1].integer
    text = ", ".join(f"{low}-{high}" for low, high in bins)
    overlap = next((pair for pair in itertools.pairwise(bins) if pair[1][0] <= pair[0][1]), None)
    ends = [(least - 1, least - 1), *bins, (greatest + 1, greatest + 1)]
    missing = [(a[1] + 1, b[0] - 1) for a, b in itertools.pairwise(ends) if a[1] + 1 < b[0]]
    arithmetic = f"bins {text} on {least}-{greatest}"
    if overlap:
        below = Interval(-math.inf, Fraction(overlap[1][0] - 1))
        reading = Reading("whole scores", False, arithmetic, True, named[overlap[0]], below)
        bad = f"The bins {text} overlap: a score belongs to two classes."
        return decide([reading], good="", open="", bad=bad)
    reading = Reading("whole scores", not missing, arithmetic)
    if missing:
        shown = ", ".join(f"{a}-{b}" if a < b else f"{a}" for a, b in missing)
        return observe(
            f"The scores {shown} of {least}-{greatest} belong to no class; whoever has one must have been left out.",
            (reading,),
        )
    return Finding("consistent", f"The bins {text} cover {least}-{greatest} once.", (reading,))


@check(takes={"dates": "date"})
def dates_in_order(dates: list[Number]) -> Finding:
    """Dates (quantity ``date``, '17 January 2025' or ISO) come in the order given."""
    text = ", ".join(date.printed for date in dates)
    parsed = [day for day in (date_of(date.printed) for date in dates) if day]
    if len(parsed) < len(dates):
        return observe(f"Not all of these dates can be read: {text}.")
    late = next((k for k in range(1, len(parsed)) if parsed[k] < parsed[k - 1]), 0)
    return decide(
        [Reading("calendar order", late == 0, text)],
        good=f"The dates come in order: {text}.",
        open="",
        bad=f"The dates do not come in this order: {text}; {dates[late].printed} comes too late.",
    )
