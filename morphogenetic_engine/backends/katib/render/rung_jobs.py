"""The jobs of a halving in the order in which Katib is given them: rung after rung of each bracket.

Which trial a job of a higher rung trains follows from the results of the rung below; how many there are does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.schema.halving_plan import HalvingPlan


@dataclass(frozen=True)
class RungJob:
    """The training of one of a bracket's trials to a rung."""

    bracket: int
    rung: int
    place: int
    """Its place among the trials of the rung, in the order of their numbers."""
    first: int
    """The first job of the same rung of the bracket."""


def rung_plan(config: SweepConfig) -> HalvingPlan:
    """Returns the rungs and brackets of a sweep whose trials pause.

    Raises:
        ConfigError: the number of jobs is not known before the sweep runs.
    """
    optimization = config.optimization
    if optimization.halving.full is None:
        raise ConfigError(
            "optimization.halving.full: must be given on Katib, which must know the number of its trials before the"
            " first one tells how many reports a full training makes"
        )
    learns = optimization.strategy == "halving" and config.brackets_learn
    return optimization.halving.plan(total_trials(config), optimization.halving.full, learns=learns)


def rung_jobs(plan: HalvingPlan) -> list[RungJob]:
    """Returns all jobs; the place in the list is the number in the name of Katib's trial."""
    jobs: list[RungJob] = []
    for bracket, each in enumerate(plan.brackets):
        for rung, size in enumerate(each.sizes):
            first = len(jobs)
            jobs += [RungJob(bracket, rung, place, first) for place in range(size)]
    return jobs


def katib_trials(config: SweepConfig) -> int:
    """Returns the number of Katib's trials that train something; of an ASHA so many at most.

    Raises:
        ConfigError: it is not known before the sweep runs.
    """
    match config.optimization.strategy:
        case "halving":
            return len(rung_jobs(rung_plan(config)))
        case "asha":
            return _most_asha_jobs(config)
        case _:
            return total_trials(config)


def _most_asha_jobs(config: SweepConfig) -> int:
    """Returns the jobs of an ASHA of which no trial fails: of all results at a rung, one in eta goes on."""
    return sum(_most_at_rungs(config))


def _most_at_rungs(config: SweepConfig) -> list[int]:
    most = [total_trials(config)]
    for _ in range(rung_plan(config).top):
        most.append(most[-1] // config.optimization.halving.eta)
    return most


def most_asha_turns(config: SweepConfig) -> int:
    """Returns how many turns an ASHA has at most, the empty ones among them.

    A turn is empty only after the last fresh configuration. From then on at most `lookahead` results of each rung are
    to come, and each lets at most one trial go on; before each of these, and at the end, there are less than
    `lookahead` empty turns.
    """
    lookahead = config.optimization.lookahead or 1
    late = sum(min(lookahead, promoted) for promoted in _most_at_rungs(config)[1:])
    return _most_asha_jobs(config) + (late + 1) * (lookahead - 1)
