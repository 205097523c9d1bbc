"""The order of the trials of a rung."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.schema.objective import Direction, Objective, OutcomeLimit
from morphogenetic_engine.sweeps.search.halving.ranking import ranked

ACCURACY = Objective(metric="acc", direction=Direction.MAXIMIZE)
LATENCY = Objective(metric="ms", direction=Direction.MINIMIZE)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
RESULTS = st.dictionaries(
    st.integers(0, 40), st.none() | st.fixed_dictionaries({"acc": NUMBERS, "ms": NUMBERS}), max_size=12
)


def test_the_best_is_first_and_of_equals_the_lower_number() -> None:
    assert ranked({3: {"acc": 0.5}, 1: {"acc": 0.9}, 2: {"acc": 0.5}, 0: None}, [ACCURACY]) == [1, 2, 3, 0]


def test_smaller_is_better_where_the_objective_is_minimised() -> None:
    assert ranked({0: {"ms": 5.0}, 1: {"ms": -1.0}}, [LATENCY]) == [1, 0]


def test_several_objectives_rank_by_fronts_and_the_ends_of_a_front_first() -> None:
    results = {
        0: {"acc": 0.5, "ms": 9.0},  # beaten by all
        1: {"acc": 0.9, "ms": 5.0},
        2: {"acc": 0.8, "ms": 3.0},
        3: {"acc": 0.79, "ms": 2.9},
        4: {"acc": 0.6, "ms": 1.0},
    }
    assert ranked(results, [ACCURACY, LATENCY]) == [1, 4, 3, 2, 0]


@given(RESULTS, st.sampled_from([[ACCURACY], [ACCURACY, LATENCY]]))
def test_every_trial_has_one_place_whatever_the_order_in_which_results_came(
    results: dict[int, dict[str, float] | None], objectives: list[Objective]
) -> None:
    order = ranked(results, objectives)
    assert sorted(order) == sorted(results)
    assert ranked(dict(reversed(results.items())), objectives) == order
    failed = [number for number in order if results[number] is None]
    assert order[len(order) - len(failed) :] == sorted(failed)


@given(RESULTS)
def test_no_trial_stands_before_one_that_beats_it(results: dict[int, dict[str, float] | None]) -> None:
    order = [number for number in ranked(results, [ACCURACY, LATENCY]) if results[number] is not None]
    for place, number in enumerate(order):
        one = results[number] or {}
        for other in (results[later] or {} for later in order[place + 1 :]):
            beaten = other["acc"] >= one["acc"] and other["ms"] <= one["ms"]
            assert not beaten or (other["acc"], other["ms"]) == (one["acc"], one["ms"])
            assert math.isfinite(one["acc"])


def test_trials_that_break_a_limit_rank_below_all_that_keep_it_by_how_far_they_are_beyond() -> None:
    limits = {"ms": OutcomeLimit(max=4.0)}
    results = {
        0: {"acc": 0.9, "ms": 9.0},
        1: {"acc": 0.1, "ms": 4.0},
        2: {"acc": 0.8, "ms": 5.0},
        3: {"acc": 0.2, "ms": 1.0},
        4: None,
        5: {"acc": 0.15},
    }
    assert ranked(results, [ACCURACY], limits) == [3, 5, 1, 2, 0, 4]
    del results[5]
    assert ranked(results, [ACCURACY, LATENCY], limits)[-3:] == [2, 0, 4]
