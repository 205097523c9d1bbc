"""Converts Katib's Trials to the events of a sweep's journal that happened since it was last written.

Katib decides how a trial ended. If the trial's own journal is in the store, it provides the reason of a failure, the
learning curve and all metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, KatibTrial, Phase
from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
from morphogenetic_engine.backends.katib.render.exact_values import exact_trial
from morphogenetic_engine.backends.katib.render.numbered_names import number_of
from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    Event,
    Outcome,
    ReplicateEnded,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial
from morphogenetic_engine.sweeps.single_trial.sent_curve import SentCurve, curve_of_digits

TrialJournal = Callable[[str], Sequence[Event]]
"""Maps a trial's name to the events of its own journal; empty if there is none."""

_DEADLINE = "DeadlineExceeded"


@dataclass(frozen=True)
class _End:
    state: TrialState
    reason: FailureReason | None = None
    message: str = ""


def trial_events(
    config: SweepConfig, trial: KatibTrial, number: int, known: TrialRecord | None, *, slot: int, journal: TrialJournal
) -> Iterator[Event]:
    """Yields the new events of a trial; `known` is its record in the journal, `slot` its place in the display."""
    phase = trial.condition.phase
    if phase is Phase.CREATED or (known is not None and known.state.final):
        return
    if known is None:
        planned = planned_trial(config, trial)
        yield TrialStarted(trial.started, number, 0, slot, planned.seed, planned.params, planned.parent)
    if phase.final:
        own = journal(trial.name)
        yield from between(own, number) if own else _reports(config, trial, number)
        yield ended_event(config, trial, number, own)


def planned_trial(config: SweepConfig, trial: KatibTrial) -> PlannedTrial:
    """Returns the number, seed and parameters of a trial, whose name may have its number."""
    number = number_of(trial.name)
    if number is None:
        return trial_of_assignments(config, trial.assignments)
    return exact_trial(config, number, trial.assignments)


def experiment_outcome(experiment: KatibExperiment) -> tuple[Outcome, str]:
    """Returns the sweep's outcome for a completed Experiment, and Katib's message."""
    condition = experiment.condition
    if condition.phase is not Phase.SUCCEEDED:
        return Outcome.ABORTED, condition.message
    reached = condition.reason == "ExperimentGoalReached"
    return (Outcome.EARLY_STOPPED if reached else Outcome.FINISHED), condition.message


def between(own: Sequence[Event], number: int) -> Iterator[Event]:
    """Yields the events of a trial's own journal between its start and its end, with its number in the sweep."""
    for event in own:
        match event:
            case TrialReported() | ReplicateEnded() | AttemptFailed():
                yield replace(event, trial=number)
            case TrialStarted(attempt=attempt) if attempt > 0:
                yield replace(event, trial=number)


def _reports(config: SweepConfig, trial: KatibTrial, number: int) -> Iterator[Event]:
    """Yields the reports of a trial that sent them, where its own journal is not in a store."""
    sent = sent_by(config, trial)
    if sent is not None:
        time = trial.started if trial.ended is None else trial.ended
        for step, metrics in sent.curve.items():
            yield TrialReported(time, number, 0, step, metrics)


def sent_by(config: SweepConfig, trial: KatibTrial) -> SentCurve | None:
    """Returns what a trial told Katib of its end and its reports; None: nothing.

    Raises:
        SweepError: Katib did not keep it as it was.
    """
    if not trial.curve or not trial.metrics:
        return None
    return curve_of_digits(trial.curve, [objective.metric for objective in config.optimization.all_objectives])


def ended_event(config: SweepConfig, trial: KatibTrial, number: int, own: Sequence[Event]) -> TrialEnded:
    """Returns the end of a trial: Katib's word, with the details of the trial's own journal."""
    said = next((event for event in reversed(own) if isinstance(event, TrialEnded)), None)
    time = trial.started if trial.ended is None else trial.ended
    metrics = trial.metrics
    end = _end_by_katib(config, trial)
    if said is not None and said.state in {TrialState.COMPLETE, TrialState.PRUNED}:
        metrics = {**metrics, **said.metrics}
        if said.state is TrialState.PRUNED and end.state is TrialState.COMPLETE:
            end = _End(
                TrialState.PRUNED, message=said.message
            )  # the workload pruned itself, which Katib does not record
    elif said is not None and end.state is TrialState.FAILED:
        end = _End(TrialState.FAILED, said.reason, said.message)
    return TrialEnded(
        time=time,
        trial=number,
        attempt=0 if said is None else said.attempt,
        state=end.state,
        duration=max(0.0, time - trial.started) if said is None else said.duration,
        metrics=metrics if end.state is not TrialState.FAILED else {},
        reason=end.reason,
        message=end.message,
    )


def _end_by_katib(config: SweepConfig, trial: KatibTrial) -> _End:
    condition = trial.condition
    message = " ".join(condition.message.split())
    target = config.optimization.target_metric
    match condition.phase:
        case Phase.EARLY_STOPPED:
            return _End(TrialState.PRUNED, message=message)
        case Phase.SUCCEEDED if target in trial.metrics and (sent := sent_by(config, trial)) is not None:
            return _End(sent.state)
        case Phase.SUCCEEDED if target in trial.metrics:
            return _End(TrialState.COMPLETE)
        case _ if trial.pod is not None:
            return _End(TrialState.FAILED, trial.pod.reason, trial.pod.message)
        case Phase.SUCCEEDED | Phase.METRICS_UNAVAILABLE:
            return _End(TrialState.FAILED, FailureReason.MISSING_METRIC, f"metrics unavailable: {message}")
        case Phase.KILLED:
            return _End(TrialState.FAILED, FailureReason.KILLED, message)
        case _ if _DEADLINE in message or _DEADLINE in condition.reason:
            return _End(TrialState.FAILED, FailureReason.TIMEOUT, message)
        case _:
            return _End(TrialState.FAILED, FailureReason.EXCEPTION, message)
