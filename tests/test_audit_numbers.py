"""Printed numbers as intervals: what an author may have held, and the arithmetic on it."""

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mer_repro.audit.numbers import Interval, date_of, interval_of, number

fractions = st.fractions(min_value=-1000, max_value=1000, max_denominator=10**6)
intervals = st.tuples(fractions, fractions).map(lambda ends: Interval(min(ends), max(ends)))


@pytest.mark.parametrize(
    "value, unit, rounding, low, high",
    [
        ("0.845", "1", "nearest", "0.8445", "0.8455"),
        ("93.92%", "%", "nearest", "0.93915", "0.93925"),
        ("12.2", "points", "nearest", "0.1215", "0.1225"),
        ("+12.2", "%", "nearest", "0.1215", "0.1225"),
        ("−0.5", "1", "nearest", "-0.55", "-0.45"),
        ("3,852", "users", "nearest", "3851.5", "3852.5"),
        ("48", "ms", "exact", "0.048", "0.048"),
        ("1e-3", "1", "exact", "0.001", "0.001"),
        ("~22.18s", "s", "approximate", "22.17", "22.19"),
        ("1,000", "users", "approximate", "0", "2000"),
        ("9,000", "songs", "at_least", "9000", math.inf),
        ("four", "models", "exact", "4", "4"),
        ("3x3", "pixels", "exact", "3", "3"),
    ],
)
def test_printed_number_is_this_interval(value, unit, rounding, low, high):
    interval = number("c", value, unit, rounding).interval
    assert (interval.low, interval.high) == (Fraction(low), high if high == math.inf else Fraction(high))


@pytest.mark.parametrize("value", ["NAN", "n/a", "16.04.7", "3x4", "12 March"])
def test_what_is_no_number_has_no_interval(value):
    assert number("c", value).interval is None


def test_digits_cut_off_may_lie_a_whole_unit_further_from_zero():
    assert interval_of(Decimal("0.99"), "nearest", cut=True) == Interval(Fraction("0.985"), Fraction(1))
    assert interval_of(Decimal("-0.99"), "nearest", cut=True) == Interval(Fraction(-1), Fraction("-0.985"))
    assert interval_of(Decimal("32"), "exact", cut=True) == Interval.exactly(32)


@given(
    st.decimals(min_value=-100, max_value=100, places=7),
    st.integers(0, 5),
    st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]),
)
def test_every_honestly_rounded_value_is_inside(value, places, rounding):
    printed = value.quantize(Decimal(1).scaleb(-places), rounding=rounding)
    assert interval_of(printed, "nearest").contains(Fraction(value))


@given(intervals, intervals, st.fractions(0, 1), st.fractions(0, 1))
def test_interval_arithmetic_holds_every_result(one, other, s, t):
    x, y = one.low + s * (one.high - one.low), other.low + t * (other.high - other.low)
    assert (one + other).contains(x + y)
    assert (one - other).contains(x - y)
    assert (one * other).contains(x * y)
    assert abs(one).contains(abs(x)) and one.squared().contains(x * x)
    if y:
        assert (one / other).contains(x / y)


@given(st.fractions(min_value=0, max_value=10**6, max_denominator=10**6))
def test_square_root_is_enclosed_closely(value):
    root = Interval.exactly(value).root()
    assert root.low**2 <= value <= root.high**2
    assert root.high - root.low <= Fraction(1, 10**15)


def test_whole_number_is_refused_where_none_is_printed():
    assert number("c", "3,852", "users").integer == 3852
    for value, rounding in (("87.4", "nearest"), ("1,000", "approximate"), ("9,000", "at_least")):
        with pytest.raises(ValueError, match="whole number"):
            _ = number("c", value, "users", rounding).integer


def test_dates():
    assert date_of("17 January 2025") == date_of("2025-01-17") == date_of("January 17, 2025")
    assert date_of("17 Janvier 2025") is None
