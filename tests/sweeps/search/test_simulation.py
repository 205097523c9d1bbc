"""A strategy on recorded trials: it receives measured values, and each recorded trial once."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.search.simulation import Contestant, Replayed, as_recorded, contestant_config, replay
from morphogenetic_engine.sweeps.strategy import earlier_than
from morphogenetic_engine.trial import Params

XY = {"x": {"low": 0.0, "high": 1.0}, "rate": {"low": 1e-4, "high": 1.0, "log": True}}
KINDS = {"kind": ["a", "b"], "depth": {"low": 1, "high": 9, "when": {"kind": "a"}}, "x": {"low": 0.0, "high": 1.0}}


def recorded(parameters: Mapping[str, object], trials: Sequence[TrialRecord], **optimization: object) -> SweepResult:
    """A sweep of which only its trials matter."""
    written = {"sweep_type": "random", "parameters": parameters, "experiment": {"noise": 0.25}}
    config = parse_config(
        {**written, "optimization": {"n_trials": len(trials), "lookahead": 2, **optimization}}, where="sweep.yaml"
    )
    info = SweepInfo(
        sweep_id="done",
        created="2026-01-01T00:00:00",
        config=config,
        identity=config.identity,
        config_path="sweep.yaml",
        working_directory=".",
        python="3.11",
        versions={},
        git_commit=None,
    )
    return SweepResult(info, trials, [], None)


def complete(number: int, params: Params, value: float, steps: int = 4) -> TrialRecord:
    curve = {step: {"val_acc": value - 1 / (step + 1)} for step in range(steps)}
    return TrialRecord(number, 0, params, TrialState.COMPLETE, metrics={"val_acc": value}, curve=dict(curve))


def hill(trials: int = 60) -> SweepResult:
    """Random points of a smooth hill over x and the logarithm of rate."""
    units_N2 = np.random.default_rng(3).random((trials, 2))
    points: list[Params] = [{"x": float(x), "rate": float(10 ** (-4 * (1 - r))), "noise": 0.25} for x, r in units_N2]
    heights = [-((x - 0.3) ** 2) - (r - 0.6) ** 2 for x, r in units_N2]
    return recorded(
        XY, [complete(n, point, float(v)) for n, (point, v) in enumerate(zip(points, heights, strict=True))]
    )


@pytest.mark.parametrize("sampler", ["TPE", "Random", "QMC", "CmaEs", "NSGAII", "auto"])
def test_every_recorded_trial_is_spent_once_and_a_seed_gives_the_same_replay(sampler: str) -> None:
    result = hill(24)
    values = sorted(trial.metrics["val_acc"] for trial in result.trials)
    one, again = (replay(result, Contestant(sampler), 5) for _ in range(2))
    assert sorted(value for value in one.values if value is not None) == values
    assert list(one.steps) == [4] * 24
    assert one == again != replay(result, Contestant(sampler), 6)


@pytest.mark.slow
def test_a_search_that_learns_finds_the_best_sooner_than_chance() -> None:
    result = hill()
    medians = {
        name: statistics.median(replay(result, Contestant(name), seed).reached or 0 for seed in range(9))
        for name in ("TPE", "Random")
    }
    assert medians["TPE"] < 0.7 * medians["Random"]


def test_a_pruner_saves_steps_and_the_search_hears_of_pruned_trials_alone_what_they_reported() -> None:
    result = hill()
    whole, pruned = replay(result, Contestant("TPE"), 1), replay(result, Contestant("TPE", "MedianPruner"), 1)
    assert sum(pruned.steps) < sum(whole.steps) == 240
    cut = [(steps, value) for steps, value in zip(pruned.steps, pruned.values, strict=True) if steps < 4]
    assert cut and all(value is None for _, value in cut)


def test_trials_that_were_pruned_or_failed_stay_so() -> None:
    trials = [complete(0, {"x": 0.1, "rate": 0.1}, 0.5), complete(1, {"x": 0.9, "rate": 0.1}, 0.7, steps=2)]
    trials[0].state = TrialState.PRUNED
    trials.append(TrialRecord(2, 0, {"x": 0.5, "rate": 0.01}, TrialState.FAILED))
    trials.append(TrialRecord(3, 0, {"x": 0.5, "rate": 0.02}, TrialState.INTERRUPTED))
    result = recorded(XY, trials)
    assert as_recorded(result) == Replayed([4, 2, 1], [None, 0.7, None], Direction.MAXIMIZE, 0.7)
    replayed = replay(result, Contestant("TPE"), 0)
    assert sorted(zip(replayed.steps, replayed.values, strict=True)) == [(1, None), (2, 0.7), (4, None)]


def test_a_suggestion_takes_the_nearest_trial_that_is_left() -> None:
    """On ranges by how far along they lie (in the logarithm with log), while any two choices are equally far apart."""
    space = {"x": {"low": 10.0, "high": 30.0}, "rate": {"low": 1e-4, "high": 1.0, "log": True}, "kind": ["a", "b", "c"]}
    random = np.random.default_rng(7)
    points: list[Params] = [
        {"x": float(10 + 20 * random.random()), "rate": float(10 ** (-4 * random.random())), "kind": "abc"[n % 3]}
        for n in range(30)
    ]
    result = recorded(space, [complete(n, point, float(n)) for n, point in enumerate(points)])
    strategy = Contestant("Random")
    suggestions, asked = strategy_of(contestant_config(result, strategy, 30, 5)), dict[int, TrialRecord]()
    left, wanted = dict(enumerate(points)), []
    for number in range(30):
        one = suggestions.suggest(number, earlier_than(number, suggestions.needs(number), asked))
        asked[number] = complete(number, one, 0.0)
        _, nearest = min((_gap(one, point), place) for place, point in left.items())
        wanted.append(float(nearest))
        del left[nearest]
    assert replay(result, strategy, 5).values == wanted


def _gap(one: Params, other: Params) -> float:
    along = (float(one["x"]) - float(other["x"])) / 20
    rate = math.log10(float(one["rate"]) / float(other["rate"])) / 4
    return along**2 + rate**2 + (one["kind"] != other["kind"])


def test_a_suggestion_takes_a_trial_of_its_kind_while_there_is_one() -> None:
    """Two kinds, of which one has no depth."""
    points: list[Params] = [{"kind": "a", "depth": depth, "x": 0.5} for depth in (1, 5, 9)]
    points += [{"kind": "b", "x": x} for x in (0.1, 0.5, 0.9)]
    result = recorded(KINDS, [complete(n, point, float(n)) for n, point in enumerate(points)])
    for seed in range(5):
        suggestions = strategy_of(contestant_config(result, Contestant("Random"), 6, seed))
        kind = suggestions.suggest(0, earlier_than(0, 0, {}))["kind"]
        assert ((replay(result, Contestant("Random"), seed).values[0] or 0) >= 3) is (kind == "b")


def test_what_was_found_after_some_steps() -> None:
    replayed = Replayed([4, 2, 4], [0.5, None, 0.9], Direction.MAXIMIZE, 0.9)
    assert [replayed.best_after(steps) for steps in (3, 4, 9, 10)] == [None, 0.5, 0.5, 0.9]
    assert (replayed.reached, replayed.steps_until_best) == (3, 10)
    missed = Replayed([4, 2], [0.5, None], Direction.MINIMIZE, 0.2)
    assert (missed.reached, missed.steps_until_best, missed.best_after(9)) == (None, None, 0.5)


def test_a_real_grid_is_replayed(start: Callable[[str], SweepFolder]) -> None:
    folder = start("""
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {low: 0.0, high: 1.0, points: 11}}
optimization: {seed: 1}
""")
    run_sweep(folder)
    result = read_result(folder)
    assert as_recorded(result).reached == 4  # x = 0.3
    reached = [replay(result, Contestant("TPE", "MedianPruner"), seed).reached for seed in range(3)]
    places = [place for place in reached if place is not None]
    assert places and all(1 <= place <= 11 for place in places)


def test_several_objectives_or_no_result_are_one_line() -> None:
    objectives = [{"metric": "val_acc"}, {"metric": "runtime", "direction": "minimize"}]
    several = recorded(XY, [complete(0, {"x": 0.1, "rate": 0.1}, 0.5)], objectives=objectives)
    with pytest.raises(ConfigError, match="^sweep done: optimization.objectives: a replay compares one objective"):
        replay(several, Contestant("TPE"), 0)
    nothing = recorded(XY, [TrialRecord(0, 0, {"x": 0.5, "rate": 0.01}, TrialState.FAILED)])
    with pytest.raises(SweepError, match="^sweep done: has no complete trial to replay$"):
        as_recorded(nothing)


def test_a_sampler_that_does_not_fit_is_one_line() -> None:
    result = recorded(KINDS, [complete(0, {"kind": "b", "x": 0.5}, 0.5)])
    with pytest.raises(ConfigError, match="CmaEs cannot search choices, but kind has them"):
        replay(result, Contestant("CmaEs"), 0)
