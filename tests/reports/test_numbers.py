"""The single numbers of a summary against values that are known by other means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.reports.columns import Column, metric_column, parameter_column
from morphogenetic_engine.reports.correlation import association, correlations_of, strongest
from morphogenetic_engine.reports.cost import cost_of
from morphogenetic_engine.reports.edges import edge_warnings
from morphogenetic_engine.reports.failures import failures_of
from morphogenetic_engine.reports.interactions import interactions_of
from morphogenetic_engine.reports.pareto import pareto_of
from morphogenetic_engine.reports.profiles import profiles_of
from morphogenetic_engine.reports.regions import ABSENT, split
from morphogenetic_engine.reports.slices import slices_of
from morphogenetic_engine.reports.timeline import timeline_of
from morphogenetic_engine.reports.trend import trend_of
from morphogenetic_engine.sweeps.attempts import Attempt, Span
from morphogenetic_engine.sweeps.events import TrialState
from morphogenetic_engine.sweeps.results import SweepResult, TrialRecord
from morphogenetic_engine.sweeps.sections import Direction
from morphogenetic_engine.sweeps.space import Choices, FloatRange
from morphogenetic_engine.trial import Params, Value
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}
RANDOM = np.random.default_rng(0)


def column(name: str, values: Sequence[float], levels: int = 0) -> Column:
    return Column(name, np.array(values), tuple(range(levels)))


def line(*values: float, log: bool = False, top: float = 1.0) -> SweepResult:
    """Trials along x, whose objective is the smaller the further down the list."""
    space = {"x": {"low": 0.01, "high": top, "log": log}}
    return sweep([trial(n, {"x": x}, -float(n)) for n, x in enumerate(values)], space)


def test_numbers_correlate_as_scipy_says() -> None:
    one, other = RANDOM.normal(size=40), RANDOM.integers(0, 5, size=40).astype(float)
    found = association(Column("one", one), Column("other", other))
    assert found.linear == pytest.approx(stats.pearsonr(one, other).statistic)
    assert found.rank == pytest.approx(stats.spearmanr(one, other).statistic)


def test_a_parameter_on_a_logarithmic_scale_is_taken_in_the_logarithm() -> None:
    trials = [trial(n, {"lr": 10.0**-n}, float(n)) for n in range(5)]
    lr = parameter_column("lr", FloatRange(1e-4, 1.0, log=True), trials)
    assert association(lr, metric_column("val_acc", trials)).linear == pytest.approx(-1)


def test_the_correlation_ratio_is_that_of_the_analysis_of_variance() -> None:
    groups, values = np.repeat([0.0, 1.0, 2.0], 10), RANDOM.normal(size=30)
    found = association(column("group", groups.tolist(), levels=3), Column("value", values))
    f = stats.f_oneway(*(values[groups == group] for group in range(3))).statistic
    assert found.measure == "correlation ratio"
    assert found.linear == pytest.approx(math.sqrt(2 * f / (2 * f + 27)))


@pytest.mark.parametrize(("other", "strength"), [([0.0, 1.0] * 50, 1.0), ([0.0, 0.0, 1.0, 1.0] * 25, 0.0)])
def test_cramers_v_is_one_for_the_same_and_zero_for_independent_categories(other: list[float], strength: float) -> None:
    found = association(column("one", [0.0, 1.0] * 50, levels=2), column("other", other, levels=2))
    assert found.measure == "Cramer's V" and found.linear == pytest.approx(strength, abs=0.01)


def test_cramers_v_is_corrected_for_its_bias_as_bergsma_says() -> None:
    table = np.array([[10, 5, 1, 2], [2, 13, 3, 4], [1, 1, 9, 8]])
    one, other = np.nonzero(table)
    counts = table[one, other]
    found = association(
        column("one", np.repeat(one, counts).tolist(), levels=3),
        column("other", np.repeat(other, counts).tolist(), levels=4),
    )
    count = int(table.sum())
    square = stats.chi2_contingency(table, correction=False).statistic / count - 2 * 3 / (count - 1)
    assert found.linear == found.rank == pytest.approx(math.sqrt(square / (3 - 2**2 / (count - 1) - 1)))


def test_a_number_beside_categories_has_the_correlation_ratio_whichever_comes_first() -> None:
    groups, values = column("group", [0.0, 0.0, 1.0, 1.0, 2.0, 2.0], levels=3), column("value", [1.0, 9, 3, 2, 5, 50])
    forth, back = association(groups, values), association(values, groups)
    assert forth.measure == back.measure == "correlation ratio"
    assert (forth.linear, forth.rank) == (back.linear, back.rank) and forth.rank != forth.linear


def test_parameters_are_in_the_order_of_how_they_go_with_the_objective() -> None:
    space = {name: {"low": 0.0, "high": 9.0} for name in ("noise", "flat", "strong", "against")}
    noisy = [3.0, 1.0, 2.0, 0.0, 5.0, 4.0]
    trials = [
        trial(
            n, {"noise": noisy[n], "flat": 1.0, "strong": float(n), "against": 9.0 - n**2 / 5}, float(n), loss=noisy[n]
        )
        for n in range(6)
    ]
    found = correlations_of(sweep(trials, space, secondary_metrics=["never", "loss"]))
    assert found.metrics == ("val_acc", "loss")
    assert [each.one for each in found.with_objective()] == ["strong", "against", "noise", "flat"]
    assert {each.other for each in found.with_objective()} == {"val_acc"}
    some = strongest(found, ["noise", "flat", "val_acc", "loss"])
    assert [(each.one, each.other) for each in some] == [("noise", "loss"), ("noise", "val_acc"), ("val_acc", "loss")]


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0, 1.0], [1.0, math.nan, math.nan, 2.0, 3.0]], ids=str
)
def test_where_nothing_can_be_said_nothing_is(values: list[float]) -> None:
    found = association(column("one", values), column("other", [float(n) for n in range(len(values))]))
    assert (found.linear, found.rank) == (None, None)


def test_only_trials_that_have_both_are_counted() -> None:
    found = association(column("one", [1.0, math.nan, 3, 4, 5]), column("other", [1.0, 2, 3, 4, math.nan]))
    assert found.trials == 3


def test_lists_of_numbers_are_numbers_and_other_lists_are_categories() -> None:
    trials = [trial(0, {"a": 4, "b": True}, 0.0)]
    assert not parameter_column("a", Choices((2, 4, 8)), trials).categorical
    assert parameter_column("b", Choices((True, False)), trials).categorical
    assert parameter_column("a", Choices((0.001, 0.01, 0.1)), trials).log


def test_the_objective_comes_first_among_the_metrics() -> None:
    result = sweep([trial(n, {"x": n / 9}, n / 9, aaa=1.0 * n) for n in range(9)], X)
    found = correlations_of(result)
    assert found.metrics == ("val_acc", "aaa")
    assert found.with_objective()[0].rank == pytest.approx(1)


def test_a_best_value_at_the_end_of_its_range_is_warned_of() -> None:
    (found,) = edge_warnings(line(0.98, 0.99, 0.97, 0.5, 0.2, 0.1, 0.3, 0.4))
    assert (found.side, found.bound, found.top_at_edge, found.strong) == ("upper", 1.0, 3, True)
    assert found.suggestion is not None and found.suggestion > 1


def test_a_logarithmic_range_is_widened_in_the_logarithm() -> None:
    (found,) = edge_warnings(line(0.01, 0.0101, 0.2, 0.5, 0.3, 0.7, log=True))
    assert found.side == "lower" and found.suggestion == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("axis", "values"),
    [([1.0, 2.0], [1.0, 2.0, 1.0]), (["a", "b", "c"], ["a", "b", "c"]), ({"low": 0.0, "high": 10.0}, [1.0, 2.0, 1.0])],
    ids=str,
)
def test_there_is_no_warning_where_an_end_says_nothing(axis: object, values: Sequence[Value]) -> None:
    parameters = {"x": axis}
    assert not edge_warnings(sweep([trial(n, {"x": value}, -n) for n, value in enumerate(values)], parameters))


@pytest.mark.parametrize(
    ("axis", "values", "wider"),
    [
        ({"type": "int", "low": 0, "high": 10}, [10, 9, 1, 2, 3, 4, 5], 15),
        ({"type": "int", "low": 16, "high": 512, "log": True}, [512, 20, 30, 40, 50, 60, 70], 2896),
        ([1, 2.5, 4], [4, 1, 1, 1, 2.5, 2.5, 1], 5.5),
        ([2, 4, 9], [9, 2, 2, 2, 4, 4, 4], 12),
        ({"low": 1.0, "high": 2.0}, [1.0, 1.5, 1.6, 1.7, 1.8, 1.9, 1.4], 0.5),
        ({"low": -1.0, "high": 3.0}, [-1.0, 0.5, 1.6, 1.7, 1.8, 1.9, 1.4], -3),
    ],
    ids=str,
)
def test_a_wider_end_is_half_the_range_further_and_whole_where_values_are(
    axis: object, values: Sequence[Value], wider: float
) -> None:
    (found,) = edge_warnings(sweep([trial(n, {"x": value}, -n) for n, value in enumerate(values)], {"x": axis}))
    assert found.suggestion == wider and found.best == values[0] and not found.strong


def test_an_end_is_warned_of_where_the_best_trial_has_the_parameter() -> None:
    space = {"rule": ["sgd", "adam"], "momentum": {"low": 0.0, "high": 0.9, "when": {"rule": "sgd"}}}
    params: list[Params] = [{"rule": "sgd", "momentum": 0.9 if n < 3 else 0.4} for n in range(12)]
    assert edge_warnings(sweep([trial(n, each, -n) for n, each in enumerate(params)], space))
    params[0] = {"rule": "adam"}
    assert not edge_warnings(sweep([trial(n, each, -n) for n, each in enumerate(params)], space))


def test_strong_warnings_come_first() -> None:
    trials = [trial(n, {"a": 1.0 if n == 0 else 0.5, "b": 1.0 if n < 3 else 0.5}, -n) for n in range(10)]
    found = edge_warnings(sweep(trials, {name: {"low": 0.0, "high": 1.0} for name in "ab"}))
    assert [(each.parameter, each.strong, each.top_at_edge) for each in found] == [("b", True, 3), ("a", False, 1)]


def test_a_range_that_starts_at_zero_has_no_wider_start() -> None:
    (found,) = edge_warnings(sweep([trial(n, {"x": n / 9}, -n) for n in range(10)], X))
    assert (found.side, found.suggestion) == ("lower", None)


def failing(region: float, count: int = 40) -> SweepResult:
    def end(x: float) -> TrialState:
        return TrialState.FAILED if x > region else TrialState.COMPLETE

    values = [number / count for number in range(count)]
    return sweep(
        [
            trial(n, {"x": x}, None if end(x) is TrialState.FAILED else x, state=end(x), message=f"loss {n} nan")
            for n, x in enumerate(values)
        ],
        X,
    )


def test_failures_are_grouped_by_message_and_found_where_they_crowd() -> None:
    found = failures_of(failing(0.79))
    assert [(group.reason, len(group.trials)) for group in found.groups] == [("exception", 8)]
    (region,) = found.regions
    assert (region.region.low, region.failed, region.ended, region.failed_elsewhere) == (0.8, 8, 8, 0)
    assert region.p < 0.001


def test_each_reason_is_found_where_it_crowds_and_no_region_is_said_twice() -> None:
    """Small networks run out of time, large steps diverge: together they crowd nowhere in particular."""
    space = {"lr": {"low": 1e-4, "high": 1.0, "log": True}, "size": ["small", "large"], "x": {"low": 0.0, "high": 1.0}}
    trials = []
    for n in range(60):
        params: dict[str, float | str] = {"lr": 10 ** (-4 + n / 15), "size": "small" if n % 6 == 0 else "large"}
        reason = FailureReason.NON_FINITE_METRIC if n >= 48 else FailureReason.TIMEOUT if n % 6 == 0 else None
        made = trial(n, {**params, "x": n * 7 % 60 / 60}, None if reason else 0.5)
        made.state, made.reason = (TrialState.FAILED if reason else TrialState.COMPLETE), reason
        trials.append(made)
    found = failures_of(sweep(trials, space)).regions
    assert {(each.region.parameter, each.region.label, each.reason) for each in found} == {
        ("lr", "0.158489 to 0.857696", "non_finite_metric"),
        ("size", "small", "timeout"),
    }
    assert all(each.failed_elsewhere == 0 for each in found)


def test_a_seed_that_is_searched_has_no_edge_to_widen() -> None:
    trials = [trial(n, {"x": 0.5, "seed": n}, float(n)) for n in range(20)]
    space = {"x": {"low": 0.0, "high": 1.0}, "seed": {"type": "int", "low": 0, "high": 19}}
    assert not edge_warnings(sweep(trials, space))


def test_failures_by_chance_have_no_region() -> None:
    ends = [TrialState.FAILED if n % 7 == 0 else TrialState.COMPLETE for n in range(40)]
    trials = [trial(n, {"x": n / 40}, 0.0, state=state) for n, state in enumerate(ends)]
    assert not failures_of(sweep(trials, X)).regions


def test_the_largest_group_of_failures_comes_first_with_what_it_cost() -> None:
    messages = ["\n  once 3\nmore", "often 17", "often 4", "x" * 200]
    trials = [trial(n, {"x": 0.5}, state=TrialState.FAILED, message=text) for n, text in enumerate(messages)]
    trials.append(trial(4, {"x": 0.5}, 0.5))
    trials[0].crashes, trials[4].exceptions = 2, 3
    found = failures_of(sweep(trials, X))
    assert (found.failed, found.ended, found.tried_again) == (4, 5, 5)
    assert [(each.message, each.trials, each.seconds) for each in found.groups] == [
        ("often 17", (1, 2), 2),
        ("once 3", (0,), 1),
        ("x" * 159 + "…", (3,), 1),
    ]


def test_the_clearest_region_of_failures_comes_first() -> None:
    def record(n: int) -> TrialRecord:
        state = TrialState.FAILED if n % 4 == 3 else TrialState.COMPLETE
        return trial(n, {"odd": n % 2 == 1, "kind": "abcd"[n % 4]}, 0.5, state=state)

    found = failures_of(sweep([record(n) for n in range(40)], {"odd": [False, True], "kind": list("abcd")})).regions
    assert [(each.region.value, each.failed, each.ended, each.failed_elsewhere) for each in found] == [
        ("d", 10, 10, 0),
        (True, 10, 20, 0),
    ]
    assert found[0].p == pytest.approx(6 / math.comb(40, 10))  # of six regions


def test_the_headline_of_a_traceback_is_its_last_line() -> None:
    message = "Traceback (most recent call last):\n  File x\nValueError: bad"
    found = failures_of(sweep([trial(0, {"x": 0.5}, state=TrialState.FAILED, message=message)], X))
    assert found.groups[0].message == "ValueError: bad"


def test_two_parameters_that_matter_together_are_found() -> None:
    trials = []
    for number in range(64):
        a, b = number % 2, number // 2 % 2
        noise = float(RANDOM.normal()) / 10
        trials.append(trial(number, {"a": bool(a), "b": bool(b), "c": number // 4 % 2 == 0}, (a == b) + noise))
    first, *others = interactions_of(sweep(trials, {name: [True, False] for name in "abc"}))
    assert ({first.one, first.other}, first.clear) == ({"a", "b"}, True)
    assert first.gain is not None and first.gain > 0.5
    assert not any(each.clear for each in others)
    assert first.trials == ((16, 16), (16, 16))


def test_two_parameters_that_add_up_do_not_interact() -> None:
    trials = [trial(n, {"a": n % 2, "b": n // 2 % 2}, n % 2 + 3 * (n // 2 % 2) + n / 100) for n in range(40)]
    (found,) = interactions_of(sweep(trials, {"a": [0, 1], "b": [0, 1]}))
    assert not found.clear


@pytest.mark.parametrize(
    ("effect", "gain", "clear"),
    [(lambda a, b: a + 2 * b, 0, False), (lambda a, b: a, 0, False), (lambda a, b: a ^ b, 1, True)],
    ids=["sum", "one alone", "either or"],
)
def test_without_noise_only_what_does_not_add_up_interacts(
    effect: Callable[[int, int], int], gain: float, clear: bool
) -> None:
    trials = [trial(n, {"a": n % 2, "b": n // 2 % 2}, float(effect(n % 2, n // 2 % 2))) for n in range(40)]
    (found,) = interactions_of(sweep(trials, {"a": [0, 1], "b": [0, 1]}))
    assert found.gain == pytest.approx(gain) and found.clear is clear


def test_an_interaction_is_that_of_the_analysis_of_variance_of_the_ranks() -> None:
    values = np.random.default_rng(5).permutation(40)
    trials = [trial(n, {"a": n % 2, "b": n // 2 % 2}, float(value)) for n, value in enumerate(values)]
    (found,) = interactions_of(sweep(trials, {"a": [0, 1], "b": [0, 1]}))
    cells = [(values + 1.0)[np.arange(40) % 4 == cell] for cell in range(4)]  # balanced, ten trials each
    one, two, three, four = (float(cell.mean()) for cell in cells)
    crossed = 10 * (one - two - three + four) ** 2 / 4
    noise = sum(float(((cell - cell.mean()) ** 2).sum()) for cell in cells) / 36
    assert found.p == pytest.approx(stats.f.sf(crossed / noise, 1, 36))
    assert found.gain == pytest.approx(max(0.0, crossed - noise) / (40 * (40**2 - 1) / 12))
    assert found.median == tuple(
        tuple(float(np.median(values[np.arange(40) % 4 == a + 2 * b])) for b in (0, 1)) for a in (0, 1)
    )


def test_the_interaction_of_few_trials_is_not_judged() -> None:
    trials = [trial(n, {"a": n % 2, "b": n // 2}, float(n)) for n in range(4)]
    (found,) = interactions_of(sweep(trials, {"a": [0, 1], "b": [0, 1]}))
    assert (found.gain, found.p, found.clear) == (None, None, False)


def test_the_trend_holds_the_best_so_far() -> None:
    found = trend_of(sweep([trial(n, {"x": 0.5}, value) for n, value in enumerate([3.0, 1.0, 4.0, 1.0, 4.0])], X))
    assert [point.best for point in found.points] == [3, 3, 4, 4, 4]
    assert (found.improvements, found.trials_since_improvement) == ((0, 2), 2)


def test_the_trend_counts_what_ended_after_the_best() -> None:
    failed, running = trial(2, {"x": 0.5}, state=TrialState.FAILED), trial(3, {"x": 0.5}, state=TrialState.RUNNING)
    assert (
        trend_of(
            sweep([trial(0, {"x": 0.5}, 1.0), trial(1, {"x": 0.5}, 0.5), failed, running], X)
        ).trials_since_improvement
        == 2
    )
    assert (
        trend_of(sweep([trial(n, {"x": 0.5}, state=TrialState.FAILED) for n in range(3)], X)).trials_since_improvement
        == 3
    )
    low = trend_of(
        sweep([trial(n, {"x": 0.5}, value) for n, value in enumerate([3.0, 4.0, 1.0])], X, direction="minimize")
    )
    assert (low.improvements, low.trials_since_improvement) == ((0, 2), 0)


@pytest.mark.parametrize(("direction", "best"), [("maximize", (4.0, 9.0)), ("minimize", (0.0, 5.0))])
def test_a_slice_says_best_quartiles_and_size_of_each_part(direction: str, best: tuple[float, float]) -> None:
    space = {"kind": ["a", "b"], "gone": [1, 2], "x": {"low": 0.0, "high": 1.0}}
    trials = [trial(n, {"kind": "a" if n < 5 else "b", "x": n / 10}, float(n)) for n in range(10)]
    found = slices_of(sweep(trials, space, direction=direction))
    assert [(each.parameter, each.categorical) for each in found] == [("kind", True), ("x", False)]
    kind = found[0]
    assert [(each.region.value, each.trials, each.best) for each in kind.bins] == [("a", 5, best[0]), ("b", 5, best[1])]
    assert [(each.low, each.median, each.high) for each in kind.bins] == [(1, 2, 3), (6, 7, 8)]


def test_slices_cover_every_complete_trial_once() -> None:
    values = RANDOM.uniform(size=50)
    found = slices_of(sweep([trial(n, {"x": float(x)}, float(x)) for n, x in enumerate(values)], X))[0]
    assert sum(each.trials for each in found.bins) == 50
    assert max(each.best for each in found.bins) == values.max()
    assert all(each.low <= each.median <= each.high <= each.best for each in found.bins)


def test_absent_values_are_a_region_of_their_own() -> None:
    found = split(Column("momentum", np.array([0.1, math.nan, 0.9, math.nan])), 4)
    assert [region.label for region in found.regions] == ["0.1", "0.9", ABSENT]
    assert found.place_N.tolist() == [0, 2, 1, 2]


def test_worker_time_is_what_the_attempts_took() -> None:
    result = sweep([trial(n, {"x": 0.5}, 0.5) for n in range(5)], X)  # two workers, a second each
    cost, timeline = cost_of(result, price_per_hour=3600), timeline_of(result)
    assert (cost.wall_seconds, cost.trial_seconds, cost.worker_seconds, cost.price) == (3, 5, 6, 6)
    assert cost.utilisation == pytest.approx(5 / 6)
    assert [load.busy_seconds for load in timeline.workers] == [3, 2]
    assert np.mean(timeline.busy) * timeline.seconds == pytest.approx(5)
    assert timeline.busy[0] == pytest.approx(2) and timeline.busy[-1] == pytest.approx(1)


def test_the_pause_between_sessions_is_no_time_of_the_sweep() -> None:
    attempts = [
        Attempt(0, 0, 0, 0, 100.0, 104.0, TrialState.COMPLETE),
        Attempt(1, 0, 1, 0, 101.0, 104.0, TrialState.INTERRUPTED),
        Attempt(1, 1, 0, 1, 1000.0, 1005.0, TrialState.COMPLETE),
        Attempt(2, 0, 0, 1, 1005.0, None, TrialState.RUNNING),
    ]
    spans = [Span(100.0, 104.0, 2), Span(1000.0, 1006.0, 1)]
    found = timeline_of(replace(sweep([], X), attempts=attempts, spans=spans))
    assert (found.seconds, found.sessions) == (10, (0, 4))
    assert [(each.trial, each.attempt, each.session, each.start, each.end, each.state) for each in found.bars] == [
        (0, 0, 0, 0, 4, "complete"),
        (1, 0, 0, 1, 4, "interrupted"),
        (1, 1, 1, 4, 9, "complete"),
        (2, 0, 1, 9, 10, "running"),
    ]
    assert [(each.worker, each.attempts, each.busy_seconds, each.share) for each in found.workers] == [
        (0, 3, 10, 1.0),
        (1, 1, 3, 0.75),
    ]
    assert np.mean(found.busy) == pytest.approx(1.3)
    assert (
        found.busy[0] == pytest.approx(1) and found.busy[-1] == pytest.approx(1) and max(found.busy) == pytest.approx(2)
    )


def test_what_pruning_saved_is_held_against_a_complete_trial() -> None:
    trials = [trial(0, {"x": 0.5}, 0.5, curve=[0.1] * 10), trial(1, {"x": 0.5}, 0.5, curve=[0.1] * 10)]
    pruned = trial(2, {"x": 0.1}, 0.1, state=TrialState.PRUNED, curve=[0.1] * 2)
    pruned.duration = 0.25
    saved = cost_of(sweep([*trials, pruned], X)).pruning
    assert saved is not None
    assert (saved.trials, saved.steps, saved.seconds, saved.share) == (1, 8, 0.75, 8 / 30)


def test_without_pruned_trials_nothing_was_saved_and_a_median_is_typical() -> None:
    trials = [trial(n, {"x": 0.5}, 0.5) for n in range(3)]
    for each, seconds in zip(trials, (1.0, 2.0, 9.0), strict=True):
        each.duration = seconds
    cost = cost_of(sweep(trials, X))
    assert (cost.pruning, cost.median_seconds, cost.price) == (None, 2, None)


def test_the_front_stands_first() -> None:
    goals = [{"metric": "val_acc"}, {"metric": "loss", "direction": "minimize"}]
    points = [(0.1, 3.0), (0.9, 2.0), (0.5, 1.0), (0.9, 2.5)]
    result = sweep([trial(n, {"x": 0.5}, a, loss=b) for n, (a, b) in enumerate(points)], X, objectives=goals)
    found = pareto_of(result)
    assert found is not None
    assert [point.trial for point in found.points] == [1, 2, 0, 3]
    assert [point.trial for point in found.front] == [1, 2]
    assert pareto_of(line(0.5)) is None


@pytest.mark.parametrize(
    ("direction", "first", "last"), [(Direction.MAXIMIZE, 1.0, 0.25), (Direction.MINIMIZE, 1.0, 0.25)]
)
def test_a_profile_falls_from_all_runs_to_the_best(direction: Direction, first: float, last: float) -> None:
    (found,) = profiles_of({"one": [1.0, 2.0, 3.0, 4.0]}, direction)
    assert (found.share[0], found.share[-1]) == (first, last)
    assert all(one >= other for one, other in zip(found.share, found.share[1:], strict=False))
    assert all(low <= share <= high for low, share, high in zip(found.low, found.share, found.high, strict=True))


@pytest.mark.parametrize("runs", [1, 2, 7, 40])
def test_the_interval_of_a_profile_is_wilsons(runs: int) -> None:
    (found,) = profiles_of({"one": [float(n) for n in range(runs)]}, Direction.MAXIMIZE)
    for share, low, high in zip(found.share, found.low, found.high, strict=True):
        wanted = stats.binomtest(round(share * runs), runs).proportion_ci(method="wilson")
        assert [low, high] == pytest.approx([wanted.low, wanted.high], abs=1e-12)
        assert 0 <= low and high <= 1


def test_profiles_share_their_thresholds_from_the_worst_of_all_to_the_best() -> None:
    assert not profiles_of({"none": []}, Direction.MAXIMIZE)
    one, two = profiles_of({"one": [1.0, 2.0], "none": [], "two": [3.0, 1e-3]}, Direction.MINIMIZE)
    assert (one.name, one.runs, two.name) == ("one", 2, "two")
    assert one.thresholds == two.thresholds and (one.thresholds[0], one.thresholds[-1]) == (3, 1e-3)
    assert one.thresholds[50] == pytest.approx(3.001 / 2)
    assert (one.share[0], one.share[50], one.share[-1]) == (1, 0.5, 0)
    assert (two.share[0], two.share[50], two.share[-1]) == (1, 0.5, 0.5)


def test_the_last_threshold_is_the_best_however_small_beside_the_worst() -> None:
    (found,) = profiles_of({"one": [1e308, 5e-324]}, Direction.MINIMIZE)
    assert (found.thresholds[-1], found.share[-1]) == (5e-324, 0.5)
