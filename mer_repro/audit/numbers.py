"""A printed number is an interval: everything that its author may have held before printing it.

Conventions
-----------
- ``0.845`` rounded to the nearest thousandth came from the closed interval [0.8445, 0.8455]; closed at both ends, so
  that rounding half up and rounding half to even are both inside.
- Ends are `fractions.Fraction` (or plus/minus infinity): no check ever compares floats that were rounded on the way.
- `Number.interval` is in base units: percentages are divided by 100, milliseconds by 1000, kilohertz times 1000.
- What is counted and printed without a decimal point (``3,852 users``) is exact.
- Separators group three digits (``3,852``, ``3 852``); a decimal comma (``0,845``) is declared, else it is refused.
- A printed dash, ``n/a`` or ``NAN`` is no number: `Number.known` says so, and `Number.interval` raises `Unusable`.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from mer_repro.audit import quantities

Rounding = Literal["nearest", "exact", "approximate", "at_least", "at_most"]
End = Fraction | float  # a float is plus or minus infinity
# fmt: off
WORDS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]
MONTHS = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]
# fmt: on

#: words and signs before a number -> what they say of its rounding
_PREFIXES: dict[str, Rounding] = {
    **dict.fromkeys(("~", "≈", "about", "around", "approximately", "circa", "ca.", "roughly", "nearly"), "approximate"),
    **dict.fromkeys((">", "≥", ">=", "over", "more than", "at least", "above"), "at_least"),
    **dict.fromkeys(("<", "≤", "<=", "under", "less than", "at most", "below", "up to"), "at_most"),
}
_PRINTED = re.compile(
    r"(?P<prefix>[~≈<>≥≤]=?|[a-z. ]+(?= ))?\s*"
    r"(?P<sign>[+−–-]?)\s?"
    r"(?P<digits>[1-9][0-9]{0,2}(?P<group>[,\u2009\u00a0\u202f ])[0-9]{3}(?:(?P=group)[0-9]{3})*|[0-9]+|(?=\.[0-9]))"
    r"(?P<point>\.[0-9]+)?"
    r"(?:[eE](?P<exponent>[+−-]?[0-9]{1,2})|\s?[×x]\s?10\^?(?P<power>[−-]?[0-9]{1,2}))?"
    r"(?P<thousands>(?-i:[kKMB])(?![A-Za-z]))?"
    r"\s*(?P<unit>[A-Za-z%µ/]*)(?P<more>\+?)[*†‡§]*",
    re.IGNORECASE,
)
_THOUSANDS = {"k": 3, "m": 6, "b": 9}
#: a number of more digits than this is none that a paper prints
_MOST_DIGITS = 30
_ROOT_DIGITS = 10**15


class Unusable(ValueError):
    """A number that a check needs is not printed, or is not of the kind that the check can reckon with."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of rationals, ends possibly infinite, with the arithmetic of intervals.

    Operations return the smallest interval that holds every result; the square root is rounded outwards at the
    fifteenth decimal.
    """

    low: End
    high: End

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"an interval from {self.low} to {self.high} is empty")

    @classmethod
    def exactly(cls, value) -> Interval:
        """The interval that holds `value` (int, Fraction or a string such as '0.05') alone."""
        return cls(Fraction(value), Fraction(value))

    def __add__(self, other) -> Interval:
        other = as_interval(other)
        return Interval(_plus(self.low, other.low), _plus(self.high, other.high))

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other) -> Interval:
        return self + (-as_interval(other))

    def __mul__(self, other) -> Interval:
        other = as_interval(other)
        products = [_times(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(products), max(products))

    def __truediv__(self, other) -> Interval:
        other = as_interval(other)
        if other.low <= 0 <= other.high:
            return Interval(-math.inf, math.inf)
        return self * Interval(_inverse(other.high), _inverse(other.low))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other) -> Interval:
        return as_interval(other) - self

    def __rtruediv__(self, other) -> Interval:
        return as_interval(other) / self

    def __abs__(self) -> Interval:
        if self.low >= 0:
            return self
        if self.high <= 0:
            return -self
        return Interval(Fraction(0), max(-self.low, self.high))

    def squared(self) -> Interval:
        """The squares of all points: never below 0, also where the interval holds 0."""
        size = abs(self)
        return Interval(_times(size.low, size.low), _times(size.high, size.high))

    def root(self) -> Interval:
        """Square root of the part of the interval that is not negative."""
        low, high = max(self.low, Fraction(0)), max(self.high, Fraction(0))
        return Interval(_root_below(low), _plus(_root_below(high), Fraction(1, _ROOT_DIGITS)))

    def overlaps(self, other) -> bool:
        """True if `other` (an interval or one rational) shares at least one point with this one, ends included."""
        other = as_interval(other)
        return self.low <= other.high and other.low <= self.high

    def below(self, other) -> bool:
        """True if every point lies strictly below every point of `other`."""
        return self.high < as_interval(other).low

    def contains(self, value) -> bool:
        """True if `value` (a rational or an infinity) lies inside, ends included."""
        return self.low <= value <= self.high

    def within(self, low: End, high: End) -> Interval | None:
        """The part of the interval from `low` to `high`, None if there is none."""
        return common([self, Interval(low, high)])

    @property
    def finite(self) -> bool:
        """True if neither end is infinite."""
        return self.low != -math.inf and self.high != math.inf

    def integers(self) -> range:
        """All integers inside.  Raises Unusable for an infinite interval."""
        if not self.finite:
            raise Unusable(f"{self} is open-ended")
        return range(math.ceil(self.low), math.floor(self.high) + 1)

    def __str__(self) -> str:
        if self.low == self.high:
            return show(self.low)
        digits = 4
        if self.finite:
            width = float(self.high - self.low)
            digits = max(0, min(8, 1 - math.floor(math.log10(width)))) if width else 4
        return f"{show(self.low, digits)} to {show(self.high, digits)}"


def as_interval(value) -> Interval:
    """`value` itself if it is an interval, else the interval that holds this one rational."""
    return value if isinstance(value, Interval) else Interval.exactly(value)


def show(value: Fraction | float, digits: int = 6) -> str:
    """A rational in plain decimals, at most `digits` after the point, without trailing zeros."""
    if value in (math.inf, -math.inf):
        return "infinity" if value > 0 else "-infinity"
    text = f"{float(value):.{digits}f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def in_unit(interval: Interval, unit: str) -> str:
    """An interval of base units, written in a printed unit: 0.0825 to 0.0835 as '8.25 to 8.35 %'."""
    text = str(interval / quantities.scale(unit))
    return text if unit in ("", "1") else f"{text} {unit}"


def hull(intervals) -> Interval:
    """The smallest interval that holds all of `intervals` (at least one)."""
    intervals = list(intervals)
    return Interval(min(i.low for i in intervals), max(i.high for i in intervals))


def common(intervals) -> Interval | None:
    """What all of `intervals` share, or None if they share nothing."""
    intervals = list(intervals)
    low, high = max(i.low for i in intervals), min(i.high for i in intervals)
    return Interval(low, high) if low <= high else None


def _exact(end: float) -> End:
    return end if end in (math.inf, -math.inf) else Fraction(end)


def _plus(a: End, b: End) -> End:
    return next((end for end in (a, b) if end in (math.inf, -math.inf)), a + b)


def _times(a: End, b: End) -> End:
    if a == 0 or b == 0:
        return Fraction(0)  # also 0 * infinity, for ends of intervals
    if math.inf in (abs(a), abs(b)):
        return math.inf if (a > 0) == (b > 0) else -math.inf
    return a * b


def _inverse(a):
    return Fraction(0) if a in (math.inf, -math.inf) else 1 / Fraction(a)


def _root_below(value: End) -> End:
    if value == math.inf:
        return value
    return Fraction(math.isqrt(math.floor(value * _ROOT_DIGITS**2)), _ROOT_DIGITS)


def read_printed(printed: str, unit: str = "", decimal_comma: bool = False) -> tuple[Decimal, Rounding | None] | None:
    """The decimal in a printed number, its last digit kept, and the rounding that its signs state; None if it is none.

    Understands a sign, separators that group three digits, ``1e-3``, ``1.2M`` and ``110k``, number words up to twenty,
    ``3x3`` (the side of a square), brackets around it, a trailing unit if it is '%' or `unit`, stars of significance,
    and before or after it what says that it is no exact number (``~3``, ``about 3``, ``>3``, ``3+``).  With
    `decimal_comma`, points and commas change their parts.
    """
    text = printed.strip()
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1].strip()
    square = re.fullmatch(r"([0-9]+) ?[x×] ?\1", text)
    if square:
        return Decimal(square[1]), None
    if text.casefold() in WORDS:
        return Decimal(WORDS.index(text.casefold())), None
    match = _PRINTED.fullmatch(text.translate(_SWAPPED) if decimal_comma else text)
    if not match or match["unit"].casefold() not in ("", "%", unit.casefold()):
        return None
    prefix = (match["prefix"] or "").strip().casefold()
    if prefix and prefix not in _PREFIXES:
        return None
    power = int((match["exponent"] or match["power"] or "0").replace("−", "-"))
    power += _THOUSANDS[match["thousands"].casefold()] if match["thousands"] else 0
    digits = re.sub(r"[^0-9]", "", match["digits"]) + (match["point"] or "")
    if len(digits) > _MOST_DIGITS or abs(power) > _MOST_DIGITS:
        return None
    sign = "-" if match["sign"] in ("-", "−", "–") else ""
    stated = _PREFIXES[prefix] if prefix else "at_least" if match["more"] else None
    return Decimal(f"{sign}{digits}e{power}" if power else sign + digits), stated


_SWAPPED = str.maketrans(".,", ",.")


def decimal_of(printed: str, unit: str = "", decimal_comma: bool = False) -> Decimal | None:
    """The decimal in a printed number (see `read_printed`), or None if there is none (``NAN``, a date)."""
    read = read_printed(printed, unit, decimal_comma)
    return read[0] if read else None


def date_of(printed: str) -> datetime.date | None:
    """The date in '17 January 2025', '2025-01-17' or 'January 17, 2025'; None if it is written in another way."""
    day_first = re.fullmatch(r"(\d{1,2}) ([A-Za-z]+) (\d{4})", printed.strip())
    month_first = re.fullmatch(r"([A-Za-z]+) (\d{1,2}), (\d{4})", printed.strip())
    iso = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", printed.strip())
    try:
        if iso:
            return datetime.date(*map(int, iso.groups()))
        if day_first:
            return datetime.date(int(day_first[3]), MONTHS.index(day_first[2].lower()) + 1, int(day_first[1]))
        if month_first:
            return datetime.date(int(month_first[3]), MONTHS.index(month_first[1].lower()) + 1, int(month_first[2]))
    except ValueError:
        return None
    return None


def interval_of(value: Decimal, rounding: str, cut: bool = False) -> Interval:
    """What a printed decimal may have been before it was rounded, in the printed unit.

    Parameters
    ----------
    value : the printed decimal with its last digit kept (``Decimal('0.50')`` is not ``Decimal('0.5')``).
    rounding : ``nearest`` half a unit of the last digit either way; ``exact`` the value alone; ``approximate``
        ("about") a whole unit of the last digit that is not zero, either way; ``at_least``, ``at_most`` one-sided.
    cut : also allow that the author cut the digits off (0.999 printed as 0.99): a whole unit away from zero.
    """
    exact = Fraction(value)
    if rounding == "exact":
        return Interval(exact, exact)
    if rounding == "at_least":
        return Interval(exact, math.inf)
    if rounding == "at_most":
        return Interval(-math.inf, exact)
    if rounding == "approximate":
        unit = Fraction(10) ** int(value.normalize().as_tuple().exponent) if value else Fraction(1)
        return Interval(exact - unit, exact + unit)
    unit = Fraction(10) ** int(value.as_tuple().exponent)
    low, high = exact - unit / 2, exact + unit / 2
    if cut and value >= 0:
        high = exact + unit
    if cut and value <= 0:
        low = exact - unit
    return Interval(low, high)


@dataclass(frozen=True, slots=True)
class Number:
    """A stated number as the checks see it.

    Attributes
    ----------
    id : full id of the claim (``qiu2025.t1.ours.testing.r2``) or of the fact (``facts.deam_songs``).
    printed : as printed.
    quantity : a name of `mer_repro.audit.quantities`; empty for a fact.
    bounds : what it may be, in base units; None where nothing numeric is printed (``NAN``, a date).  Checks take
        `interval`, which is never None.
    spread : the same for what stands after the plus-minus sign; None if nothing does.
    unit : as in `mer_repro.audit.quantities.UNITS`, or what is counted.
    value : the printed decimal, in the printed unit.
    """

    id: str
    printed: str
    quantity: str
    bounds: Interval | None
    spread: Interval | None = None
    unit: str = "1"
    value: Decimal | None = None

    @property
    def known(self) -> bool:
        """Whether a number is printed at all."""
        return self.bounds is not None

    @property
    def interval(self) -> Interval:
        """What it may be, in base units.  Raises Unusable where no number is printed: ask `known` before."""
        if self.bounds is None:
            raise Unusable(f"{self.name} is printed as '{self.printed}', which is no number")
        return self.bounds

    def with_value(self, value: Decimal) -> Number:
        """The same number with another printed value (in the printed unit), rounded as this one is."""
        if self.value is None or self.bounds is None:
            raise Unusable(f"{self.name} is printed as '{self.printed}', which is no number")
        bounds = self.bounds + Fraction(value - self.value) * quantities.scale(self.unit)
        printed = f"{value:,f}" if "," in self.printed else f"{value:f}"
        return dataclasses.replace(self, printed=printed, value=value, bounds=bounds)

    def stepped(self, units: int) -> Number:
        """The same number with `units` of its last digit more."""
        if self.value is None:
            raise Unusable(f"{self.name} is printed as '{self.printed}', which is no number")
        return self.with_value(self.value + Decimal(units).scaleb(int(self.value.as_tuple().exponent)))

    @property
    def share(self) -> Interval:
        """The part of `interval` from 0 to 1.  Raises Unusable if there is none."""
        within = self.interval.within(Fraction(0), Fraction(1))
        if within is None:
            raise Unusable(f"{self.name} is {self}, which is no share")
        return within

    @property
    def feasible(self) -> Interval:
        """The part of `interval` that its quantity can take (an accuracy: 0 to 1); all of it where that is nothing."""
        known = quantities.quantities().get(self.quantity)
        return (known and self.interval.within(*map(_exact, known.range))) or self.interval

    def __str__(self) -> str:
        """As printed, with its unit: '0.845', '12.2 %', '48 ms'."""
        return self.printed if self.unit in ("", "1") or self.printed.endswith("%") else f"{self.printed} {self.unit}"

    @property
    def meant(self) -> str:
        """As `str` gives it, with what its bounds say of its rounding: 'at most 50 ms', 'about 7.1 %'."""
        if self.bounds is None or self.value is None or not self.printed.lstrip("+−-")[:1].isdigit():
            return str(self)  # a sign or a word says it already
        last_digit = Fraction(10) ** int(self.value.as_tuple().exponent) * quantities.scale(self.unit)
        if not self.bounds.finite:
            return f"{'at most' if self.bounds.low == -math.inf else 'at least'} {self}"
        return f"about {self}" if self.bounds.high - self.bounds.low >= 2 * last_digit else str(self)

    @property
    def name(self) -> str:
        """The id without the paper, for sentences."""
        return self.id.partition(".")[2] or self.id

    @property
    def middle(self) -> Fraction:
        """The printed value itself, in base units.  Raises Unusable where no number is printed."""
        if self.value is None:
            raise Unusable(f"{self.name} is printed as '{self.printed}', which is no number")
        return Fraction(self.value) * quantities.scale(self.unit)

    @property
    def integer(self) -> int:
        """The whole number that is printed.  Raises Unusable for fractions and for 'about' and 'over'."""
        value = self.middle
        if value.denominator != 1 or self.interval.high - self.interval.low >= 2:
            raise Unusable(f"{self.name} is '{self.printed}', which does not name one whole number")
        return int(value)

    @property
    def items(self) -> int:
        """A number of items, at least one.  Raises Unusable for anything else."""
        if self.integer < 1:
            raise Unusable(f"{self.name} is {self.printed}, and nothing can be a share of that")
        return self.integer


def number(
    id: str,
    value: str,
    unit: str = "1",
    rounding: Rounding | None = None,
    quantity: str = "",
    spread: str | None = None,
    cut: bool = False,
    decimal_comma: bool = False,
) -> Number:
    """Read a printed number with its unit into a `Number` in base units (see `interval_of`).

    `rounding` is what the text says; where it says nothing, what is counted and printed whole is exact and everything
    else is rounded to the nearest.  A sign at the number ('~', '<', '+') goes before 'nearest' and 'exact'.
    """

    scale = quantities.scale(unit)

    def interval(text: str | None) -> Interval | None:
        read = read_printed(text, unit, decimal_comma) if text is not None and quantity != "date" else None
        if read is None:
            return None
        how = rounding_of(*read, rounding, quantity)
        held = interval_of(read[0], how, cut)
        return held if scale == 1 else held * scale

    printed = decimal_of(value, unit, decimal_comma) if quantity != "date" else None
    return Number(id, value, quantity, interval(value), interval(spread), unit, printed)


def rounding_of(value: Decimal, signed: Rounding | None, stated: Rounding | None, quantity: str) -> Rounding:
    """How a number was rounded: as its sign says, as the text says, or as its quantity implies (see `number`)."""
    if signed and stated in (None, "nearest", "exact"):
        return signed
    if stated:
        return stated
    known = quantities.quantities().get(quantity)
    return "exact" if known and known.whole and value.as_tuple().exponent == 0 else "nearest"


def nearest_step(stated: Number, holds: Callable[[Number], bool], most: int = 50) -> Interval | None:
    """The nearest value within `most` units of the last digit for which `holds`, or None if there is none."""
    for step in (sign * units for units in range(1, most + 1) for sign in (-1, 1)):
        other = stated.stepped(step)
        if holds(other):
            return Interval.exactly(other.middle)
    return None


def sum_of(numbers: Iterable[Number]) -> Interval:
    """What the sum of some numbers may be."""
    return sum((number.interval for number in numbers), Interval.exactly(0))


def nearest_printed(stated: Number, allowed: Interval) -> Decimal | None:
    """The decimal nearest to a printed number, with as many digits, that some value in `allowed` is printed as.

    In the number's printed unit; None where nothing is printed or none of that many digits would do.
    """
    if stated.value is None or stated.bounds is None:
        return None
    exponent = int(stated.value.as_tuple().exponent)
    grid, span, value = Fraction(10) ** exponent, allowed / quantities.scale(stated.unit), Fraction(stated.value)
    rounded = Fraction(0) if stated.bounds.low == stated.bounds.high else grid / 2
    for reach in (Fraction(0), rounded):  # a printed value that is allowed itself, else one that only rounds to it
        low, high = span.low - reach, span.high + reach
        steps = math.ceil(low / grid) if value < low else math.floor(high / grid) if value > high else value / grid
        if low <= steps * grid <= high:
            return Decimal(int(steps)).scaleb(exponent)
    return None
