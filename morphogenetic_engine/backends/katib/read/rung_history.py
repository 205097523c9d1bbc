"""Converts Katib's trials of a halving, one for each rung, to the events of the sweep's trials."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from morphogenetic_engine.backends.katib.read.objects import KatibTrial, Phase
from morphogenetic_engine.backends.katib.read.trial_history import TrialJournal, between, ended_event, sent_by
from morphogenetic_engine.backends.katib.render.exact_values import exact_trial
from morphogenetic_engine.backends.katib.render.sent_course import Job
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import (
    Event,
    TrialEnded,
    TrialPaused,
    TrialPromoted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import Promoter


def rung_events(
    config: SweepConfig, trial: KatibTrial, job: Job, known: TrialRecord | None, *, slot: int, journal: TrialJournal
) -> Iterator[Event]:
    """Yields the new events of a trial at one rung; `known` is its record in the journal."""
    phase = trial.condition.phase
    if phase is Phase.CREATED or _is_told(job, known):
        return
    begins = known is None if job.rung == 0 else known is not None and known.state is TrialState.PROMOTED
    if begins:
        planned = exact_trial(config, job.trial, trial.assignments)
        attempt = 0 if known is None else known.attempt + 1
        yield TrialStarted(trial.started, job.trial, attempt, slot, planned.seed, planned.params)
    elif known is None or known.state is not TrialState.RUNNING:
        return  # what came before is not told yet
    if phase.final:
        own = _of_rung(journal(trial.name))
        yield from between(own, job.trial) if own else _sent_reports(config, trial, job, known)
        yield _end(config, trial, job, own)


def promotions(config: SweepConfig) -> Promoter | None:
    """Returns what decides about the paused trials of a sweep; None: none pauses."""
    return None if config.optimization.strategy is None else strategy_of(config).promoter


def decided_events(promoter: Promoter, trials: Mapping[int, TrialRecord]) -> Iterator[Event]:
    """Yields the decisions about paused trials that can be made now; the caller applies each."""
    while decisions := promoter.decided(trials):
        for decision in decisions:
            trial = trials[decision.trial]
            if decision.promoted:
                yield TrialPromoted(time.time(), trial.number, trial.rung + 1)
            else:
                metrics, pruned = trial.pauses[-1].metrics, TrialState.PRUNED
                yield TrialEnded(
                    time.time(), trial.number, trial.attempt, pruned, 0.0, metrics, message=decision.reason
                )


def _is_told(job: Job, known: TrialRecord | None) -> bool:
    if known is None:
        return False
    return known.state.final or known.rung > job.rung or (known.rung == job.rung and len(known.pauses) > job.rung)


def _of_rung(own: Sequence[Event]) -> Sequence[Event]:
    """Returns the events of a trial's own journal since it went on from the rung below."""
    promoted = [place for place, event in enumerate(own) if isinstance(event, TrialPromoted)]
    since = own[promoted[-1] + 1 :] if promoted else own
    first = next((place for place, event in enumerate(since) if isinstance(event, TrialStarted)), -1)
    return since[first + 1 :]


def _sent_reports(config: SweepConfig, trial: KatibTrial, job: Job, known: TrialRecord | None) -> Iterator[Event]:
    """Yields the reports that a trial told Katib of, where its own journal is not read."""
    sent, attempt = sent_by(config, trial), 0 if known is None else known.attempt
    if sent is not None:
        for step, metrics in sent.curve.items():
            if known is None or step not in known.curve:
                yield TrialReported(trial.ended or trial.started, job.trial, attempt, step, metrics)


def _end(config: SweepConfig, trial: KatibTrial, job: Job, own: Sequence[Event]) -> Event:
    sent = sent_by(config, trial)
    if sent is None or sent.state is not TrialState.PAUSED:
        return ended_event(config, trial, job.trial, own)
    ended = trial.started if trial.ended is None else trial.ended
    said = next((event for event in reversed(own) if isinstance(event, TrialPaused)), None)
    if said is not None:
        return TrialPaused(ended, job.trial, said.attempt, said.step, said.metrics, said.duration)
    objectives = {objective.metric for objective in config.optimization.all_objectives}
    step = max(step for step, metrics in sent.curve.items() if objectives <= metrics.keys())
    return TrialPaused(ended, job.trial, 0, step, trial.metrics, max(0.0, ended - trial.started))
