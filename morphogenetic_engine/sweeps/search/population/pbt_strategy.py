"""Population-based training as a strategy: each member of each generation is a trial that goes on from an earlier one.

Trial g * population + m is member m of generation g. Who is copied, and how its parameters change, is a function of the
sweep's seed, the trial's number and the results of the whole generation before; so any number of workers, any kill and
any resume give the same trials. Source: Jaderberg et al., Population based training of neural networks (2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.kinds import strategy_kind
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.halving.ranking import ranked
from morphogenetic_engine.sweeps.search.population.perturbation import explored
from morphogenetic_engine.sweeps.space.feasibility import feasible_point
from morphogenetic_engine.sweeps.space.seeds import derived_seed
from morphogenetic_engine.sweeps.strategy import Earlier, Reports, Strategy, TrialDecisions
from morphogenetic_engine.trial import Params, Value


@dataclass(frozen=True)
class _Origin:
    """The origin of a trial."""

    parent: TrialRecord | None
    """None: it begins anew."""
    copied: bool
    """True if the parent is another member, whose parameters are changed."""


class PbtStrategy:
    """A population whose worst members go on from copies of the best after each generation."""

    needs_reports = True

    def __init__(self, config: SweepConfig) -> None:
        optimization = config.optimization
        assert optimization.n_trials is not None, "the schema requires it"
        self._pbt = optimization.pbt
        self._space = config.space
        self._seed = optimization.seed
        self._objectives, self._limits = optimization.all_objectives, optimization.outcome_constraints
        self._members = self._pbt.members(optimization.n_trials)
        self._generations = self._pbt.generations(optimization.n_trials)
        self._given = optimization.n_trials
        self._first = _first_generation(config, self._members)

    @property
    def trials(self) -> int:
        return self._members * self._generations

    @property
    def generations(self) -> PbtStrategy:
        """Itself: it knows which trial goes on from which."""
        return self

    def needs(self, number: int, /) -> int:
        """Returns the trials of the generations before."""
        return number // self._members * self._members

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        if number < self._members:
            return self._first.suggest(number, earlier)
        origin = self._origin(number, earlier)
        if origin.parent is None:
            drawn = feasible_point(self._space, Random(derived_seed(self._seed, "anew", number)))
            return {**self._space.fixed, **drawn}
        if not origin.copied:
            return dict(origin.parent.params)
        chance = Random(derived_seed(self._seed, "explore", number))
        searched = {name: value for name, value in origin.parent.params.items() if name in self._space.axes}
        return {**self._space.fixed, **explored(searched, self._space, self._pbt, chance)}

    @staticmethod
    def decisions(_number: int, _params: Params, _earlier: Earlier, _reported: Reports) -> TrialDecisions | None:
        """Returns None: how far a trial is trained is known when it starts."""
        return None

    def parent(self, number: int, earlier: Earlier) -> int | None:
        """Returns the trial from whose files a trial goes on; None: it begins anew."""
        if number < self._members:
            return None
        parent = self._origin(number, earlier).parent
        return None if parent is None else parent.number

    def ends_after(self, number: int) -> int | None:
        """Returns the reports of a generation; None: the trial runs to the end of the full training."""
        return self._pbt.reports_of(number, self._given)

    def _origin(self, number: int, earlier: Earlier) -> _Origin:
        """Returns the member itself, or for one of the worst, and for one that failed, one of the best."""
        generation, member = divmod(number, self._members)
        first = (generation - 1) * self._members
        before = earlier.ended[first : first + self._members]
        best, worst = self._quantiles(before)
        itself = before[member]
        if itself.number not in worst:
            return _Origin(itself, copied=False)
        if not best:
            return _Origin(None, copied=False)
        chosen = Random(derived_seed(self._seed, "exploit", number)).choice(best)
        return _Origin(before[chosen - first], copied=True)

    def _quantiles(self, before: Sequence[TrialRecord]) -> tuple[list[int], set[int]]:
        """Returns the best members of a generation, the best first, and those that are replaced."""
        results = {each.number: each.metrics if each.state is TrialState.COMPLETE else None for each in before}
        order = ranked(results, self._objectives, self._limits)
        failed = {number for number, metrics in results.items() if metrics is None}
        share = max(1, math.floor(self._pbt.quantile * self._members))
        best = [number for number in order[:share] if number not in failed]
        return best, {*(order[-share:]), *failed} - set(best)


def _first_generation(config: SweepConfig, members: int) -> Strategy:
    """Returns the design of the first generation."""
    written = config.model_dump(mode="json")
    written["optimization"] |= {"strategy": None, "pbt": {}, "n_trials": members}
    part = parse_config(written, where="the first generation")
    return strategy_kind(part).make(part, ())
