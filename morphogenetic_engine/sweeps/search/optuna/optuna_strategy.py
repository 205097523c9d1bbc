"""Suggestions that learn: Optuna's samplers, the same at any number of workers.

Suggestion n is a function of the configuration, the seed, n, the results of the trials up to n - lookahead, and the
parameters of those after. Optuna does the mathematics; this file decides what it is shown, and when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import optuna
from optuna.trial import FrozenTrial

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.optuna.distributions import frozen_trial, new_study, running_trial, suggest
from morphogenetic_engine.sweeps.search.optuna.pruning import TrialPruning, check_pruner, needs_notes
from morphogenetic_engine.sweeps.search.optuna.samplers import make_sampler, reseed, sampler_kind
from morphogenetic_engine.sweeps.seeds import derived_seed
from morphogenetic_engine.sweeps.strategy import Earlier
from morphogenetic_engine.trial import Params, Value

# pylint: disable=protected-access  # a study has no public way to add a running trial, or reports to it


class OptunaSuggestions:
    """A way to search: an Optuna sampler that is shown the trials in the order of their numbers.

    Trials below `first` are somebody else's suggestions, shown like the others. `known` are results of an earlier
    sweep, shown before all.
    """

    def __init__(
        self, config: SweepConfig, *, sampler: str | None = None, first: int = 0, known: Sequence[TrialRecord] = ()
    ) -> None:
        optimization = config.optimization
        assert optimization.n_trials is not None, "the schema requires n_trials of a bayesian sweep"
        self._space = config.space
        self._baseline = config.baseline
        self._first = max(first, int(self._baseline is not None))
        self._total = optimization.n_trials
        self._waits, self._lookahead = optimization.reproducible, optimization.lookahead or 1
        self._seed = derived_seed(optimization.seed, "suggestions")
        self._objectives = optimization.all_objectives
        self._name = sampler or optimization.sampler or "TPE"
        self._options = optimization.sampler_options if sampler is None else {}
        self._kind = sampler_kind(self._name, self._space, several_objectives=len(self._objectives) > 1)
        self._trials = optuna.storages.InMemoryStorage()
        self._study = new_study(self._sampler(0), optuna.pruners.NopPruner(), self._objectives, self._trials)
        for record in known:
            self._study.add_trial(frozen_trial(record, self._space, self._objectives))
        self._first_place = len(known)
        self._shown: set[int] = set()
        """Trials that the study has as they ended."""
        self._begun = 0
        """Trials that the study has at all."""
        self._suggested: Params | None = None
        """What the last suggestion was."""

    def __len__(self) -> int:
        return self._total

    def needs(self, number: int, /) -> int:
        """The trials up to and including number - lookahead; none in a search that takes what there is."""
        return self._horizon(number) if self._waits else 0

    def params(self, number: int, earlier: Earlier) -> dict[str, Value]:
        if self._suggested is not None and earlier.params[self._begun - 1] != self._suggested:
            self._settle(self._begun - 1, earlier.params[self._begun - 1])  # another one was taken instead
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
        """Give the study a trial that was suggested before this process was there, or by somebody else."""
        if self._kind.replayed and number >= self._first:
            # Where no trial waited, nobody knows which had ended; what a search that waits would have had is near.
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
        values: dict[str, Value] = {}
        for name, axis in self._space.axes.items():
            if self._space.is_active(name, values):
                values[name] = suggest(trial, name, axis)
        return values

    def _settle(self, number: int, params: Params) -> None:
        """Let the study have a trial as it runs, so that one process knows of it what any other would.

        Optuna would keep values that are not quite those of the space, and notes that only the process has which made
        the suggestion. The parameters of a replayed trial are the journal's: results may have changed since, where
        failed trials ran again.
        """
        place = self._first_place + number
        settled = running_trial(place, params, self._space)
        if self._kind.replayed:
            settled.system_attrs = self._trials.get_trial(place).system_attrs
        self._trials._set_trial(place, settled)

    def _show(self, ended: Sequence[TrialRecord], horizon: int) -> None:
        """Tell the study how trials ended whose numbers are below the horizon."""
        if self._waits:  # then they come without gaps
            fresh = ended[len(self._shown) : horizon]
        else:
            fresh = [each for each in ended if each.number < horizon and each.number not in self._shown]
        for record in fresh:
            trial, place = frozen_trial(record, self._space, self._objectives), self._first_place + record.number
            if record.state is TrialState.PRUNED:  # its value is the last that it reported
                for step, value in trial.intermediate_values.items():
                    self._trials.set_trial_intermediate_value(place, step, value)
            complete = record.state is TrialState.COMPLETE
            self._study.tell(place, values=trial.values if complete else None, state=trial.state)
            self._shown.add(record.number)

    def _add(self, number: int, params: Params) -> None:
        template = running_trial(self._first_place + number, params, self._space)
        self._trials.create_new_trial(self._study._study_id, template_trial=template)

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        seed = derived_seed(self._seed, "sampler", number) if self._kind.reseeded else self._seed
        conditional = bool(self._space.conditions)
        source = self._source() if self._name == "CmaEs" and number > 0 else ()
        return make_sampler(self._name, self._kind, seed, self._options, conditional=conditional, source=source)

    def _source(self) -> Sequence[FrozenTrial]:
        """Return what CMA-ES learns its first distribution from when it takes over."""
        return self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))


class OptunaPruning:
    """Decides for the trials of a sweep whether they go on."""

    def __init__(self, config: SweepConfig) -> None:
        optimization = config.optimization
        assert optimization.pruner is not None
        self._name = optimization.pruner
        self._options = optimization.pruner_options
        self._space = config.space
        self._objectives = optimization.all_objectives
        self._lookahead = optimization.lookahead or 1
        self._waits = optimization.reproducible
        self._ended: dict[int, FrozenTrial] = {}
        check_pruner(self._name, self._options, several_objectives=len(self._objectives) > 1)

    def of_trial(
        self, number: int, params: Params, ended: Sequence[TrialRecord], reported: Mapping[int, Mapping[str, float]]
    ) -> TrialPruning:
        """Return the decisions about a trial; `ended` are the trials that may have a say, in order."""
        for record in ended:
            if record.number not in self._ended:
                self._ended[record.number] = self._noted(record)
        own = running_trial(number, params, self._space)
        seen = self._below(self._horizon(number)) if self._waits else [self._ended[each.number] for each in ended]
        target = self._objectives[0].metric
        before = {step: metrics[target] for step, metrics in sorted(reported.items()) if target in metrics}
        return TrialPruning(self._name, self._options, self._objectives[0], seen, own, before)

    def _noted(self, record: TrialRecord) -> FrozenTrial:
        """Return an ended trial with the notes that the pruner made while it ran."""
        trial = frozen_trial(record, self._space, self._objectives)
        if needs_notes(self._name):
            own = running_trial(record.number, record.params, self._space)
            seen = self._below(self._horizon(record.number))
            pruning = TrialPruning(self._name, self._options, self._objectives[0], seen, own)
            for step, value in trial.intermediate_values.items():
                pruning.decide(step, value)
            trial.system_attrs = own.system_attrs
        return trial

    def _horizon(self, number: int) -> int:
        return max(0, number - self._lookahead + 1)

    def _below(self, number: int) -> list[FrozenTrial]:
        return [self._ended[each] for each in range(number) if each in self._ended]
