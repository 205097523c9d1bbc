"""The trials of a halving as a request tells of them: Katib's trials, one for each rung, put together again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from morphogenetic_engine.backends.katib.render.numbered_names import number_in
from morphogenetic_engine.backends.katib.render.sent_course import Job, assigned_job
from morphogenetic_engine.backends.katib.service.known_trials import trial_record
from morphogenetic_engine.backends.katib.service.request import Request
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Pause, TrialRecord, counted_steps
from morphogenetic_engine.sweeps.strategy import Promoter


@dataclass(frozen=True)
class RungTrial:
    """One of Katib's trials."""

    name: str
    ended: bool
    job: Job | None
    """None: there was no trial for its place."""
    record: TrialRecord
    """The trial as Katib tells of it."""


def known_rung_trials(config: SweepConfig, request: Request, namespace: str) -> dict[int, RungTrial]:
    """Returns Katib's trials by the numbers of their jobs.

    Raises:
        ConfigError: one has values that are none of the sweep.
    """
    found: dict[int, RungTrial] = {}
    for trial in request.trials:
        number = number_in(trial.name, request.experiment.name, namespace)
        if number is not None:
            job = assigned_job(trial.assignments)
            record = trial_record(config, number if job is None else job.trial, trial)
            found[number] = RungTrial(trial.name, trial.status.condition.ended, job, record)
    return found


def trials_of_rungs(config: SweepConfig, known: Iterable[RungTrial]) -> dict[int, TrialRecord]:
    """Returns the trials of the sweep by their numbers, as far as these of Katib's tell without a gap.

    A trial that was deleted by hand, and runs again, is missing below its rungs that have ended.
    """
    objectives = [objective.metric for objective in config.optimization.all_objectives]
    found: dict[int, TrialRecord] = {}
    by_rung = sorted(((each.job.rung, each.job.trial, each) for each in known if each.job), key=lambda found: found[:2])
    rungs: dict[int, int] = {}
    for rung, number, each in by_rung:
        if rung > rungs.get(number, -1) + 1:
            continue
        rungs[number], told = rung, each.record
        trial = found.setdefault(number, TrialRecord(number, told.seed, told.params))
        if trial.state.final:
            continue  # it had ended before this rung, and told the same once more
        trial.state, trial.rung, trial.reason = told.state, rung, told.reason
        trial.curve = told.curve or trial.curve
        if told.state is TrialState.PAUSED:
            trial.pauses.append(Pause(counted_steps(told, objectives)[-1], told.metrics, 0.0))
        else:
            trial.metrics = told.metrics
    return found


def decide_rungs(promoter: Promoter, trials: Mapping[int, TrialRecord]) -> None:
    """Applies all decisions about paused trials that can be made, as the local run does."""
    while decisions := promoter.decided(trials):
        for decision in decisions:
            trial = trials[decision.trial]
            if decision.promoted:
                trial.state, trial.rung = TrialState.PROMOTED, trial.rung + 1
            else:
                trial.state, trial.metrics = TrialState.PRUNED, trial.pauses[-1].metrics
