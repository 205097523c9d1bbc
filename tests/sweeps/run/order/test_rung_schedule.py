"""The order of a halving's attempts: workers that would wait for a rung train something else, and no trial changes."""

from __future__ import annotations

import heapq
import random
import statistics

import pytest

from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import History, Pause, TrialRecord
from morphogenetic_engine.sweeps.run.order.rung_schedule import RungSchedule
from morphogenetic_engine.sweeps.search.halving.promoter import HalvingPromoter

FULL = 200


class Simulation:
    """Workers that train the trials of a halving, each at a pace of its own, on a clock that jumps."""

    def __init__(self, trials: int, brackets: int, seed: int = 1, *, learns: bool = True) -> None:
        self.total = trials
        self.seed = seed
        halving = {"full": FULL, "brackets": brackets}
        config = parse_config(
            {
                "sweep_type": "bayesian",
                "experiment": {"workload": "toy:rising"},
                "parameters": {"x": {"low": 0.0, "high": 1.0}},
                "optimization": {"n_trials": trials, "strategy": "halving", "halving": halving},
            },
            where="sweep",
        )
        self.promoter = HalvingPromoter(config, trials, learns=learns, enough=10)
        self.history = History()
        self.schedule = RungSchedule(self.history, trials, self.promoter)
        self.first_complete = 0.0

    def busy(self, workers: int) -> float:
        """Runs all trials and returns the share of the workers' time that they train."""
        chance = random.Random(self.seed)
        draws = [(chance.lognormvariate(0, 0.3), chance.random()) for _ in range(self.total)]
        now = trained = 0.0
        running: list[tuple[float, int]] = []
        while True:
            while len(running) < workers and (number := self.schedule.next()) is not None:
                seconds = self._steps(number) * draws[number][0]
                trained += seconds
                heapq.heappush(running, (now + seconds, number))
            if not running:
                return trained / now / workers
            now, number = heapq.heappop(running)
            self._stopped(number, draws[number][1] + chance.gauss(0, 0.1), now)

    def _steps(self, number: int) -> int:
        trial = self.history.trials.setdefault(number, TrialRecord(number, 0, {}))
        trial.state = TrialState.RUNNING
        begun = trial.pauses[-1].step + 1 if trial.pauses else 0
        return (self.promoter.pause_after(number, self.history.trials) or FULL) - begun

    def _stopped(self, number: int, value: float, now: float) -> None:
        trial, metrics = self.history.trials[number], {"val_acc": value}
        pause = self.promoter.pause_after(number, self.history.trials)
        if pause is None:
            trial.state, trial.metrics = TrialState.COMPLETE, metrics
            self.first_complete = self.first_complete or now
        else:
            trial.state = TrialState.PAUSED
            trial.pauses.append(Pause(pause - 1, metrics, 0.0))
        while decisions := self.schedule.decided():
            for decision in decisions:
                decided = self.history.trials[decision.trial]
                decided.state = TrialState.PROMOTED if decision.promoted else TrialState.PRUNED
                decided.rung += decision.promoted
        self.schedule.ended()


@pytest.mark.parametrize(("trials", "brackets"), [(81, 3), (60, 3), (135, 5), (243, 3)])
def test_two_workers_are_busy_nearly_all_the_time(trials: int, brackets: int) -> None:
    simulation = Simulation(trials, brackets)
    assert simulation.busy(workers=2) >= 0.94
    assert {trial.state for trial in simulation.history.trials.values()} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert len(simulation.history.trials) == trials


@pytest.mark.parametrize(("trials", "brackets"), [(81, 3), (243, 3), (243, 5)])
def test_two_workers_are_busy_with_the_brackets_of_a_design(trials: int, brackets: int) -> None:
    assert statistics.mean(Simulation(trials, brackets, seed, learns=False).busy(2) for seed in range(6)) >= 0.95


def test_all_configurations_of_a_design_may_start_at_once() -> None:
    promoter = Simulation(81, 3, learns=False).promoter
    assert all(promoter.may_start(number, {}) for number in range(81))


def test_long_trainings_of_the_bracket_before_the_last_wait_for_idle_workers() -> None:
    promoter = Simulation(81, 3).promoter
    first, last = 27, 54
    assert [promoter.turn(first, rung, {}) for rung in range(4)] == [first, first, 81, 81]
    assert [promoter.turn(last, rung, {}) for rung in range(4)] == [last] * 4
    assert [promoter.turn(0, rung, {}) for rung in range(4)] == [0] * 4
