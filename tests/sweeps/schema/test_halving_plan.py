"""The rungs, sizes and costs of a halving."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.schema.halving_plan import (
    Bracket,
    default_brackets,
    most_configurations,
    plan_of,
    rungs_of,
    sizes_of,
)

ETAS, LENGTHS = st.integers(2, 6), st.integers(1, 5000)


@pytest.mark.parametrize(
    ("full", "rungs"),
    [(1, (1,)), (3, (3,)), (9, (3, 9)), (20, (2, 7, 20)), (51, (2, 6, 17, 51)), (100, (4, 11, 33, 100))],
)
def test_default_rungs_begin_after_two_reports_and_at_two_to_four_percent(full: int, rungs: tuple[int, ...]) -> None:
    assert rungs_of(full, 3) == rungs


@given(LENGTHS, ETAS)
def test_default_rungs_ascend_to_the_full_length(full: int, eta: int) -> None:
    rungs = rungs_of(full, eta)
    assert list(rungs) == sorted(set(rungs)) and rungs[-1] == full
    assert len(rungs) == 1 or (rungs[0] >= 2 and rungs[0] + 0.5 >= full / 50)


@given(LENGTHS, ETAS, st.integers(1, 200))
def test_rungs_from_a_given_first_one_are_eta_times_apart_up_to_the_last_step(full: int, eta: int, first: int) -> None:
    rungs = rungs_of(full, eta, first)
    assert rungs[-1] == full and list(rungs) == sorted(set(rungs))
    assert all(after == eta * before for before, after in zip(rungs, rungs[1:-1], strict=False))
    assert rungs[0] == min(first, full)


def test_a_rung_near_the_full_length_is_left_out() -> None:
    assert rungs_of(50, 3, 5) == (5, 15, 50)
    assert rungs_of(90, 3, 5) == (5, 15, 45, 90)


@given(st.integers(1, 5000), ETAS, st.integers(1, 6))
def test_sizes_shrink_by_eta_and_one_always_reaches_the_full_length(trials: int, eta: int, rungs: int) -> None:
    sizes = sizes_of(trials, eta, rungs)
    assert len(sizes) == rungs and sizes[0] == trials
    assert all(above == max(1, below // eta) for below, above in zip(sizes, sizes[1:], strict=False))


@given(st.integers(1, 500), ETAS, LENGTHS, st.integers(1, 5))
def test_brackets_share_the_trials_evenly_and_cost_what_their_sizes_add_up_to(
    trials: int, eta: int, full: int, brackets: int
) -> None:
    count = min(brackets, trials)
    plan = plan_of(trials, eta, rungs_of(full, eta), count)
    assert [number for bracket in plan.brackets for number in bracket.numbers] == list(range(trials))
    sizes = [bracket.sizes[0] for bracket in plan.brackets]
    assert max(sizes) - min(sizes) <= 1
    assert plan.trials == trials == plan.reaching(0)
    steps = sum(
        (reports - below) * sum(each.sizes[rung] for each in plan.brackets)
        for rung, (below, reports) in enumerate(zip((0, *plan.rungs), plan.rungs, strict=False))
    )
    assert plan.steps == steps and plan.cost == pytest.approx(steps / full)
    assert count * full <= steps <= trials * full


def test_a_plan_of_81_configurations() -> None:
    plan = plan_of(81, 3, (1, 3, 9, 27), 1)
    assert plan.brackets == (Bracket(0, (81, 27, 9, 3)),)
    assert plan.steps == 81 + 27 * 2 + 9 * 6 + 3 * 18


@given(st.floats(0.5, 300), ETAS, st.integers(10, 400), st.none() | st.integers(1, 4), st.booleans())
def test_a_budget_gives_the_most_configurations_that_it_pays_for(
    budget: float, eta: int, full: int, brackets: int | None, learns: bool
) -> None:
    rungs = rungs_of(full, eta)
    found = most_configurations(budget, eta, rungs, brackets, learns)

    def cost(trials: int) -> float:
        count = default_brackets(trials, eta, learns) if brackets is None else brackets
        return plan_of(trials, eta, rungs, count).cost

    least = 1 if brackets is None else brackets
    assert found == least or cost(found) <= budget
    if brackets is not None:
        assert cost(found + 1) > budget


def test_a_budget_of_ten_full_trainings_trains_many_more_than_ten_configurations() -> None:
    assert most_configurations(10, 3, rungs_of(51, 3), None, learns=False) > 80
