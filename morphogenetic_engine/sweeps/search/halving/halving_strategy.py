"""Successive halving as a strategy, with the configurations of any sweep type that can be compared at rungs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import strategy_kind
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.halving.bracket_sampler import (
    bracket_sampler,
    chosen_sampler,
    takes_every_point,
)
from morphogenetic_engine.sweeps.search.halving.promoter import HalvingPromoter
from morphogenetic_engine.sweeps.search.halving.rung_results import as_of_rung
from morphogenetic_engine.sweeps.strategy import Earlier, Reports, Strategy, TrialDecisions
from morphogenetic_engine.trial import Params, Value

_MODEL_RESULTS = 10
"""Results without which samplers that ignore pruned trials draw at random (Optuna's n_startup_trials)."""


class HalvingStrategy:
    """The configurations of a sweep type, trained from rung to rung."""

    needs_reports = True

    def __init__(self, config: SweepConfig, known: Sequence[TrialRecord]) -> None:
        """`known` are the results of a warm start."""
        kind = strategy_kind(config)
        self._config = config
        self._known = known
        self._objectives = config.optimization.all_objectives
        self._total = kind.trials(config)
        fixed = kind.known_ahead or takes_every_point(config)
        self._design = kind.make(config, known) if fixed else None
        self.promoter = HalvingPromoter(config, self._total, learns=not fixed, enough=1 if fixed else _enough(config))
        self._brackets = self.promoter.brackets
        self._samplers: dict[int, Strategy] = {}
        if not fixed:
            self._sampler(0, ())  # reports a sampler that does not fit before the first trial

    @property
    def trials(self) -> int:
        return self._total

    def needs(self, number: int, /) -> int:
        """Returns the trials of the brackets before; the promoter knows how far they must have got."""
        return 0 if self._design is not None else self._brackets[self._place(number)].first

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        if self._design is not None:
            return self._design.suggest(number, earlier)
        place = self._place(number)
        first = self._brackets[place].first
        sampler = self._sampler(place, earlier.ended)
        return sampler.suggest(number - first, Earlier((), earlier.params[first:]))

    @staticmethod
    def decisions(_number: int, _params: Params, _earlier: Earlier, _reported: Reports) -> TrialDecisions | None:
        """Returns None: where a trial pauses is known when it starts."""
        return None

    def _place(self, number: int) -> int:
        return next(place for place, bracket in enumerate(self._brackets) if number < bracket.end)

    def _sampler(self, place: int, before: Sequence[TrialRecord]) -> Strategy:
        if place not in self._samplers:
            shown = self._shown(place, before)
            self._samplers[place] = bracket_sampler(self._config, place, self._brackets[place], shown)
        return self._samplers[place]

    def _shown(self, place: int, before: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Returns what the sampler of a bracket is shown: results of one rung, and of lower ones as pruned trials."""
        plan = self.promoter.plan({trial.number: trial for trial in before})
        if place == 0 or plan is None:
            return list(self._known)
        rung = self.promoter.shown_rung(place)
        cut = [as_of_rung(trial, rung, plan, self._objectives) for trial in [*self._known, *before]]
        return [replace(trial, number=number) for number, trial in enumerate(each for each in cut if each is not None)]


def _enough(config: SweepConfig) -> int:
    """Returns the results of a rung from which the next bracket's sampler learns.

    Twice BOHB's number: no worse on six TaskSet tasks, and a bracket waits for lower rungs of the ones before.
    """
    fewest = 2 * (len(config.space.axes) + 2)
    return fewest if chosen_sampler(config) == "TPE" else max(fewest, _MODEL_RESULTS)
