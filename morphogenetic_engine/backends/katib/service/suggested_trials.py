"""Answers a request for trials: the very trials that a local sweep has, a function of the request alone.

The request holds all that a suggestion depends on: the sweep, in a setting of the algorithm, and the ends of the trials
so far. So an answer is the same when it is asked for again, in another order of the trials, or after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import partial

from morphogenetic_engine.backends.katib.render.exact_values import exact_assignments
from morphogenetic_engine.backends.katib.render.numbered_names import idle_name, numbered_name, spare_name
from morphogenetic_engine.backends.katib.render.places import Places
from morphogenetic_engine.backends.katib.render.sent_course import PARENT, Parent, thresholds_assigned
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep, sweep_of_settings
from morphogenetic_engine.backends.katib.service.asha_jobs import AshaJobs
from morphogenetic_engine.backends.katib.service.known_trials import known_trials
from morphogenetic_engine.backends.katib.service.request import Code, Refusal, Reply, Request, Suggested
from morphogenetic_engine.backends.katib.service.suggested_jobs import HalvingJobs, Jobs, Missing
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.run.order.pausing import pause_of_heir, root_of
from morphogenetic_engine.sweeps.search.guarded_strategy import GuardedStrategy
from morphogenetic_engine.sweeps.search.pruners.fixed_decisions import sent_thresholds
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.sweeps.strategy import Earlier, earlier_than, ended_by_now


def suggestions(request: Request, namespace: str) -> Reply | Refusal:
    """Returns the wanted trials, or why there are none now."""
    try:
        sweep = sweep_of_settings(request.experiment.settings)
        match sweep.config.optimization.strategy:
            case "halving":
                return _jobs(HalvingJobs(sweep, request, namespace), sweep, request, namespace)
            case "asha":
                return _jobs(AshaJobs(sweep, request, namespace), sweep, request, namespace)
        return _suggestions(sweep, request, namespace)
    except ConfigError as error:
        return Refusal(Code.INVALID_ARGUMENT, str(error))


def _suggestions(sweep: SentSweep, request: Request, namespace: str) -> Reply | Refusal:
    strategy = strategy_of(sweep.config, sweep.known)
    places = Places(strategy.trials, strategy.needs, sweep.slots)
    wanted = request.places
    if wanted and wanted[0] >= places.total:
        return Refusal(Code.OUT_OF_RANGE, f"the sweep has {strategy.trials} trials, and all were suggested")
    numbers = {place: places.number_at(place) for place in wanted}
    known = known_trials(sweep.config, request, namespace)
    named = partial(numbered_name, request.experiment.name, namespace)
    trials = _with_suggested(sweep, strategy, known, {each for each in numbers.values() if each is not None}, named)
    if isinstance(trials, Refusal):
        return trials
    experiment, found = request.experiment.name, []
    for place, number in numbers.items():
        if number is None:  # any values will do
            name = _empty_name(experiment, namespace, place, beyond=place >= places.total)
            params, course = {**sweep.config.space.fixed}, None
        else:
            name, params = numbered_name(experiment, namespace, number), {**trials[number].params}
            course = _course(sweep, strategy, number, trials, named)
        found.append(Suggested(name, exact_assignments(sweep.config, number or 0, params, course)))
    return Reply(tuple(found))


def _jobs(jobs: Jobs, sweep: SentSweep, request: Request, namespace: str) -> Reply | Refusal:
    wanted, experiment, found = request.places, request.experiment.name, list[Suggested]()
    if wanted and jobs.is_beyond(wanted[0]):
        return Refusal(Code.OUT_OF_RANGE, f"the sweep has {jobs.total} jobs, and all were suggested")
    for place in wanted:
        trial = jobs.at(place)
        if isinstance(trial, Missing):
            name = numbered_name(experiment, namespace, trial.awaited)
            return _waits(trial.number, trial.awaited, jobs.known, name)
        if trial is None:
            assignments = exact_assignments(sweep.config, 0, {**sweep.config.space.fixed})
            trial = Suggested(_empty_name(experiment, namespace, place, beyond=jobs.is_beyond(place)), assignments)
        found.append(trial)
    return Reply(tuple(found))


def _empty_name(experiment: str, namespace: str, place: int, *, beyond: bool) -> str:
    """Returns the name of a trial at a place that no trial of the sweep has.

    Katib may ask for a place beyond the last one while a trial is without metrics. If that place failed, it would count
    for the lost trial, which would not run again when it is deleted.
    """
    return (spare_name if beyond else idle_name)(experiment, namespace, place)


def _course(
    sweep: SentSweep,
    strategy: GuardedStrategy,
    number: int,
    trials: Mapping[int, TrialRecord],
    named: Callable[[int], str],
) -> Mapping[str, str]:
    """Returns what a pruner decides about a trial, or whom it goes on from, to be sent with it."""
    earlier = _earlier(sweep, strategy.needs(number), number, trials)
    if strategy.generations is not None:
        parent = strategy.generations.parent(number, earlier)
        return {} if parent is None else {PARENT: _parent(sweep, number, parent, trials, named(parent)).text}
    if not sweep.config.prunes:
        return {}
    thresholds = sent_thresholds(strategy.decisions(number, trials[number].params, earlier, {}))
    assert thresholds is not None, "a pruner without thresholds is refused before the first trial"
    return thresholds_assigned(thresholds)


def _parent(sweep: SentSweep, number: int, parent: int, trials: Mapping[int, TrialRecord], files: str) -> Parent:
    objectives = [objective.metric for objective in sweep.config.optimization.all_objectives]
    unknown = {other: trial for other, trial in trials.items() if other != number}
    until = pause_of_heir(unknown, number, parent, None, objectives).reported_until
    return Parent(parent, root_of(parent, trials), until, files)


def _earlier(sweep: SentSweep, needed: int, number: int, trials: Mapping[int, TrialRecord]) -> Earlier:
    reproducible = sweep.config.optimization.reproducible
    return earlier_than(number, needed, trials) if reproducible else ended_by_now(number, trials)


def _with_suggested(
    sweep: SentSweep,
    strategy: GuardedStrategy,
    known: Mapping[int, TrialRecord],
    wanted: set[int],
    named: Callable[[int], str],
) -> Mapping[int, TrialRecord] | Refusal:
    """Returns the trials up to the last wanted one.

    The parameters of trials that the request lacks, because they were deleted or have no metrics, are found again.
    """
    config, trials = sweep.config, dict(known)
    for number in range(max(wanted, default=-1) + 1):
        if number in known and number not in wanted:
            continue
        needed = strategy.needs(number)
        missing = next((each for each in range(needed) if each not in trials or not trials[each].state.final), None)
        if missing is not None:
            last = max(wanted) if number not in wanted else number
            return _waits(last, missing, known, named(missing))
        params = strategy.suggest(number, _earlier(sweep, needed, number, trials))
        trials[number] = TrialRecord(number, trial_seed(config.optimization.seed, number), params)
    return trials


def _waits(number: int, missing: int, known: Container[int], awaited: str) -> Refusal:
    told = "" if missing in known else ", which Katib does not tell of: it was deleted, or its metrics are unavailable"
    return Refusal(Code.UNAVAILABLE, f"trial {number} waits for trial {missing}{told}", awaited)
