"""Optuna's samplers as a strategy: the same suggestions at any number of workers.

Suggestion n is a function of the configuration, the seed, n, the results of the trials up to n - lookahead, and the
parameters of those after. Optuna computes the suggestion; this file decides which trials its study holds, and when.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import optuna
from optuna.trial import FrozenTrial

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.search_names import SAMPLERS
from morphogenetic_engine.sweeps.search.bayesian_search import sampler_name
from morphogenetic_engine.sweeps.search.fitting import check_sampler
from morphogenetic_engine.sweeps.search.optuna.distributions import (
    constraint_attributes,
    frozen_trial,
    new_study,
    running_trial,
    suggest,
)
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler
from morphogenetic_engine.sweeps.search.optuna.optuna_sampler import build_sampler, reseed
from morphogenetic_engine.sweeps.space.feasibility import repaired
from morphogenetic_engine.sweeps.space.parameter_axes import Choices
from morphogenetic_engine.sweeps.space.seeds import derived_seed
from morphogenetic_engine.sweeps.strategy import Earlier, RunsToTheEnd
from morphogenetic_engine.trial import Params, Value

# pylint: disable=protected-access  # a study has no public way to add a running trial, or reports to it


class OptunaStrategy(RunsToTheEnd):  # pylint: disable=too-many-instance-attributes  # the state of its study
    """A sampler of Optuna whose study is given the trials in the order of their numbers.

    Another strategy suggests the trials below `first`; the study has them like the others. `known` are results of an
    earlier sweep, which precede all trials.
    """

    def __init__(
        self, config: SweepConfig, *, sampler: str | None = None, first: int = 0, known: Sequence[TrialRecord] = ()
    ) -> None:
        optimization = config.optimization
        assert config.n_trials is not None, "a bayesian sweep has a number of trials"
        self._space = config.space
        self._baseline = config.baseline
        self._first = max(first, int(self._baseline is not None))
        self._total = config.n_trials
        self._waits, self._lookahead = optimization.reproducible, optimization.lookahead or 1
        self._seed = derived_seed(optimization.seed, "suggestions")
        self._objectives = optimization.all_objectives
        self._limits = optimization.outcome_constraints
        self._name = sampler or sampler_name(config)
        self._options = optimization.sampler_options if sampler is None else {}
        self._kind = SAMPLERS.load(self._name, OptunaSampler)
        check_sampler(self._name, self._kind, config)
        self._trials = optuna.storages.InMemoryStorage()
        self._study = new_study(self._sampler(0), optuna.pruners.NopPruner(), self._objectives, self._trials)
        for record in known:
            self._study.add_trial(self._frozen(record))
        self._first_place = len(known)
        self._shown: set[int] = set()
        """The trials whose results are in the study."""
        self._begun = 0
        """The trials in the study, running or ended."""
        self._suggested: Params | None = None
        """The last suggestion."""

    @property
    def trials(self) -> int:
        return self._total

    def needs(self, number: int, /) -> int:
        """Returns the trials up to and including number - lookahead; 0 in a search that is not reproducible."""
        return self._horizon(number) if self._waits else 0

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        if self._suggested is not None and earlier.params[self._begun - 1] != self._suggested:
            self._settle(self._begun - 1, earlier.params[self._begun - 1])  # the journal has another point
        while self._begun < number:
            self._begin(self._begun, earlier.params[self._begun], earlier.ended)
        self._show(earlier.ended, self._horizon(number) if self._waits else number)
        if number == 0 and self._baseline is not None:
            self._add(0, self._baseline)
            values = dict(self._baseline)
        else:
            values = self._suggest(number)
            self._settle(number, values)
        self._begun = number + 1
        self._suggested = {**self._space.fixed, **values}
        return self._suggested

    def _horizon(self, number: int) -> int:
        return max(0, number - self._lookahead + 1)

    def _begin(self, number: int, params: Params, ended: Sequence[TrialRecord]) -> None:
        """Adds a trial that an earlier process or another strategy suggested."""
        if self._kind.replayed and number >= self._first:
            # An asynchronous search does not record which trials had ended; the horizon approximates it.
            self._show(ended, self._horizon(number))
            self._suggest(number)
            self._settle(number, params)
        else:
            self._add(number, params)
        self._begun = number + 1

    def _suggest(self, number: int) -> dict[str, Value]:
        if self._kind.fresh or number == self._first > 0:
            self._study.sampler = self._sampler(number)
        elif self._kind.reseeded:
            reseed(self._study.sampler, derived_seed(self._seed, "sampler", number))
        trial = self._study.ask()
        assert trial.number == self._first_place + number, "suggestions are asked for in order"
        values = self._values(trial)
        return values if self._space.allows(values) else self._suggest_allowed(number, values)

    def _values(self, trial: optuna.Trial) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name, axis in self._space.axes.items():
            if self._space.is_active(name, values):
                values[name] = suggest(trial, name, axis)
        return values

    def _suggest_allowed(self, number: int, values: dict[str, Value]) -> dict[str, Value]:
        """Asks again until the values keep the constraints, or takes some near the last suggestion."""
        place = self._first_place + number
        for attempt in range(1, self._kind.retries + 1):
            self._trials._set_trial(place, running_trial(place, {}, self._space, searched=True))
            seed = derived_seed(self._seed, "again", number, attempt)
            if self._kind.fresh:
                self._study.sampler = self._build(seed)
            elif self._kind.reseeded:
                reseed(self._study.sampler, seed)
            values = self._values(optuna.Trial(self._study, place))
            if self._space.allows(values):
                return values
        return repaired(self._space, values, Random(derived_seed(self._seed, "repair", number)))

    def _settle(self, number: int, params: Params) -> None:
        """Replaces a trial in the study by its running form, the same in any process.

        Optuna stores values that can differ from the space's by rounding, and attributes that only the suggesting
        process has. A replayed trial takes its parameters from the journal: results may have changed if failed trials
        ran again.
        """
        place = self._first_place + number
        settled = running_trial(place, params, self._space, searched=True)
        if self._kind.replayed:
            settled.system_attrs = self._trials.get_trial(place).system_attrs
        self._trials._set_trial(place, settled)

    def _show(self, ended: Sequence[TrialRecord], horizon: int) -> None:
        """Adds the ends of the trials below the horizon to the study."""
        if self._waits:  # then there are no gaps
            fresh = ended[len(self._shown) : horizon]
        else:
            fresh = [each for each in ended if each.number < horizon and each.number not in self._shown]
        for record in fresh:
            trial, place = self._frozen(record), self._first_place + record.number
            for name, excess in constraint_attributes(record, self._limits).items():
                self._trials.set_trial_system_attr(place, name, excess)
            if record.state is TrialState.PRUNED:  # its value is the last that it reported
                for step, value in trial.intermediate_values.items():
                    self._trials.set_trial_intermediate_value(place, step, value)
            complete = record.state is TrialState.COMPLETE
            self._study.tell(place, values=trial.values if complete else None, state=trial.state)
            self._shown.add(record.number)

    def _frozen(self, record: TrialRecord) -> FrozenTrial:
        return frozen_trial(record, self._space, self._objectives, searched=True, limits=self._limits)

    def _add(self, number: int, params: Params) -> None:
        template = running_trial(self._first_place + number, params, self._space, searched=True)
        self._trials.create_new_trial(self._study._study_id, template_trial=template)

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        seed = derived_seed(self._seed, "sampler", number) if self._kind.reseeded else self._seed
        return self._build(seed, self._source() if self._kind.transfers and number > 0 else ())

    def _build(self, seed: int, source: Sequence[FrozenTrial] = ()) -> optuna.samplers.BaseSampler:
        weighted = ((name, axis) for name, axis in self._space.axes.items() if isinstance(axis, Choices))
        return build_sampler(
            self._name,
            self._kind,
            seed,
            self._options,
            conditional=bool(self._space.conditions),
            source=source,
            probabilities={name: axis.shares for name, axis in weighted if axis.probabilities is not None},
        )

    def _source(self) -> Sequence[FrozenTrial]:
        """Returns the trials from which a sampler that transfers learns its first distribution."""
        return self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
