"""The places of a sweep's trials among Katib's: places that stay idle lie before trials that wait for a whole round.

Katib's controller asks for as many trials as have ended, in one request that is answered as a whole or not at all. A
batch with the last trials of a round and the first of the next could never be answered: the next round needs results
of trials that the same batch would start. So a trial lies so many places after the trials that it needs that no batch
has both; a place between them is given to a trial that fails at once. Katib counts these as it counts all trials that
have ended, so an Experiment's number of trials is that of its places.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from morphogenetic_engine.backends.katib.render.rung_jobs import RungJob, most_asha_turns, rung_jobs, rung_plan
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.search.guarded_strategy import GuardedStrategy
from morphogenetic_engine.sweeps.search.registry import strategy_of

Needs = Callable[[int], int]


class Places:
    """The places of the trials, for batches of `slots` trials at most."""

    def __init__(self, trials: int, needs: Needs, slots: int) -> None:
        """`needs` is how many trials, from the first, must have ended before a trial is suggested."""
        self.needs = needs
        self._place_of: list[int] = []
        for number in range(trials):
            place, needed = self._place_of[-1] + 1 if self._place_of else 0, needs(number)
            self._place_of.append(max(place, self._place_of[needed - 1] + slots) if needed else place)
        self._number_at = {place: number for number, place in enumerate(self._place_of)}

    @property
    def total(self) -> int:
        """The place after the last trial."""
        return self._place_of[-1] + 1

    def number_at(self, place: int) -> int | None:
        """Returns the trial at a place; None: the place stays idle."""
        return self._number_at.get(place)


def halving_places(config: SweepConfig, strategy: GuardedStrategy, slots: int) -> Places:
    """Returns the places of the jobs of a halving."""
    plan = rung_plan(config)
    jobs = rung_jobs(plan)
    starts = {bracket: strategy.needs(each.first) > 0 for bracket, each in enumerate(plan.brackets)}
    return Places(len(jobs), partial(jobs_needed, jobs, starts), slots)


def jobs_needed(jobs: list[RungJob], learns: dict[int, bool], number: int) -> int:
    """Returns how many jobs, from the first, must have ended: those of the rung below and all before them."""
    job = jobs[number]
    return job.first if job.rung > 0 or learns[job.bracket] else 0


def katib_places(config: SweepConfig, slots: int) -> int:
    """Returns Katib's number of trials of a sweep that our service serves, those that fail at once among them.

    Raises:
        ConfigError: it is not known before the sweep runs.
    """
    match config.optimization.strategy:
        case "asha":
            return most_asha_turns(config)
        case "halving":
            return halving_places(config, strategy_of(config), slots).total
    if config.optimization.strategy == "pbt" or config.sweep_type == "progressive":
        strategy = strategy_of(config)
        return Places(strategy.trials, strategy.needs, slots).total
    return total_trials(config)
