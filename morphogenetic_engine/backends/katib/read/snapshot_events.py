"""Converts snapshots of an Experiment to events of the sweep's journal: numbers the Trials, and finds their changes."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Set
from dataclasses import replace

from morphogenetic_engine import __version__
from morphogenetic_engine.backends.katib.read.katib_record import (
    check_same,
    katib_record,
    with_numbers,
    write_katib_record,
)
from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, KatibTrial, Snapshot
from morphogenetic_engine.backends.katib.read.rung_history import decided_events, promotions, rung_events
from morphogenetic_engine.backends.katib.read.trial_history import TrialJournal, experiment_outcome, trial_events
from morphogenetic_engine.backends.katib.render.numbered_names import is_idle, number_of
from morphogenetic_engine.backends.katib.render.sent_course import JOB, assigned_job
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import (
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialInterrupted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.trials import History


class SnapshotEvents:
    """The events of an Experiment that are missing in a sweep's journal.

    The caller applies each event to `history` before it requests the next one.
    """

    def __init__(
        self, folder: SweepFolder, history: History, experiment: KatibExperiment, *, journal: TrialJournal
    ) -> None:
        self._folder = folder
        self._history = history
        self._trial_journal = journal
        self._config = folder.read_info().config
        self._record = katib_record(folder, experiment)
        self._promoter = promotions(self._config)
        unended = (number for number, trial in history.trials.items() if not trial.state.final)
        self._slots = {number: slot for slot, number in enumerate(unended)}
        self._latest = max((trial.started + trial.duration for trial in history.trials.values()), default=0.0)

    def update(self, snapshot: Snapshot) -> Iterator[Event]:
        """Yields the new events of a snapshot.

        Raises:
            SweepError: the snapshot is of another Experiment, which got the name of a deleted one.
        """
        experiment = snapshot.experiment
        check_same(self._folder, self._record, experiment)
        snapshot = replace(snapshot, trials=[each for each in snapshot.trials if has_trial(self._config, each)])
        self._number(snapshot)
        if not self._history.sessions:
            yield self._begin(experiment, experiment.created)
        elif self._history.last_end is not None and not experiment.completed:
            yield self._begin(experiment, self._now())  # the Experiment was given more trials
        for trial in sorted(snapshot.trials, key=_order):
            for event in self._events_of(trial):
                yield self._timed(event)
        yield from self._interrupt({self._record.numbers[trial.name] for trial in snapshot.running})
        if experiment.completed and not snapshot.running and self._history.last_end is None:
            yield self._end(experiment.ended or self._now(), *experiment_outcome(experiment))

    def _events_of(self, trial: KatibTrial) -> Iterator[Event]:
        number, job = self._record.numbers[trial.name], assigned_job(trial.assignments)
        known, slot = self._history.trials.get(number), self._slot(number)
        if job is None:
            yield from trial_events(self._config, trial, number, known, slot=slot, journal=self._trial_journal)
        else:
            yield from rung_events(self._config, trial, job, known, slot=slot, journal=self._trial_journal)
        self._leave(number)
        if self._promoter is not None:
            yield from decided_events(self._promoter, self._history.trials)

    def stop(self, experiment: KatibExperiment) -> Iterator[Event]:
        """Yields the interruptions of the trials that still ran, and the end of the sweep."""
        yield from self._interrupt(set())
        if self._history.last_end is None:
            stopped = Outcome.INTERRUPTED, "stopped by `sweep stop`"
            yield self._end(self._now(), *(experiment_outcome(experiment) if experiment.completed else stopped))

    def _interrupt(self, running: Set[int]) -> Iterator[Event]:
        """Yields an interruption for each trial that no longer runs and has no recorded end."""
        for number, trial in sorted(self._history.trials.items()):
            if trial.state is TrialState.RUNNING and number not in running:
                yield self._timed(TrialInterrupted(self._now(), number, trial.attempt))
                self._slots.pop(number, None)

    def _number(self, snapshot: Snapshot) -> None:
        record = with_numbers(self._record, self._config, snapshot.trials)
        if record != self._record:
            write_katib_record(self._folder, record)
            self._record = record

    def _begin(self, experiment: KatibExperiment, begun: float) -> Event:
        host = f"{socket.gethostname()} ({experiment.where})"
        return self._timed(
            SessionStarted(begun, os.getpid(), host, __version__, experiment.parallel, self._config.identity)
        )

    def _end(self, ended: float, outcome: Outcome, message: str) -> Event:
        return self._timed(SessionEnded(max(ended, self._latest), outcome, " ".join(message.split())))

    def _now(self) -> float:
        """Returns the time, never before the latest event: the cluster's clock may be ahead of this machine's."""
        return max(time.time(), self._latest)

    def _timed(self, event: Event) -> Event:
        """Returns the event; later calls of `_now` return no earlier time than the event's."""
        self._latest = max(self._latest, event.time)
        return event

    def _slot(self, number: int) -> int:
        """Returns the lowest free slot for a running trial."""
        if number not in self._slots:
            taken = set(self._slots.values())
            self._slots[number] = next(slot for slot in range(len(taken) + 1) if slot not in taken)
        return self._slots[number]

    def _leave(self, number: int) -> None:
        known = self._history.trials.get(number)
        if known is None or known.state is not TrialState.RUNNING:
            self._slots.pop(number, None)


def has_trial(config: SweepConfig, trial: KatibTrial) -> bool:
    """Returns whether one of Katib's trials is one of the sweep: places of its batches may have none."""
    if is_idle(trial.name):
        return False
    return (
        config.optimization.strategy is None
        or JOB not in trial.assignments
        or assigned_job(trial.assignments) is not None
    )


def _order(trial: KatibTrial) -> tuple[int, float]:
    """Returns the place of a trial's events: a job follows those of lower numbers, one of which may have run again."""
    number = None if assigned_job(trial.assignments) is None else number_of(trial.name)
    return (number or 0, trial.ended or trial.started)
