"""Outcome constraints: every part of the search and of the result uses trials that keep them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from morphogenetic_engine.errors import ConfigError, FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.budget import BudgetStopper
from morphogenetic_engine.sweeps.run.early_stopping import EarlyStopper
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.schema.execution_section import EarlyStopping
from morphogenetic_engine.sweeps.schema.optimization_section import Budget, OptimizationConfig
from morphogenetic_engine.sweeps.search.registry import fired_rule, strategy_of
from morphogenetic_engine.sweeps.search.warm_start import usable_trials
from morphogenetic_engine.sweeps.strategy import Decision, Earlier, earlier_than
from morphogenetic_engine.testing.strategies import StrategyTests
from tests.reports.sweeps import sweep, trial
from tests.tables import steady_rows

LIMITS = {"latency": {"max": 0.4}}
Start = Callable[[str], SweepFolder]


def configured(**optimization: object) -> SweepConfig:
    given = {"n_trials": 40, "seed": 1, "outcome_constraints": LIMITS, **optimization}
    return parse_config(
        {
            "sweep_type": given.pop("sweep_type", "bayesian"),
            "experiment": {"workload": "toy:quadratic"},
            "parameters": {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}},
            "optimization": given,
        },
        where="sweep.yaml",
    )


def searched(config: SweepConfig) -> list[TrialRecord]:
    """Searches y for the largest value while the latency, which is y too, is limited."""
    strategy = strategy_of(config)
    trials: dict[int, TrialRecord] = {}
    for number in range(strategy.trials):
        params = strategy.suggest(number, earlier_than(number, strategy.needs(number), trials))
        metrics = {"val_acc": float(params["y"]) - abs(float(params["x"]) - 0.5), "latency": float(params["y"])}
        trials[number] = TrialRecord(number, 0, params, TrialState.COMPLETE, metrics=metrics)
    return list(trials.values())


@pytest.mark.parametrize(
    "options",
    [
        {"sampler": "TPE"},
        {"sampler": "auto"},
        {"sampler": "NSGAII", "n_trials": 300, "sampler_options": {"population_size": 15}},
    ],
)
def test_samplers_learn_where_the_constraint_is_kept(options: Mapping[str, object]) -> None:
    def latency_at_the_end(**more: object) -> float:
        trials = searched(configured(**{**options, **more}))
        last = trials[2 * len(trials) // 3 :]
        return sum(each.metrics["latency"] for each in last) / len(last)

    assert latency_at_the_end() < 0.55 < 0.65 < latency_at_the_end(outcome_constraints={})


def test_a_sampler_that_would_search_where_the_constraint_is_broken_is_refused() -> None:
    with pytest.raises(ConfigError, match="sampler: CmaEs does not use outcome_constraints.*use TPE, GP or NSGAII"):
        strategy_of(configured(sampler="CmaEs"))


def test_auto_does_not_go_over_to_cma_es() -> None:
    assert "CMA-ES" in str(fired_rule(configured(sampler="auto", n_trials=600, outcome_constraints={})))
    assert fired_rule(configured(sampler="auto", n_trials=600)) == "outcome constraints, which CMA-ES does not use: TPE"


class TestTpeWithConstraints(StrategyTests):
    sweep = {
        **StrategyTests.sweep,
        "sweep_type": "bayesian",
        "optimization": {
            "n_trials": 16,
            "lookahead": 3,
            "sampler_options": {"n_startup_trials": 4},
            "outcome_constraints": {"val_acc": {"max": 0.5}},
        },
    }


def test_a_pruner_compares_with_feasible_trials_alone() -> None:
    config = configured(sweep_type="random", pruner="MedianPruner", pruner_options={"n_startup_trials": 2}, lookahead=1)

    def decided(latency: float) -> Decision:
        strategy = strategy_of(config)
        curve: dict[int, Mapping[str, float]] = {step: {"val_acc": 0.9} for step in range(4)}
        metrics = {"val_acc": 0.9, "latency": latency}
        ended = [TrialRecord(n, 0, {}, TrialState.COMPLETE, metrics=metrics, curve=curve) for n in range(3)]
        decisions = strategy.decisions(3, {}, Earlier(ended, [each.params for each in ended]), {})
        assert decisions is not None
        return decisions.decide(2, 0.1)

    assert decided(0.3) is Decision.STOP
    assert decided(0.5) is Decision.GO_ON


def _ended(number: int, value: float, latency: float) -> TrialRecord:
    metrics = {"val_acc": value, "latency": latency}
    return TrialRecord(number, 0, {}, TrialState.COMPLETE, metrics=metrics, duration=1.0)


def test_early_stopping_counts_from_the_first_feasible_trial_and_reaches_nothing_by_others() -> None:
    optimization = OptimizationConfig.model_validate({"outcome_constraints": LIMITS})
    threshold = EarlyStopper(EarlyStopping.model_validate({"threshold": 0.9}), optimization)
    assert [threshold.stops_after(_ended(0, 0.95, 0.5)), threshold.stops_after(_ended(1, 0.95, 0.3))] == [False, True]
    patience = EarlyStopper(EarlyStopping.model_validate({"patience": 2}), optimization)
    trials = [(0.9, 0.5), (0.1, 0.5), (0.1, 0.5), (0.2, 0.3), (0.9, 0.5), (0.1, 0.3)]
    assert [patience.stops_after(_ended(n, *each)) for n, each in enumerate(trials)] == [False] * 5 + [True]


def test_the_expected_improvement_is_that_of_feasible_trials() -> None:
    optimization = OptimizationConfig.model_validate({"outcome_constraints": LIMITS})
    stopper = BudgetStopper(Budget(improvement_per_hour=1.0), optimization)
    assert not any(stopper.stops_after(_ended(number, 0.5, 0.5)) for number in range(30))
    assert [stopper.stops_after(_ended(30 + number, 0.5, 0.3)) for number in range(20)] == [False] * 19 + [True]


def test_progressive_rounds_close_in_on_feasible_trials() -> None:
    def second_round(**more: object) -> list[float]:
        trials = searched(configured(sweep_type="progressive", rounds=2, regions=1, n_trials=None, **more))
        return [float(each.params["y"]) for each in trials[9:]]

    assert max(second_round()) <= 0.5 <= min(second_round(outcome_constraints={}))


def test_the_best_and_the_front_are_feasible_and_the_others_say_what_they_break() -> None:
    trials = [trial(n, {"x": 0.5, "lr": 0.1, "kind": "relu"}, n / 10, latency=n / 10) for n in range(6)]
    found = sweep(trials, outcome_constraints=LIMITS)
    assert found.best is trials[4] and list(found.ranked) == [trials[4], trials[3], trials[2], trials[1], trials[0]]
    assert found.ruled_out == {5: {"latency": "0.5 > 0.4"}}
    assert found.ruling_out == "outcome constraints rule out 1 of 6 complete trials (latency <= 0.4: 1)"
    several = sweep(
        trials,
        outcome_constraints=LIMITS,
        objectives=[{"metric": "val_acc"}, {"metric": "latency", "direction": "minimize"}],
    )
    assert trials[5] not in several.pareto_front and trials[4] in several.pareto_front


def test_a_sweep_without_a_feasible_trial_has_no_best_and_names_the_nearest() -> None:
    trials = [trial(n, {"x": 0.5, "lr": 0.1, "kind": "relu"}, 0.5, latency=1 - n / 10) for n in range(3)]
    found = sweep(trials, outcome_constraints=LIMITS)
    assert found.best is None and not found.pareto_front
    assert found.ruling_out == (
        "no trial is feasible: all 3 complete trials break outcome constraints (latency <= 0.4: 3); nearest: trial 2,"
        " latency 0.8 > 0.4"
    )


def test_a_warm_start_needs_the_constrained_metric() -> None:
    earlier = sweep([trial(0, {"x": 0.5, "lr": 0.1, "kind": "relu"}, 0.5)])
    with pytest.raises(ConfigError, match="has no latency, which outcome_constraints limit"):
        usable_trials(earlier, sweep([], outcome_constraints=LIMITS).config)


def test_the_constraints_are_part_of_the_identity_and_their_absence_is_not() -> None:
    assert configured().identity != configured(outcome_constraints={"latency": {"max": 0.5}}).identity
    assert "outcome_constraints" not in str(configured(outcome_constraints={}).identifying)


def _text(workers: int, limits: str) -> str:
    return f"""
sweep_type: bayesian
experiment: {{workload: "toy:rising"}}
parameters: {{x: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: {workers}}}
optimization: {{n_trials: 12, lookahead: 2, sampler_options: {{n_startup_trials: 4}}, outcome_constraints: {limits}}}
"""


@pytest.mark.slow
def test_worker_processes_give_the_same_table_at_any_number(start: Start) -> None:
    tables = []
    for workers in (1, 2):
        folder = start(_text(workers, "{twice: {max: -0.05}}"))
        run_sweep(folder)
        tables.append(steady_rows(folder))
    assert tables[0] == tables[1]
    assert read_result(folder).ruled_out


def test_a_workload_that_never_returns_the_constrained_metric_ends_the_sweep_with_what_is_missing(start: Start) -> None:
    folder = start(_text(2, "{latency: {max: 20}}"))
    with pytest.raises(
        ConfigError, match="optimization.outcome_constraints: the workload did not report latency, which"
    ):
        run_sweep(folder)
    first = read_result(folder).trials[0]
    assert first.state is TrialState.FAILED and first.reason is FailureReason.MISSING_METRIC
