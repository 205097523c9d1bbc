"""The conformance suite of strategies, samplers and pruners.

    class TestSpiral(StrategyTests):
        sweep = {**StrategyTests.sweep, "sweep_type": "spiral"}

checks with a sweep file every property that the run loop relies on, without processes: suggestions are pure functions
of the configuration, the number and the earlier trials, so any number of workers, any order of completion and any
interruption give the same trials."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Mapping, Sequence
from random import Random
from typing import ClassVar

import orjson

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import Decision, Reports, Strategy, earlier_than
from morphogenetic_engine.testing.trial_curves import ended_trial, trial_curve
from morphogenetic_engine.trial import Params, Value, text

LOOKAHEAD = 3


class StrategyTests:
    """The tests of a strategy. Set `sweep` to the sweep file that uses it, and override `make` if it needs more."""

    sweep: ClassVar[Mapping[str, object]] = {
        "experiment": {"workload": "package:train", "given": 3},
        "parameters": {
            "rate": {"low": 1e-4, "high": 1.0, "log": True, "points": 3},
            "width": {"low": 8, "high": 64, "step": 8, "points": 3},
        },
        "optimization": {"n_trials": 12, "lookahead": LOOKAHEAD},
    }
    """The sweep file as a mapping."""

    def make(self) -> Strategy:
        """Builds a new strategy, as each process of a sweep does."""
        return strategy_of(self.config)

    @property
    def config(self) -> SweepConfig:
        """The configuration that the sweep file describes."""
        return parse_config(self.sweep, where=type(self).__name__)

    def test_there_is_at_least_one_trial(self) -> None:
        assert isinstance(self.make().trials, int) and self.make().trials >= 1

    def test_a_trial_needs_only_trials_before_it_and_no_fewer_than_the_one_before(self) -> None:
        strategy = self.make()
        needs = [strategy.needs(number) for number in range(strategy.trials)]
        assert all(0 <= needed <= number for number, needed in enumerate(needs))
        assert needs == sorted(needs)

    def test_every_suggestion_is_a_point_of_the_space(self) -> None:
        space = self.config.space
        for trial in self._run():
            params = trial.params
            assert {name: params[name] for name in space.fixed} == dict(space.fixed)
            searched = {name: value for name, value in params.items() if name not in space.fixed}
            assert list(searched) == [name for name in space.axes if name in searched]
            assert space.allows(searched)
            for name, axis in space.axes.items():
                assert (name in searched) == space.is_active(name, searched)
                if name in searched:
                    meant = axis.parse(text(searched[name]))
                    assert (meant, type(meant)) == (searched[name], type(searched[name]))

    def test_suggestions_survive_the_journal(self) -> None:
        for trial in self._run():
            assert all(_is_plain(value) for value in trial.params.values())
            assert orjson.loads(orjson.dumps(trial.params)) == trial.params

    def test_two_processes_suggest_the_same(self) -> None:
        assert _params(self._run()) == _params(self._run())

    def test_a_process_that_takes_over_goes_on_with_the_same_suggestions(self) -> None:
        whole = self._run()
        restarts = {1, len(whole) // 3, len(whole) // 2, len(whole) - 1}
        assert _table(self._run(restarts=restarts)) == _table(whole)

    def test_suggestions_do_not_depend_on_the_order_of_completion(self) -> None:
        whole = _table(self._run())
        for seed in range(5):
            assert _table(self._run_in_parallel(Random(seed))) == whole

    def test_nothing_that_is_shown_is_changed(self) -> None:
        strategy, trials = self.make(), dict[int, TrialRecord]()
        for number in range(strategy.trials):
            earlier = earlier_than(number, strategy.needs(number), trials)
            before = copy.deepcopy(earlier)
            params = strategy.suggest(number, earlier)
            strategy.decisions(number, dict(params), earlier, {})
            assert earlier == before
            trials[number] = ended_trial(number, params, self.config)

    def test_decisions_are_made_where_reports_are_needed(self) -> None:
        strategy = self.make()
        earlier = earlier_than(0, 0, {})
        decisions = strategy.decisions(0, strategy.suggest(0, earlier), earlier, {})
        pauses = getattr(strategy, "promoter", None) is not None  # then reports are needed for rungs, not for decisions
        assert (decisions is not None or pauses) == strategy.needs_reports

    def test_an_attempt_that_goes_on_is_decided_as_one_that_reported_everything(self) -> None:
        config, trials = self.config, {trial.number: trial for trial in self._run()}
        for number, trial in trials.items():
            curve = trial_curve(number, trial.params, config)
            for known in range(1, len(curve)):
                if len(trial.curve) > known:  # nothing was decided before
                    again = self._decide(number, trial.params, trials, curve, reported=known)
                    assert len(again.curve) == len(trial.curve) and again.state is trial.state

    def _run(self, *, restarts: Collection[int] = ()) -> list[TrialRecord]:
        """Runs and returns the sweep's trials in sequence; before each of `restarts` a new strategy takes over."""
        strategy, trials = self.make(), dict[int, TrialRecord]()
        for number in range(strategy.trials):
            if number in restarts:
                strategy = self.make()
            self._try(strategy, number, trials)
        return list(trials.values())

    def _run_in_parallel(self, random: Random) -> list[TrialRecord]:
        """Runs and returns the sweep's trials with as many workers as the lookahead; they end in a random order."""
        strategy, running = self.make(), dict[int, TrialRecord]()
        trials: dict[int, TrialRecord] = {}
        fresh = 0
        while fresh < strategy.trials or running:
            ended = [number for number in trials if number not in running]
            frontier = next(number for number in range(fresh + 1) if number not in ended)
            if fresh < strategy.trials and len(running) < LOOKAHEAD and frontier >= strategy.needs(fresh):
                self._try(strategy, fresh, trials)
                running[fresh] = trials[fresh]
                fresh += 1
            else:
                assert running, f"trial {fresh} waits for trials that nobody runs"
                running.pop(random.choice(list(running)))
        return list(trials.values())

    def _try(self, strategy: Strategy, number: int, trials: dict[int, TrialRecord]) -> None:
        earlier = earlier_than(number, strategy.needs(number), trials)
        params = strategy.suggest(number, earlier)
        trials[number] = TrialRecord(number, 0, params)
        curve = trial_curve(number, params, self.config)
        decisions = strategy.decisions(number, params, earlier, {})
        steps = len(curve)
        if decisions is not None:
            made = (step for step, value in enumerate(curve) if decisions.decide(step, value) is not Decision.GO_ON)
            steps = next(made, steps - 1) + 1
        trials[number] = ended_trial(number, params, self.config, steps)

    def _decide(
        self, number: int, params: Params, trials: Mapping[int, TrialRecord], curve: Sequence[float], reported: int
    ) -> TrialRecord:
        """Returns a trial that a new strategy continues after some reports."""
        strategy = self.make()
        told: Reports = {step: {self.config.optimization.target_metric: curve[step]} for step in range(reported)}
        for each in range(number):
            strategy.suggest(each, earlier_than(each, strategy.needs(each), trials))
        earlier = earlier_than(number, strategy.needs(number), trials)
        decisions = strategy.decisions(number, params, earlier, told)
        steps = len(curve)
        if decisions is not None:
            made = (
                step for step in range(reported, steps) if decisions.decide(step, curve[step]) is not Decision.GO_ON
            )
            steps = next(made, steps - 1) + 1
        return ended_trial(number, params, self.config, steps)


def _is_plain(value: Value) -> bool:
    return type(value) in {bool, int, float, str} and not (isinstance(value, float) and not math.isfinite(value))


def _params(trials: Sequence[TrialRecord]) -> list[Params]:
    return [trial.params for trial in trials]


def _table(trials: Sequence[TrialRecord]) -> list[tuple[int, Params, TrialState, int]]:
    return [(trial.number, trial.params, trial.state, len(trial.curve)) for trial in trials]
