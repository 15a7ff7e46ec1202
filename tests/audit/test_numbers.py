"""Printed numbers as intervals: what an author may have held, and the arithmetic on it."""

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mer_repro.audit.numbers import Interval, Unusable, date_of, decimal_of, interval_of, nearest_printed, number

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
    assert not number("c", value).known
    with pytest.raises(Unusable, match="no number"):
        _ = number("c", value).interval


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


@pytest.mark.parametrize("printed", ["0,845", "84,5", "12 34", "1,2345", "5.", "0.84-0.86", "1.5e400", "9" * 40, "٣"])
def test_what_could_be_misread_is_refused(printed):
    assert decimal_of(printed) is None


@pytest.mark.parametrize(
    "printed, expected",
    [("1,024", "1024"), ("1 024", "1024"), ("1,024.5", "1024.5"), ("1.2M", "1200000"), (".5", "0.5")],
)
def test_separators_group_three_digits(printed, expected):
    assert decimal_of(printed) == Decimal(expected)


def test_a_declared_decimal_comma_is_read():
    assert number("c", "0,845", decimal_comma=True).interval == number("c", "0.845").interval
    assert decimal_of("1.024,5", decimal_comma=True) == Decimal("1024.5")


@pytest.mark.parametrize(
    "printed, quantity, low, high",
    [
        ("61", "count", 61, 61),
        ("about 60", "count", 50, 70),
        (">9,000", "count", 9000, math.inf),
        ("1.2M", "parameters", 1_150_000, 1_250_000),
        ("87.4", "count", Fraction("87.35"), Fraction("87.45")),
        ("61", "mae", Fraction("60.5"), Fraction("61.5")),
        ("<0.05", "p_value", -math.inf, Fraction("0.05")),
    ],
)
def test_what_is_counted_is_exact_unless_the_text_says_about_or_over(printed, quantity, low, high):
    interval = number("c", printed, "1", quantity=quantity).interval
    assert (interval.low, interval.high) == (low, high)


def test_nearest_value_that_would_be_printed():
    stated = number("c", "72", "%", quantity="percentage")
    assert nearest_printed(stated, Interval.exactly(Fraction(7, 9))) == Decimal(78)
    assert nearest_printed(number("c", "0.20", quantity="mae"), Interval(0, Fraction("0.105"))) == Decimal("0.10")
    assert nearest_printed(number("c", "61", quantity="count"), Interval.exactly(Fraction(7, 2))) is None
