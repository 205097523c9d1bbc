"""Statistical comparisons: their laws, and no verdict without enough seeds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from morphogenetic_engine.reports.stats.comparison import Comparison, Sample, Verdict, compare, compare_with
from morphogenetic_engine.reports.stats.significance import (
    crowding_p,
    difference_interval,
    f_test_p,
    holm,
    mean_interval,
    rank_sum_p,
    signed_rank_p,
    smallest_rank_sum_p,
    smallest_signed_rank_p,
)
from morphogenetic_engine.sweeps.schema.objective import Direction

VALUES = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=12)
OPPOSITE = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


def sample(name: str, values: list[float], first_seed: int = 0) -> Sample:
    return Sample(name, {first_seed + place: value for place, value in enumerate(values)})


def paired(one: list[float], other: list[float], direction: Direction = Direction.MAXIMIZE) -> Comparison:
    return compare(sample("one", one), sample("other", other), direction)


def unpaired(one: list[float], other: list[float]) -> Comparison:
    return compare(sample("one", one), sample("other", other, first_seed=1000), Direction.MAXIMIZE)


@given(st.integers(2, 60).flatmap(lambda all_: st.tuples(st.just(all_), *[st.integers(0, all_)] * 3)))
def test_crowding_is_the_share_of_the_ways_to_draw(drawn: tuple[int, int, int, int]) -> None:
    all_, size, marked, inside = drawn
    ways = [math.comb(marked, k) * math.comb(all_ - marked, size - k) for k in range(inside, min(size, marked) + 1)]
    assert crowding_p(inside, size, marked, all_) == pytest.approx(sum(ways) / math.comb(all_, size), rel=1e-9)


def test_crowding_of_many_trials_is_as_scipy_says() -> None:
    wanted = float(stats.hypergeom.sf(79, 10_000, 200, 2500))
    assert crowding_p(80, 2500, 200, 10_000) == pytest.approx(wanted, rel=1e-7)


def test_the_f_test_is_as_scipy_says() -> None:
    assert f_test_p(3.2, 4, 25) == pytest.approx(stats.f.sf(3.2, 4, 25))


@given(VALUES, VALUES, st.booleans())
def test_a_comparison_the_other_way_round_says_the_opposite(one: list[float], other: list[float], pairs: bool) -> None:
    size = min(len(one), len(other)) if pairs else max(len(one), len(other))
    make = paired if pairs else unpaired
    forth, back = make(one[:size], other[:size]), make(other[:size], one[:size])
    assert forth.difference == pytest.approx(-back.difference, abs=1e-9)
    assert forth.probability == pytest.approx(1 - back.probability)
    assert forth.p == pytest.approx(back.p, abs=1e-9)
    assert OPPOSITE.get(forth.verdict, forth.verdict) is back.verdict


@given(VALUES, VALUES, st.floats(0.25, 8), st.integers(-100, 100))
def test_scale_and_origin_do_not_matter(one: list[float], other: list[float], scale: float, origin: int) -> None:
    size = min(len(one), len(other))
    scale = 2.0 ** round(math.log2(scale))  # exact, so that ties stay ties
    plain = paired(one[:size], other[:size])
    moved = paired([value * scale + origin for value in one[:size]], [value * scale + origin for value in other[:size]])
    assert (moved.p, moved.probability, moved.verdict) == (plain.p, plain.probability, plain.verdict)
    assert moved.difference == pytest.approx(plain.difference * scale, abs=1e-9)


@given(VALUES, VALUES)
def test_minimizing_is_maximizing_the_opposite(one: list[float], other: list[float]) -> None:
    size = min(len(one), len(other))
    low = paired(one[:size], other[:size], Direction.MINIMIZE)
    high = paired([-value for value in one[:size]], [-value for value in other[:size]])
    assert (low.verdict, low.probability, low.p) == (high.verdict, high.probability, high.p)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=14, unique_by=abs).filter(lambda values: 0.0 not in values))
def test_the_signed_rank_test_is_scipys_exact_one(differences: list[float]) -> None:
    expected = stats.wilcoxon(differences, method="exact").pvalue
    assert signed_rank_p(differences) == pytest.approx(expected)


@given(st.lists(st.floats(-5, 5), min_size=4, max_size=16, unique=True), st.integers(1, 3))
def test_the_rank_sum_test_is_scipys_exact_one(values: list[float], first: int) -> None:
    expected = stats.mannwhitneyu(values[:first], values[first:], method="exact").pvalue
    assert rank_sum_p(values[:first], values[first:]) == pytest.approx(expected)


def test_the_rank_sum_test_is_exact_with_ties() -> None:
    # Two of the ranks 1, 2.5, 2.5, 4: their sum is at most 3.5 in 2 of 6 choices.
    assert rank_sum_p([0.0, 1.0], [1.0, 2.0]) == pytest.approx(2 * 2 / 6)


def test_the_signed_rank_test_is_exact_with_ties() -> None:
    # All 2^4 signs of the ranks 1.5, 1.5, 3.5, 3.5 by hand: a sum of at most 1.5 in 3 of them.
    assert signed_rank_p([1.0, -1.0, 2.0, 2.0]) == pytest.approx(2 * 3 / 16)


@given(st.lists(st.integers(-3, 3).filter(bool), min_size=2, max_size=8))
def test_the_signed_rank_test_counts_every_way_to_set_the_signs(differences: list[int]) -> None:
    ranks = stats.rankdata(np.abs(differences))
    centre = ranks.sum() / 2
    away = abs(ranks[np.array(differences) > 0].sum() - centre)
    ways = [abs(np.dot(signs, ranks) - centre) for signs in itertools.product((0, 1), repeat=len(differences))]
    assert signed_rank_p(differences) == pytest.approx(np.mean(np.array(ways) >= away))


@given(st.lists(st.integers(0, 3), min_size=3, max_size=8), st.integers(1, 4))
def test_the_rank_sum_test_counts_every_way_to_choose(values: list[int], first: int) -> None:
    first = min(first, len(values) - 1)
    ranks = stats.rankdata(values)
    sums = np.array([sum(chosen) for chosen in itertools.combinations(ranks, first)])
    seen = ranks[:first].sum()
    wanted = min(1.0, 2 * min(np.mean(sums <= seen), np.mean(sums >= seen)))
    assert rank_sum_p(values[:first], values[first:]) == pytest.approx(wanted)


def test_many_values_are_tested_nearly_as_exactly_as_few() -> None:
    differences = [float(place * (-1) ** place) for place in range(1, 53)]
    exact = stats.wilcoxon(differences, method="exact").pvalue
    assert signed_rank_p(differences) == pytest.approx(exact, rel=1e-3)
    one, other = [float(place * 2) for place in range(31)], [place * 2 + 1.5 for place in range(31)]
    assert rank_sum_p(one, other) == pytest.approx(stats.mannwhitneyu(one, other, method="exact").pvalue, rel=5e-3)


@pytest.mark.parametrize("size", [2, 5, 6, 8, 12])
def test_the_smallest_p_is_reached_by_the_clearest_pairs(size: int) -> None:
    assert signed_rank_p([float(value) for value in range(1, size + 1)]) == pytest.approx(smallest_signed_rank_p(size))
    low, high = [float(value) for value in range(size)], [float(value + 100) for value in range(size)]
    assert rank_sum_p(low, high) == pytest.approx(smallest_rank_sum_p(size, size))


def test_p_values_under_the_null_are_not_too_small() -> None:
    random = np.random.default_rng(0)
    found = [signed_rank_p(random.normal(size=8).tolist()) for _ in range(2000)]
    assert np.mean(np.array(found) <= 0.05) <= 0.06
    found = [rank_sum_p(random.normal(size=6).tolist(), random.normal(size=6).tolist()) for _ in range(500)]
    assert np.mean(np.array(found) <= 0.05) <= 0.07


@pytest.mark.parametrize(("pairs", "verdict"), [(1, Verdict.ONE_SEED), (2, Verdict.NOT_ENOUGH_SEEDS)])
def test_few_seeds_are_never_significant(pairs: int, verdict: Verdict) -> None:
    assert paired([1.0 + value for value in range(pairs)], [0.0] * pairs).verdict is verdict


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=5), st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=5))
def test_below_six_pairs_there_is_no_verdict(one: list[float], other: list[float]) -> None:
    size = min(len(one), len(other))
    assert paired(one[:size], other[:size]).verdict is Verdict.NOT_ENOUGH_SEEDS


def test_six_clear_pairs_and_four_against_four_are_enough() -> None:
    assert paired([1.0, 2, 3, 4, 5, 6], [0.0] * 6).verdict is Verdict.BETTER
    assert unpaired([5.0, 6, 7, 8], [1.0, 2, 3, 4]).verdict is Verdict.BETTER
    assert unpaired([5.0, 6, 7], [1.0, 2, 3]).verdict is Verdict.NOT_ENOUGH_SEEDS


def test_a_verdict_is_withheld_where_the_comparisons_leave_no_p_small_enough() -> None:
    control, others = sample("a", [1.0, 2, 3, 4, 5, 6]), [sample(name, [0.0] * 6) for name in "bcd"]
    found = compare_with(control, others, Direction.MAXIMIZE)
    assert {each.verdict for each in found} == {Verdict.NOT_ENOUGH_SEEDS}
    assert found[0].smallest_p == pytest.approx(3 * 2 / 64)


def test_a_sample_without_values_is_not_compared() -> None:
    full = sample("full", [1.0, 2.0])
    for one, other in ((sample("bare", []), full), (full, sample("bare", []))):
        with pytest.raises(ValueError, match="bare has no values"):
            compare(one, other, Direction.MAXIMIZE)


def test_samples_that_share_two_seeds_are_compared_by_these_in_their_order() -> None:
    one, other = Sample("one", {7: 0.7, 3: 0.3, 1: 0.1, 4: 0.4}), Sample("other", {7: 7.0, 9: 9.0, 3: 3.0})
    found = compare(one, other, Direction.MAXIMIZE)
    assert (found.paired, found.values_one, found.values_other) == (True, (0.3, 0.7), (3.0, 7.0))
    assert [found.mean_one, found.mean_other] == pytest.approx([0.5, 5])


def test_samples_that_share_one_seed_are_compared_by_all_that_they_have() -> None:
    one, other = Sample("one", {7: 0.7, 3: 0.3}), Sample("other", {9: 9.0, 7: 7.0})
    found = compare(one, other, Direction.MAXIMIZE)
    assert (found.paired, found.values_one, found.values_other) == (False, (0.3, 0.7), (7.0, 9.0))


@pytest.mark.parametrize(("seed", "together"), [(0, True), (1, False)])
def test_single_values_are_a_pair_where_their_seed_is_the_same(seed: int, together: bool) -> None:
    assert compare(sample("one", [1.0]), sample("other", [0.0], seed), Direction.MAXIMIZE).paired is together


def test_a_p_value_is_corrected_for_the_comparisons_that_are_made_together() -> None:
    one, other = sample("one", [1.0, 2, 3, 4, 5, 6, 7, 8]), sample("other", [0.0] * 8)
    alone, third = compare(one, other, Direction.MAXIMIZE), compare(one, other, Direction.MAXIMIZE, comparisons=3)
    assert (alone.p, alone.corrected_p, alone.smallest_p) == (2 / 256, 2 / 256, 2 / 256)
    assert (third.p, third.corrected_p, third.smallest_p) == (2 / 256, 6 / 256, 6 / 256)
    few = compare(sample("one", [1.0, 2]), sample("other", [0.0, 0]), Direction.MAXIMIZE, comparisons=9)
    assert (few.corrected_p, few.smallest_p) == (1, 1)


@pytest.mark.parametrize(
    ("direction", "verdict"), [(Direction.MAXIMIZE, Verdict.WORSE), (Direction.MINIMIZE, Verdict.BETTER)]
)
def test_the_lower_of_two_is_the_worse_where_more_is_better(direction: Direction, verdict: Verdict) -> None:
    assert paired([0.0] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], direction).verdict is verdict


@pytest.mark.parametrize("sign", [1, -1])
def test_where_mean_and_order_disagree_neither_is_better(sign: int) -> None:
    differences = [sign * -place / 100 for place in range(1, 12)] + [
        sign * 6.66
    ]  # 11 of 12 one way, the mean the other
    found = paired(differences, [0.0] * 12)
    assert found.p < 0.05 and found.difference == pytest.approx(sign / 2)
    assert found.verdict is Verdict.NOT_SHOWN


def test_the_same_values_are_no_difference_unless_a_tolerance_says_that_they_are_the_same() -> None:
    one, other = sample("one", [1.0, 2, 3, 4, 5, 6]), sample("other", [1.0, 2, 3, 4, 5, 6])
    assert compare(one, other, Direction.MAXIMIZE).verdict is Verdict.NOT_SHOWN
    assert compare(one, other, Direction.MAXIMIZE, tolerance=0.1).verdict is Verdict.THE_SAME


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_of_just_the_tolerance_is_within_it(sign: int) -> None:
    one, other = sample("one", [0.5 * sign] * 6), sample("other", [0.0] * 6)
    assert compare(one, other, Direction.MAXIMIZE, tolerance=0.5).verdict is Verdict.THE_SAME


@pytest.mark.parametrize(
    ("tolerance", "verdict"), [(5.0, Verdict.BETTER), (5.5, Verdict.NOT_SHOWN), (6.0, Verdict.NOT_SHOWN)]
)
def test_a_mean_difference_within_the_tolerance_is_not_shown(tolerance: float, verdict: Verdict) -> None:
    one, other = sample("one", [float(value) for value in range(1, 11)]), sample("other", [0.0] * 10)
    found = compare(one, other, Direction.MAXIMIZE, tolerance=tolerance)  # of 5.5; its interval is wider than either
    assert found.high is not None and found.high > 6 and found.verdict is verdict


def test_differences_within_the_tolerance_are_practically_the_same() -> None:
    one, other = [value + 0.001 for value in range(10)], [float(value) for value in range(10)]
    assert paired(one, other).verdict is Verdict.BETTER
    found = compare(sample("one", one), sample("other", other), Direction.MAXIMIZE, tolerance=0.01)
    assert found.verdict is Verdict.THE_SAME


def test_the_interval_holds_the_difference() -> None:
    random = np.random.default_rng(3)
    one, other = random.normal(1, 1, size=10).tolist(), random.normal(0, 1, size=10).tolist()
    for found in (paired(one, other), unpaired(one, other)):
        assert found.low is not None and found.high is not None
        assert found.low < found.difference < found.high


def test_the_same_comparison_gives_the_same_interval() -> None:
    assert paired([1.0, 3, 2, 5, 4, 7], [1.0, 2, 3, 4, 5, 6]) == paired([1.0, 3, 2, 5, 4, 7], [1.0, 2, 3, 4, 5, 6])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values: list[float]) -> None:
    corrected = holm(values)
    assert all(value <= after <= 1 for value, after in zip(values, corrected, strict=True))
    order = sorted(range(len(values)), key=values.__getitem__)
    assert [corrected[place] for place in order] == sorted(corrected)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_an_interval_takes_two_values() -> None:
    assert mean_interval([1.0], 0) is None
    assert difference_interval([1.0], [0.0, 2.0], 0) is None and difference_interval([0.0, 2.0], [1.0], 0) is None
    assert mean_interval([0.0, 1.0], 0) == (0, 1) and difference_interval([0.0, 1.0], [5.0, 6.0], 0) == (-6, -4)


def test_the_interval_of_what_does_not_vary_is_a_point() -> None:
    assert mean_interval([3.0, 3.0], 0) == (3, 3)
    assert difference_interval([5.0, 5.0], [2.0, 2.0, 2.0], 0) == (3, 3)


def test_the_interval_of_a_mean_is_nearly_students_where_values_are_normal() -> None:
    values = np.random.default_rng(2).normal(7, 2, size=60)
    wanted = stats.t.interval(0.95, 59, loc=values.mean(), scale=stats.sem(values))
    assert mean_interval(values, 0) == pytest.approx(wanted, abs=0.05)
    shifted = difference_interval(values, values - 100, 0)
    assert shifted is not None and np.diff(shifted) == pytest.approx(math.sqrt(2) * np.diff(wanted), rel=0.05)


def test_a_difference_from_what_does_not_vary_is_as_uncertain_as_the_other_mean() -> None:
    skewed = [0.0, 0.1, 0.2, 0.3, 0.4, 5.0]
    mean, difference = mean_interval(skewed, 0), difference_interval(skewed, [2.0] * 4, 0)
    assert mean is not None and difference is not None
    assert difference == pytest.approx([mean[0] - 2, mean[1] - 2], abs=0.1)
