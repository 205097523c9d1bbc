"""Writes the events of a sweep that another system runs into a sweep folder: its journal and its tables.

Collecting again adds the events that are new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from morphogenetic_engine.backends.backend import DelegatedSweep, Source, Tell
from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.record.folder import SweepFolder, find_sweep, new_sweep, sweep_folder
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.origin import Origin, read_trial_names
from morphogenetic_engine.sweeps.record.tables.replicate_table import write_replicates
from morphogenetic_engine.sweeps.record.tables.trial_table import TrialTable
from morphogenetic_engine.sweeps.record.trials import read_history
from morphogenetic_engine.sweeps.schema.sweep_yaml import dump_yaml

Observer = Callable[[Event], None]


def collection_folder(source: Source, *, results: Path, sweep_id: str | None = None) -> SweepFolder:
    """Returns the folder of a sweep on another system, created where there is none; its default name is the sweep's.

    Raises:
        SweepError: a folder of this name belongs to another sweep.
        StoreError: it cannot be written.
    """
    sweep_id = sweep_id or source.origin.name
    if sweep_folder(results, sweep_id).info.exists():
        folder = find_sweep(results, sweep_id)
        known = folder.read_info().origin
        if known is not None or folder.journal.exists():
            _check_same(folder, known, source.origin)
            return folder
    config = source.config
    if config.optimization.lookahead is None:
        optimization = config.optimization.model_copy(update={"lookahead": source.parallel})
        config = config.model_copy(update={"optimization": optimization})
    text = dump_yaml(source.config.model_dump(mode="json"))
    file = ConfigFile(Path(source.origin.where), text, config)
    folder = new_sweep(results, sweep_id, file, config, trials=total_trials(config))
    created = datetime.fromtimestamp(source.created).astimezone().isoformat(timespec="seconds")
    # The trials ran with the other system's software, not this machine's.
    elsewhere = {"created": created, "versions": dict(source.versions), "git_commit": None, "origin": source.origin}
    folder.write_info(folder.read_info().model_copy(update=elsewhere))
    return folder


def collect(
    sweep: DelegatedSweep,
    folder: SweepFolder,
    *,
    tell: Tell,
    wait: bool = False,
    end_leftovers: bool = False,
    observers: Iterable[Observer] = (),
) -> None:
    """Writes the new events of a sweep into its folder; `wait`: until the sweep is over.

    `end_leftovers`: afterwards stop the trials that still run.

    Raises:
        SweepError: another process collects into the folder, or a file of it is damaged.
        ClusterError: the system cannot be reached.
        StoreError: a file cannot be read or written.
    """
    with recording(folder, observers) as record:
        record.add(sweep.events(folder, record.history, wait=wait, tell=tell))
        if end_leftovers and sweep.progress.running:
            record.add(sweep.stop(folder, record.history))


@contextmanager
def recording(folder: SweepFolder, observers: Iterable[Observer] = ()) -> Iterator[Recording]:
    """Opens a sweep folder for the events of another system; the tables are written before and after.

    Raises:
        SweepError: another process collects into it, or a file of it is damaged.
        StoreError: it cannot be read or written.
    """
    with Journal(folder.journal) as journal, TrialTable(folder.table, folder.read_info().config) as table:
        record = Recording(folder, journal, table, observers)
        record.write_tables()
        yield record
        record.write_tables()


class Recording:
    """A sweep folder open for writing the events of another system."""

    def __init__(self, folder: SweepFolder, journal: Journal, table: TrialTable, observers: Iterable[Observer]) -> None:
        self._folder = folder
        self._journal = journal
        self._table = table
        self._observers = tuple(observers)
        self.history = read_history(folder, identities=folder.read_info().identities)
        """The state of the journal, with the events that were added."""

    def add(self, events: Iterable[Event]) -> None:
        """Appends events to the journal, apply them to the history and pass them to the observers, one by one."""
        for event in events:
            self._journal.append(event)
            self.history.apply(event)
            for observer in self._observers:
                observer(event)

    def write_tables(self) -> None:
        """Writes the trial tables anew."""
        self._journal.check_in_place()
        trials = self.history.trials.values()
        self._table.write(trials, read_trial_names(self._folder.path))
        write_replicates(self._folder.replicates, trials)


def _check_same(folder: SweepFolder, known: Origin | None, origin: Origin) -> None:
    """Checks that a folder was collected from the sweep that is to be collected into it."""
    if known is None:
        raise SweepError(
            f"{folder.path}: is a sweep of this machine, not one of {origin.system}; give the new one a --sweep-id"
        )
    if (known.delegate, known.uid) != (origin.delegate, origin.uid):
        raise SweepError(
            f"{folder.path}: belongs to another {known.where}"
            f" ({known.uid[:8]}, not {origin.uid[:8]}); give the new one a --sweep-id"
        )
