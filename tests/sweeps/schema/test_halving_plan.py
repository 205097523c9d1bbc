"""The rungs, sizes and costs of a halving."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.schema.halving_plan import (
    Bracket,
    budgeted_brackets,
    default_brackets,
    most_configurations,
    most_rungs_below,
    plan_of,
    rungs_of,
    sizes_of,
)
from morphogenetic_engine.sweeps.schema.halving_section import Halving

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


@given(st.floats(0.5, 300), ETAS, st.integers(10, 400), st.integers(1, 4))
def test_a_budget_gives_the_most_configurations_that_it_pays_for(
    budget: float, eta: int, full: int, brackets: int
) -> None:
    rungs = rungs_of(full, eta)
    found = most_configurations(budget, eta, rungs, brackets)
    assert found == brackets or plan_of(found, eta, rungs, brackets).cost <= budget
    assert plan_of(found + 1, eta, rungs, brackets).cost > budget


@given(st.floats(0.5, 300), ETAS, st.integers(10, 400), st.booleans())
def test_a_budget_has_the_most_default_brackets_whose_rungs_it_can_fill(
    budget: float, eta: int, full: int, learns: bool
) -> None:
    rungs = rungs_of(full, eta)
    count = budgeted_brackets(budget, eta, rungs, learns)
    filled = [
        each
        for each in range(1, 6)
        if default_brackets(most_configurations(budget, eta, rungs, each), eta, len(rungs) - 1, learns) >= each
    ]
    assert count == max([1, *filled])


def test_a_budget_of_ten_full_trainings_trains_many_more_than_ten_configurations() -> None:
    assert most_configurations(10, 3, rungs_of(51, 3), 1) > 80


@pytest.mark.parametrize(("trials", "brackets"), [(1, 1), (35, 1), (36, 2), (54, 3), (89, 4), (90, 5), (4_000, 5)])
def test_brackets_by_default_are_so_large_that_their_rungs_are_filled(trials: int, brackets: int) -> None:
    assert default_brackets(trials, 3, 3, True) == brackets
    assert default_brackets(trials, 3, 3, False) == 1
    assert default_brackets(trials // 2, 3, 2, True) == default_brackets(trials // 2, 3, 1, True) == brackets


def test_the_default_number_of_brackets_does_not_change_when_the_full_length_gets_known() -> None:
    assert most_rungs_below(3) == 3 == len(rungs_of(1_000, 3)) - 1
    halving = Halving()
    assert len(halving.plan(200, 1, learns=True).brackets) == len(halving.plan(200, 20, learns=True).brackets) == 5


@given(st.integers(1, 600), st.none() | st.integers(1, 400), st.none() | st.floats(1, 60))
def test_a_settled_section_has_the_plan_of_the_section(trials: int, full: int | None, budget: float | None) -> None:
    halving = Halving(full=full, budget=None if full is None else budget)
    configurations = halving.budgeted(learns=True) or trials
    settled = halving.settled(configurations, learns=True)
    assert settled.budgeted(learns=True) == halving.budgeted(learns=True)
    assert settled.plan(configurations, full or 50, learns=True) == halving.plan(
        configurations, full or 50, learns=True
    )
