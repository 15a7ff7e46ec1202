"""A printed number is an interval: everything that its author may have held before printing it.

Conventions
-----------
- ``0.845`` rounded to the nearest thousandth came from the closed interval [0.8445, 0.8455]; closed at both ends, so
  that rounding half up and rounding half to even are both inside.
- Ends are `fractions.Fraction` (or plus/minus infinity): no check ever compares floats that were rounded on the way.
- `Number.interval` is in base units: percentages are divided by 100, milliseconds by 1000, kilohertz times 1000.
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

#: printed unit -> factor to the base unit
SCALE = {
    "%": Fraction(1, 100),
    "points": Fraction(1, 100),
    "ms": Fraction(1, 1000),
    "min": Fraction(60),
    "kHz": Fraction(1000),
}
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

_PRINTED = re.compile(
    r"^[~≈≥≤<>]*\s*(?P<sign>[+−-]?)\s*(?P<digits>\d[\d,\u2009\u00a0 ]*\.?\d*|\.\d+)"
    r"(?P<exponent>[eE][+−-]?\d+)?\s*(?P<unit>[A-Za-z%µ/]*)\+?$"
)
_ROOT_DIGITS = 10**15


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of rationals, ends possibly infinite, with the arithmetic of intervals.

    Operations return the smallest interval that holds every result; the square root is rounded outwards at the
    fifteenth decimal.
    """

    low: Fraction | float
    high: Fraction | float

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError(f"an interval from {self.low} to {self.high} is empty")

    @classmethod
    def exactly(cls, value) -> Interval:
        """The interval that holds `value` (int, Fraction or a string such as '0.05') alone."""
        return cls(Fraction(value), Fraction(value))

    def __add__(self, other) -> Interval:
        other = as_interval(other)
        return Interval(self.low + other.low, self.high + other.high)

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
        size = abs(self)
        return Interval(_times(size.low, size.low), _times(size.high, size.high))

    def root(self) -> Interval:
        """Square root of the part of the interval that is not negative."""
        low, high = max(self.low, Fraction(0)), max(self.high, Fraction(0))
        return Interval(_root_below(low), high if high == math.inf else _root_below(high) + Fraction(1, _ROOT_DIGITS))

    def overlaps(self, other) -> bool:
        other = as_interval(other)
        return self.low <= other.high and other.low <= self.high

    def below(self, other) -> bool:
        """True if every point lies strictly below every point of `other`."""
        return self.high < as_interval(other).low

    def contains(self, value) -> bool:
        return self.low <= value <= self.high

    def integers(self) -> range:
        """All integers inside.  Raises OverflowError for an infinite interval."""
        return range(math.ceil(self.low), math.floor(self.high) + 1)

    def __str__(self) -> str:
        if self.low == self.high:
            return show(self.low)
        digits = 4
        if self.low not in (-math.inf, math.inf) and self.high != math.inf:
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
    text = str(interval / SCALE.get(unit, Fraction(1)))
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


def _times(a, b):
    return Fraction(0) if a == 0 or b == 0 else a * b  # 0 * infinity is 0 for ends of intervals


def _inverse(a):
    return Fraction(0) if a in (math.inf, -math.inf) else 1 / Fraction(a)


def _root_below(value: Fraction) -> Fraction:
    if value == math.inf:
        return value
    return Fraction(math.isqrt(math.floor(value * _ROOT_DIGITS**2)), _ROOT_DIGITS)


def decimal_of(printed: str, unit: str = "") -> Decimal | None:
    """The decimal in a printed number, its last digit kept, or None if there is none (``NAN``, a date).

    Understands thousands separators, a sign, ``1e-3``, number words up to twenty, ``3x3`` (the side of a square), a
    leading tilde, brackets around it and a trailing unit if it is '%' or `unit`.
    """
    square = re.fullmatch(r"(\d+) ?[x×] ?\1", printed)
    if square:
        return Decimal(square[1])
    if printed.strip().lower() in WORDS:
        return Decimal(WORDS.index(printed.strip().lower()))
    match = _PRINTED.match(printed.strip().strip("[]()"))
    if not match or match["unit"] not in ("", "%", unit):
        return None
    digits = re.sub(r"[,\u2009\u00a0 ]", "", match["digits"])
    try:
        return Decimal((match["sign"] + digits + (match["exponent"] or "")).replace("−", "-"))
    except InvalidOperation:
        return None


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
        unit = Fraction(10) ** value.normalize().as_tuple().exponent if value else Fraction(1)
        return Interval(exact - unit, exact + unit)
    unit = Fraction(10) ** value.as_tuple().exponent
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
    quantity : the field's term (``rmse``, ``accuracy``...).
    interval : what it may be, in base units; None where nothing numeric is printed (``NAN``, a date).
    spread : the same for what stands after the plus-minus sign.
    """

    id: str
    printed: str
    quantity: str
    interval: Interval | None
    spread: Interval | None = None
    unit: str = "1"

    @property
    def known(self) -> bool:
        return self.interval is not None

    def __str__(self) -> str:
        """As printed, with its unit: '0.845', '12.2 %', '48 ms'."""
        return self.printed if self.unit in ("", "1") or self.printed.endswith("%") else f"{self.printed} {self.unit}"

    @property
    def name(self) -> str:
        """The id without the paper, for sentences."""
        return self.id.partition(".")[2] or self.id

    @property
    def middle(self) -> Fraction:
        """The printed value itself, in base units."""
        return Fraction(decimal_of(self.printed, self.unit)) * SCALE.get(self.unit, Fraction(1))

    @property
    def integer(self) -> int:
        """The whole number that is printed.  Raises ValueError for fractions and for 'about' and 'over'."""
        value = self.middle
        if value.denominator != 1 or self.interval.high - self.interval.low >= 2:
            raise ValueError(f"{self.id} is '{self.printed}', which does not name one whole number")
        return int(value)


def number(
    id: str,
    value: str,
    unit: str = "1",
    rounding: str = "nearest",
    quantity: str = "",
    spread: str | None = None,
    cut: bool = False,
) -> Number:
    """Read a printed number with its unit into a `Number` in base units (see `interval_of`)."""
    factor = SCALE.get(unit)

    def read(text: str | None) -> Interval | None:
        decimal = decimal_of(text, unit) if text is not None and quantity != "date" else None
        if decimal is None:
            return None
        interval = interval_of(decimal, rounding, cut)
        return interval * factor if factor else interval

    return Number(id, value, quantity, read(value), read(spread), unit)
