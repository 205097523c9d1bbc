"""The kinds of parameters: exact text, exact steps, readable grid values."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.sweeps.space.priors import Normal
from morphogenetic_engine.trial import Value, text

UNITS = st.floats(0, 1, exclude_max=True)
WHOLE = st.integers(-(2**63), 2**63 - 1)
REAL = st.floats(-1e300, 1e300)


def _number_or_text(value: Value) -> object:
    return ("text", value) if isinstance(value, str) else value


CHOICES = st.lists(
    st.booleans() | WHOLE | REAL | st.text(max_size=5), min_size=1, max_size=8, unique_by=(text, _number_or_text)
).map(lambda values: Choices(tuple(values)))


@st.composite
def int_ranges(draw: st.DrawFn) -> IntRange:
    low, high = sorted((draw(WHOLE), draw(WHOLE)))
    points = draw(st.none() | st.integers(1, 50))
    if low > 0 and draw(st.booleans()):
        return IntRange(low, high, log=True, points=points)
    return IntRange(low, high, step=draw(st.integers(max(1, (high - low) // 50), 2**63)), points=points)


@st.composite
def float_ranges(draw: st.DrawFn) -> FloatRange:
    low, high = sorted((draw(REAL), draw(REAL)))
    points = draw(st.none() | st.integers(1, 50))
    if low > 0 and draw(st.booleans()):
        return FloatRange(low, high, log=True, points=points)
    smallest = max((high - low) / 50, 2 * math.ulp(max(-low, high)))
    return FloatRange(low, high, step=draw(st.none() | st.floats(smallest, 1e301)), points=points)


PARAMETERS = CHOICES | int_ranges() | float_ranges()


@given(PARAMETERS, UNITS)
def test_parse_and_text_are_exact_inverses_for_any_value_drawn(axis: Parameter, unit: float) -> None:
    value = axis.from_unit(unit)
    parsed = axis.parse(text(value))
    assert parsed == value
    assert type(parsed) is type(value)


@given(PARAMETERS)
def test_parse_and_text_are_exact_inverses_for_every_grid_value(axis: Parameter) -> None:
    for value in axis.grid():
        parsed = axis.parse(text(value))
        assert parsed == value
        assert type(parsed) is type(value)


@given(int_ranges() | float_ranges())
def test_a_grid_stays_inside_rises_and_has_no_value_twice(axis: IntRange | FloatRange) -> None:
    values = [float(value) if isinstance(axis, FloatRange) else value for value in axis.grid()]
    assert values[0] == axis.low
    assert all(axis.low <= value <= axis.high for value in values if not isinstance(value, str))
    assert len(set(values)) == len(values) == len(axis.grid())
    assert values == sorted(values, key=float)


@given(float_ranges())
def test_a_grid_of_a_plain_range_ends_exactly_at_both_ends(axis: FloatRange) -> None:
    if axis.step is None and axis.points != 1:
        assert axis.grid()[0] == axis.low
        assert axis.grid()[-1] == axis.high


@pytest.mark.parametrize(
    "axis",
    [
        Choices(("TPE", 3, 0.5, False)),
        IntRange(-3, 9),
        IntRange(-3, 9, step=5),
        IntRange(1, 40, log=True),
        FloatRange(0.1, 0.7, step=0.1),
        FloatRange(2.5, 2.5),
    ],
)
def test_unit_numbers_hit_every_value_of_a_finite_axis_and_no_other(axis: Parameter) -> None:
    hit = {axis.from_unit(index / 10_000) for index in range(10_000)} | {axis.from_unit(math.nextafter(1, 0))}
    size = axis.size
    assert size is not None
    assert hit == {axis.at(index) for index in range(size)}
    assert len(hit) == size


def test_values_are_equally_likely_and_the_ends_of_a_log_range_get_their_share() -> None:
    for axis in (IntRange(1, 4), Choices((1, 2, 3, 4)), FloatRange(1.0, 4.0, step=1.0)):
        even = [axis.from_unit(index / 1000) for index in range(1000)]
        assert [even.count(value) for value in range(1, 5)] == [250, 250, 250, 250]
    drawn = [IntRange(1, 4, log=True).from_unit(index / 1000) for index in range(1000)]
    shares = [drawn.count(value) for value in range(1, 5)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(1000 * math.log(4.5 / 3.5) / math.log(4.5 / 0.5), abs=1)


def test_half_of_a_log_range_lies_below_the_geometric_mean() -> None:
    assert FloatRange(1e-4, 1e-2, log=True).from_unit(0.5) == pytest.approx(1e-3)
    assert FloatRange(1.0, 3.0).from_unit(0.5) == 2.0


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        (FloatRange(0.1, 0.7, step=0.1), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (FloatRange(0.0, 1.0, step=0.3), [0.0, 0.3, 0.6, 0.9]),
        (FloatRange(1e-5, 3e-5, step=1e-5), [1e-5, 2e-5, 3e-5]),
        (FloatRange(0.0, 1.0, step=0.25, points=2), [0.0, 1.0]),
        (FloatRange(0.0, 1.0), [0.0, 0.25, 0.5, 0.75, 1.0]),
        (FloatRange(0.1, 0.4, points=4), [0.1, 0.2, 0.3, 0.4]),
        (FloatRange(1e-4, 1e-1, log=True, points=4), [0.0001, 0.001, 0.01, 0.1]),
        (FloatRange(1e-300, 1e300, log=True, points=3), [1e-300, 1.0, 1e300]),
        (FloatRange(1e-5, 1e-1, log=True), [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]),
        (FloatRange(2.0, 2.0), [2.0]),
        (FloatRange(0.0, 1.0, points=1), [0.0]),
        (IntRange(1, 5), [1, 2, 3, 4, 5]),
        (IntRange(1, 3), [1, 2, 3]),
        (IntRange(0, 100), [0, 25, 50, 75, 100]),
        (IntRange(0, 10, step=4), [0, 4, 8]),
        (IntRange(0, 100, step=10, points=3), [0, 50, 100]),
        (IntRange(32, 512, log=True), [32, 64, 128, 256, 512]),
        (IntRange(1, 6, log=True, points=5), [1, 2, 4, 6]),
        (IntRange(7, 7), [7]),
        (Choices((3, "a", True)), [3, "a", True]),
    ],
)
def test_grids_are_exact_and_tidy(axis: Parameter, values: list[Value]) -> None:
    assert list(axis.grid()) == values
    assert [type(value) for value in axis.grid()] == [type(value) for value in values]


def test_a_step_that_leaves_the_end_out_still_parses_only_its_own_values() -> None:
    axis = FloatRange(1000.123, 1010.0, step=0.3333333333333333)
    assert axis.parse(text(axis.at(1))) == axis.at(1)
    with pytest.raises(ConfigError, match="must be 1000.123 plus a multiple of 0.3333333333333333, but got 1000.2"):
        axis.parse("1000.2")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Choices(()), "choices must not be empty"),
        (lambda: Choices(("a", "b", "a")), "choices must differ from each other, but a is a duplicate value"),
        (lambda: Choices((1, 1.0)), "choices must differ from each other, but 1.0 is a duplicate value"),
        (lambda: Choices((1, True)), "choices must differ from each other, but true is a duplicate value"),
        (lambda: Choices((1, "1")), "choices must differ from each other, but 1 is a duplicate value"),
        (lambda: Choices(("true", True)), "choices must differ from each other, but true is a duplicate value"),
        (lambda: IntRange(3, 2), "low must be <= high, but got low=3, high=2"),
        (lambda: IntRange(0, 2, log=True), "low must be > 0 when log is true, but got low=0"),
        (lambda: IntRange(0, 2, step=0), "step must be >= 1, but got step=0"),
        (lambda: IntRange(1, 8, prior=Normal(9, 1)), "mean must be from low to high, but got mean=9, low=1, high=8"),
        (lambda: FloatRange(0.0, 1.0, prior=Normal(0.5, 0.0)), "std must be > 0, but got std=0.0"),
        (lambda: Choices((1, 2), (1.0,)), "probabilities must be 2, one for each choice, but got 1"),
        (lambda: Choices((1, 2), (0.5, 0.6)), "probabilities must add up to 1, but got 1.1"),
        (
            lambda: Choices((1, 2), (1.0, 0.0)),
            "probabilities must be > 0 and <= 1, but got 0.0; leave out a choice that never comes",
        ),
        (lambda: IntRange(1, 8, points=0), "points must be >= 1, but got points=0"),
        (lambda: FloatRange(1.0, 0.5), "low must be <= high, but got low=1.0, high=0.5"),
        (lambda: FloatRange(0.0, 1.0, log=True), "low must be > 0 when log is true, but got low=0.0"),
        (lambda: FloatRange(0.0, 1.0, step=0.0), "step must be > 0, but got step=0.0"),
        (lambda: FloatRange(0.0, 1.0, points=-1), "points must be >= 1, but got points=-1"),
        (lambda: FloatRange(-1e308, 1e308), "high - low must be finite, but got low=-1e+308, high=1e+308"),
        (
            lambda: FloatRange(1e17, 1e17 + 64, step=1.0),
            "step must be > 16.0, the spacing of floats there, but got step=1.0",
        ),
    ],
)
def test_a_parameter_that_makes_no_sense_says_rule_and_value(make: Callable[[], Parameter], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("axis", "written", "message"),
    [
        (Choices(("TPE", 3)), "4", "must be one of TPE, 3, but got '4'"),
        (IntRange(1, 9), "x", "must be a whole number, but got 'x'"),
        (IntRange(1, 9), "3.0", "must be a whole number, but got '3.0'"),
        (IntRange(1, 9), "10", "must be one of 1, 2, ... 9, but got 10"),
        (IntRange(1, 9, step=4), "4", "must be one of 1, 5, ... 9, but got 4"),
        (FloatRange(0.0, 1.0), "x", "must be a number, but got 'x'"),
        (FloatRange(0.0, 1.0), "1.5", "must be from 0.0 to 1.0, but got 1.5"),
        (FloatRange(0.0, 1.0), "nan", "must be from 0.0 to 1.0, but got nan"),
        (FloatRange(0.0, 1.0, step=0.25), "0.3", "must be 0.0 plus a multiple of 0.25, but got 0.3"),
    ],
)
def test_a_text_that_is_no_value_of_the_axis_is_refused(axis: Parameter, written: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        axis.parse(written)
    assert str(caught.value) == message


@given(CHOICES | int_ranges() | float_ranges(), UNITS)
def test_a_value_has_a_unit_number_that_stands_for_it(axis: Parameter, unit: float) -> None:
    value = axis.from_unit(unit)
    again = axis.to_unit(value)
    assert 0 <= again < 1
    if isinstance(axis, FloatRange) and axis.size is None:
        assert again == pytest.approx(unit, abs=1e-6) or axis.from_unit(again) == pytest.approx(value, rel=1e-9)
    elif not (isinstance(axis, IntRange) and max(-axis.low, axis.high) > 2**40):
        assert axis.from_unit(again) == value


@st.composite
def reshaped(draw: st.DrawFn) -> IntRange | FloatRange:
    """A range with a normal distribution, or with steps in a logarithm."""
    low = draw(st.integers(1, 1000))
    high = low + draw(st.integers(1, 1000))
    log, points = draw(st.booleans()), draw(st.none() | st.integers(1, 20))
    prior = Normal(draw(st.floats(low, high)), draw(st.floats(0.1, 100))) if not log or draw(st.booleans()) else None
    if draw(st.booleans()):
        return IntRange(low, high, draw(st.integers(2, 50)), log, points, prior)
    steps = st.floats(0.5, 100)
    return FloatRange(float(low), float(high), draw(steps if prior is None else st.none() | steps), log, points, prior)


@given(reshaped(), UNITS, UNITS)
def test_a_range_with_a_distribution_of_its_own_has_exact_values_that_rise_with_the_unit_number(
    axis: IntRange | FloatRange, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    smaller, larger = axis.from_unit(low), axis.from_unit(high)
    assert axis.low <= smaller <= larger <= axis.high
    for value in (smaller, larger):
        assert (axis.parse(text(value)), type(axis.parse(text(value)))) == (value, type(value))
        if axis.size is not None:
            # Far in the tail the shares of two steps may be the same float.
            again = axis.from_unit(axis.to_unit(value))
            assert again == value or abs(axis.to_unit(again) - axis.to_unit(value)) < 1e-9
    grid = [float(value) for value in axis.grid()]
    assert grid == sorted(set(grid)) and axis.low <= grid[0] and grid[-1] <= axis.high
    assert all(axis.parse(text(value)) == value for value in axis.grid())


def test_a_normal_range_gives_two_thirds_to_a_standard_deviation_around_the_mean() -> None:
    axis = FloatRange(-5.0, 5.0, prior=Normal(1.0, 0.5))
    drawn = [axis.from_unit((place + 0.5) / 1000) for place in range(1000)]
    assert sum(0.5 <= value <= 1.5 for value in drawn) == pytest.approx(683, abs=2)
    assert axis.from_unit(0.5) == pytest.approx(1.0, abs=1e-6) and axis.to_unit(1.0) == pytest.approx(0.5, abs=1e-6)
    assert axis.grid() == pytest.approx((0.359224217, 0.737799744, 1.0, 1.262200256, 1.640775783))


def test_a_log_normal_range_has_its_median_at_the_mean() -> None:
    axis = FloatRange(1e-5, 1e-1, log=True, prior=Normal(1e-3, 1.0))
    drawn = [axis.from_unit((place + 0.5) / 1000) for place in range(1000)]
    assert sum(value <= 1e-3 for value in drawn) == 500
    assert sum(1e-3 / math.e <= value <= 1e-3 * math.e for value in drawn) == pytest.approx(683, abs=2)


def test_steps_of_a_logarithmic_range_have_the_shares_of_their_logarithms() -> None:
    axis = IntRange(8, 64, 8, log=True)
    drawn = [axis.from_unit((place + 0.5) / 10000) for place in range(10000)]
    whole = math.log(68 / 4)
    for value in range(8, 65, 8):
        assert drawn.count(value) == pytest.approx(10000 * math.log((value + 4) / (value - 4)) / whole, abs=2)
    assert axis.grid() == range(8, 65, 8)
    assert IntRange(8, 64, 8, log=True, points=4).grid() == (8, 16, 32, 64)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), UNITS)
def test_choices_are_as_likely_as_their_probabilities(weights: list[int], unit: float) -> None:
    axis = Choices(tuple(range(len(weights))), tuple(weight / sum(weights) for weight in weights))
    drawn = [axis.from_unit((place + 0.5) / (100 * sum(weights))) for place in range(100 * sum(weights))]
    assert [drawn.count(value) for value in axis.values] == pytest.approx([100 * weight for weight in weights], abs=1)
    assert axis.from_unit(axis.to_unit(axis.from_unit(unit))) == axis.from_unit(unit)
    assert axis.grid() == axis.values
