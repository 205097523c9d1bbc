"""The busy share of workers in a halving, compared with a search whose promotions wait for nothing."""

from __future__ import annotations

import heapq
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.sweeps.run.order.test_rung_schedule import Simulation

SEEDS = 6
ETA = 3
RUNGS = (7, 22, 67, 200)


@dataclass
class FreeRunning:
    """Promotes as soon as a trial is among the best third of those that are at its rung, whichever came first."""

    trials: int
    seed: int
    fresh: int = 0
    promoted: set[tuple[int, int]] = field(default_factory=set)
    results: list[dict[int, float]] = field(default_factory=lambda: [{} for _ in RUNGS])

    def busy(self, workers: int) -> float:
        """Runs all trials and returns the share of the workers' time that they train."""
        chance = random.Random(self.seed)
        paces = [chance.lognormvariate(0, 0.3) for _ in range(self.trials)]
        now = trained = 0.0
        running: list[tuple[float, int, int]] = []
        while True:
            while len(running) < workers and (found := next(self._startable(), None)) is not None:
                number, rung = found
                seconds = (RUNGS[rung] - (RUNGS[rung - 1] if rung else 0)) * paces[number]
                trained += seconds
                heapq.heappush(running, (now + seconds, number, rung))
            if not running:
                return trained / now / workers
            now, number, rung = heapq.heappop(running)
            self.results[rung][number] = chance.random()

    def _startable(self) -> Iterator[tuple[int, int]]:
        for rung in range(len(RUNGS) - 2, -1, -1):
            there = self.results[rung]
            for number in sorted(there, key=there.__getitem__, reverse=True)[: len(there) // ETA]:
                if (number, rung) not in self.promoted:
                    self.promoted.add((number, rung))
                    yield number, rung + 1
        if self.fresh < self.trials:
            self.fresh += 1
            yield self.fresh - 1, 0


@pytest.mark.parametrize(
    ("trials", "brackets", "workers", "least"),
    [(81, 3, 2, 0.97), (81, 3, 4, 0.84), (81, 3, 8, 0.84), (243, 3, 4, 0.95), (243, 3, 8, 0.92), (243, 1, 8, 0.95)],
)
def test_workers_are_nearly_as_busy_as_where_nothing_waits(
    trials: int, brackets: int, workers: int, least: float
) -> None:
    """The numbers in docs/strategies.md are these means."""
    halving = statistics.mean(Simulation(trials, brackets, seed).busy(workers) for seed in range(SEEDS))
    free = statistics.mean(FreeRunning(trials, seed).busy(workers) for seed in range(SEEDS))
    assert halving / free >= least
