"""A sweep folder that follows an Experiment: what happened to its Trials becomes the sweep's journal.

Collecting again adds what is new, and nothing where nothing is.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import yaml

from morphogenetic_engine import __version__
from morphogenetic_engine.backends.katib.read.katib_record import (
    KatibRecord,
    check_same,
    has_katib_record,
    read_katib_record,
    with_numbers,
    write_katib_record,
)
from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, Snapshot
from morphogenetic_engine.backends.katib.read.trial_history import TrialJournal, experiment_outcome, trial_events
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import (
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialInterrupted,
    TrialState,
)
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.record.folder import SweepFolder, find_sweep, new_sweep
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.origin import Origin
from morphogenetic_engine.sweeps.record.replicate_table import write_replicates
from morphogenetic_engine.sweeps.record.trial_table import TrialTable
from morphogenetic_engine.sweeps.record.trials import read_history

DELEGATE, SYSTEM = "katib", "Katib"
"""The name of Katib in the registry of delegates, and in messages."""

Observer = Callable[[Event], None]


def collection_folder(
    experiment: KatibExperiment, *, results: Path, sweep_id: str | None = None, cluster: str = ""
) -> SweepFolder:
    """Return the folder of an Experiment's sweep, created where there is none; its name is the Experiment's.

    `cluster` is the address of the cluster, for the record.

    Raises:
        SweepError: a folder of this name belongs to another sweep.
        StoreError: it cannot be written.
    """
    sweep_id = sweep_id or experiment.name
    if (results / sweep_id / "sweep.json").exists():
        folder = find_sweep(results, sweep_id)
        if has_katib_record(folder) or folder.journal.exists():
            check_same(folder, read_katib_record(folder), experiment)
            return folder
    config = experiment.config
    if config.optimization.lookahead is None:
        optimization = config.optimization.model_copy(update={"lookahead": experiment.parallel})
        config = config.model_copy(update={"optimization": optimization})
    text = yaml.safe_dump(experiment.config.model_dump(mode="json"), sort_keys=False)
    folder = new_sweep(
        results, sweep_id, ConfigFile(Path(experiment.where), text, config), config, trials=total_trials(config)
    )
    created = datetime.fromtimestamp(experiment.created).astimezone().isoformat(timespec="seconds")
    # What ran the trials is in the image, not on this machine.
    origin = Origin(
        delegate=DELEGATE, system=SYSTEM, name=experiment.name, namespace=experiment.namespace, cluster=cluster
    )
    elsewhere = {"created": created, "versions": {"image": experiment.image}, "git_commit": None, "origin": origin}
    folder.write_info(folder.read_info().model_copy(update=elsewhere))
    write_katib_record(folder, KatibRecord(name=experiment.name, namespace=experiment.namespace, uid=experiment.uid))
    return folder


@contextmanager
def open_collection(
    folder: SweepFolder, *, journal: TrialJournal, observers: Iterable[Observer] = ()
) -> Iterator[Collection]:
    """Open a sweep folder for what an Experiment has to tell.

    Raises:
        SweepError: another process collects into it, or a file of it is damaged.
        StoreError: it cannot be read or written.
    """
    with Journal(folder.journal) as own, TrialTable(folder.table, folder.read_info().config) as table:
        collection = Collection(folder, own, table, journal, observers)
        collection.write_tables()
        yield collection
        collection.write_tables()


class Collection:
    """What an Experiment told so far, and the folder that it is written to."""

    def __init__(
        self,
        folder: SweepFolder,
        own: Journal,
        table: TrialTable,
        trial_journal: TrialJournal,
        observers: Iterable[Observer],
    ) -> None:
        self._folder = folder
        self._own = own
        self._table = table
        self._trial_journal = trial_journal
        self._observers = tuple(observers)
        self._config = folder.read_info().config
        self._history = read_history(folder)
        self._record = read_katib_record(folder)
        unended = (number for number, trial in self._history.trials.items() if not trial.state.final)
        self._slots = {number: slot for slot, number in enumerate(unended)}
        self._latest = max((trial.started + trial.duration for trial in self._history.trials.values()), default=0.0)

    def take(self, snapshot: Snapshot) -> None:
        """Write down what is new in an Experiment and its Trials.

        Raises:
            SweepError: it is another Experiment, which got the name of a deleted one.
        """
        experiment = snapshot.experiment
        check_same(self._folder, self._record, experiment)
        self._number(snapshot)
        if not self._history.sessions:
            self._begin(experiment, experiment.created)
        elif self._history.last_end is not None and not experiment.completed:
            self._begin(experiment, self._now())  # somebody gave it more trials
        for trial in sorted(snapshot.trials, key=lambda each: each.ended or each.started):
            number = self._record.numbers[trial.name]
            known = self._history.trials.get(number)
            slot = self._slot(number)
            for event in trial_events(self._config, trial, number, known, slot=slot, journal=self._trial_journal):
                self._tell(event)
            self._leave(number)
        self._interrupt({self._record.numbers[trial.name] for trial in snapshot.running})
        if experiment.completed and not snapshot.running and self._history.last_end is None:
            self._end(experiment.ended or self._now(), *experiment_outcome(experiment))

    def stop(self, experiment: KatibExperiment) -> None:
        """Write down that the trials which still ran were ended, and with them the sweep."""
        self._interrupt(set())
        if self._history.last_end is None:
            stopped = Outcome.INTERRUPTED, "stopped by `sweep stop`"
            self._end(self._now(), *(experiment_outcome(experiment) if experiment.completed else stopped))

    def _interrupt(self, running: Set[int]) -> None:
        """Write down that whatever does not run any more and has no end was ended by somebody."""
        for number, trial in sorted(self._history.trials.items()):
            if trial.state is TrialState.RUNNING and number not in running:
                self._tell(TrialInterrupted(self._now(), number, trial.attempt))
                self._slots.pop(number, None)

    def _number(self, snapshot: Snapshot) -> None:
        record = with_numbers(self._record, self._config, snapshot.trials)
        if record != self._record:
            write_katib_record(self._folder, record)
            self._record = record

    def _begin(self, experiment: KatibExperiment, begun: float) -> None:
        host = f"{socket.gethostname()} ({experiment.where})"
        self._tell(SessionStarted(begun, os.getpid(), host, __version__, experiment.parallel))

    def _end(self, ended: float, outcome: Outcome, message: str) -> None:
        self._tell(SessionEnded(max(ended, self._latest), outcome, " ".join(message.split())))

    def _now(self) -> float:
        """Return the time, never before what has happened: the cluster's clock may be ahead of this machine's."""
        return max(time.time(), self._latest)

    def _slot(self, number: int) -> int:
        """Return a trial's place among those that run, the lowest one that is free."""
        if number not in self._slots:
            taken = set(self._slots.values())
            self._slots[number] = next(slot for slot in range(len(taken) + 1) if slot not in taken)
        return self._slots[number]

    def _leave(self, number: int) -> None:
        known = self._history.trials.get(number)
        if known is None or known.state.final:
            self._slots.pop(number, None)

    def _tell(self, event: Event) -> None:
        self._own.append(event)
        self._history.apply(event)
        self._latest = max(self._latest, event.time)
        for observer in self._observers:
            observer(event)

    def write_tables(self) -> None:
        """Write the trial tables anew."""
        trials = self._history.trials.values()
        self._table.write(trials)
        write_replicates(self._folder.replicates, trials)
