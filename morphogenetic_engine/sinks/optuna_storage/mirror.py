"""The mirror of a sweep: reads the journal, compares it with the study, writes the differences.

A process may be killed between any two calls: the next one reads the study and continues from there. Optuna cannot
change a trial that has ended; if such a trial was run again, the study is recreated when the session is over.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.sinks.optuna_storage.storage_sink import storage_of
from morphogenetic_engine.sinks.optuna_storage.study import MirrorStudy
from morphogenetic_engine.sinks.optuna_storage.study_trials import in_disorder, is_stuck, lacking, trial_of
from morphogenetic_engine.sinks.optuna_storage.sync_state import only_mirror, read_progress, write_progress
from morphogenetic_engine.sweeps.record.events import SessionEnded, SessionStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal_file.lock import is_locked
from morphogenetic_engine.sweeps.record.journal_tail import JournalTail
from morphogenetic_engine.sweeps.record.trials import History


@dataclass(frozen=True)
class Mirrored:
    """The summary of one call of `publish`."""

    storage: str
    """Without credentials."""
    trials: int
    """The number of trials that were written."""


def publish(folder: SweepFolder) -> Mirrored:
    """Writes everything of a sweep that its Optuna storage lacks; a second call finds nothing to write.

    Raises:
        ConfigError: the sweep's configuration names no storage.
        SweepError: another process writes this sweep's study, or a file of the sweep is damaged.
        StoreError: the storage cannot be reached or refuses, or a file cannot be read or written.
    """
    with only_mirror(folder), closing(Mirror(folder)) as mirror:
        mirror.settle()
        return mirror.mirrored


class Mirror:
    """One process's work on one sweep's study; needs `only_mirror` around it."""

    def __init__(self, folder: SweepFolder, address: str | None = None) -> None:
        self._folder = folder
        self._info = folder.read_info()
        self._address = address or storage_of(self._info)
        self._progress = read_progress(folder, self._info, self._address)
        self._tail = JournalTail(folder.journal)
        self._history = History(identities=self._info.identities)
        self._study: MirrorStudy | None = None
        self._there: dict[int, FrozenTrial] = {}
        """The study's trials, by number."""
        self._changed: set[int] = set()
        """Trials that have to be compared with the study's."""
        self._stuck: set[int] = set()
        """Trials that differ from the study's, which cannot be changed."""
        self._abandoned = False
        self._written: set[int] = set()

    @property
    def mirrored(self) -> Mirrored:
        return Mirrored(self._progress.storage, len(self._written))

    @property
    def summary(self) -> str:
        """The summary as one line."""
        return f"{len(self._written)} trials sent to the study {self._info.sweep_id} in {self._progress.storage}"

    @property
    def offset(self) -> int:
        """The byte of the journal up to which everything is in the study."""
        return 0 if self._changed else self._tail.offset

    @property
    def session_ended(self) -> bool:
        """True if the last event that was written is the end of a session."""
        return not self._changed and self._history.last_end is not None

    def close(self) -> None:
        """Closes the storage; the next call opens it again and compares everything."""
        if self._study is not None:
            self._study.close()
            self._study = None

    def catch_up(self, stops: Callable[[], bool]) -> None:
        """Writes all events of the journal so far, or fewer when `stops` returns true."""
        try:
            self._write_changes(stops)
        except MorphogeneticError as error:
            self._fail(error)
            raise

    def settle(self) -> None:
        """Compares everything once more, and repairs the rest: trials that ran again, a sweep that was killed."""
        self.close()
        try:
            self._read()
            self._abandoned = self._history.last_end is None and not is_locked(self._folder.journal)
            self._write_changes(lambda: False)
            if self._stuck or self._there.keys() - self._history.trials:
                self._remake(self._entered())
                self._write_changes(lambda: False)
        except MorphogeneticError as error:
            self._fail(error)
            raise
        self._remember(offset=self._tail.offset, settled=self._tail.offset, problem="")

    def _write_changes(self, stops: Callable[[], bool]) -> None:
        study = self._entered()
        self._read()
        if self._changed:
            study.check()
        for number in sorted(self._changed):
            if stops():
                return
            self._bring(study, number)
            self._changed.discard(number)
        self._remember(offset=self._tail.offset, problem="")

    def _entered(self) -> MirrorStudy:
        """Returns the study; opens it and reads its trials if necessary."""
        if self._study is None:
            info = self._info
            marks = {"sweep_identity": info.identity, "sweep_created": info.created}
            objectives = info.config.optimization.all_objectives
            self._study = MirrorStudy(self._address, info.sweep_id, objectives, marks)
            self._there, self._stuck = self._study.trials(), set()
            self._changed = set(self._history.trials)
            if in_disorder(self._there.values()):
                self._remake(self._study)
        return self._study

    def _remake(self, study: MirrorStudy) -> None:
        study.remake()
        self._there, self._stuck = {}, set()
        self._changed = set(self._history.trials)

    def _read(self) -> None:
        """Applies the journal's new events."""
        for event in self._tail.read(most=sys.maxsize):
            self._history.apply(event)
            if not isinstance(event, SessionStarted | SessionEnded):
                self._changed.add(event.trial)

    def _bring(self, study: MirrorStudy, number: int) -> None:
        """Updates one trial of the study to its expected state, if Optuna can change it."""
        record = self._history.trials[number]
        wanted = trial_of(record, self._info.config, self._info.sweep_id, abandoned=self._abandoned)
        found = self._there.get(number)
        if found is None:
            self._there[number] = study.create(wanted)
        elif is_stuck(wanted, found):
            self._stuck.add(number)
            return
        else:
            missing = lacking(wanted, found)
            if not missing:
                return
            self._there[number] = study.update(found, wanted, missing)
        self._written.add(number)

    def _fail(self, error: MorphogeneticError) -> None:
        self.close()
        if str(error) != self._progress.problem:
            self._remember(problem=str(error))

    def _remember(self, **changes: object) -> None:
        progress = self._progress.model_copy(update=changes)
        if progress != self._progress:
            self._progress = progress
            write_progress(self._folder, progress)
