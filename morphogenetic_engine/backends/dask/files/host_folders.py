"""The folders of one worker's host that sees no shared folder: a copy of the project, and those of the trials it runs.

A trial's folder is saved in the store every few seconds, and when its attempt ends. The messages about an end leave the
host with the folder, and so does the report at which a trial pauses: it means that the folder is complete.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from morphogenetic_engine.backends.dask.files.files_order import FilesOrder, Folders
from morphogenetic_engine.backends.dask.files.folder_reading import Capture, FolderReader
from morphogenetic_engine.backends.dask.files.folder_state import NOTHING, FolderState
from morphogenetic_engine.backends.dask.files.folder_writing import write_folder
from morphogenetic_engine.backends.dask.files.sweep_store import SweepStore, open_sweep_store
from morphogenetic_engine.backends.dask.files.trial_folders import folder_name
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.run.messages import (
    Ended,
    PausedAttempt,
    Replicated,
    Reported,
    ReturnedAttempt,
    Stale,
    TaskKey,
    TrialTask,
    Unwritable,
)
from morphogenetic_engine.sweeps.run.workers.wire import Died, WorkerMessage
from morphogenetic_engine.sweeps.run.workers.worker import WorkerSetup
from morphogenetic_engine.sweeps.run.workers.worker_trial import Pausing
from morphogenetic_engine.sweeps.run.workload_check import importable_workload
from morphogenetic_engine.workload.process_groups import stopped_session

LOG = "workers.log"
_PAUSE_FACTOR = 9.0
"""Saving takes a tenth of the time at most."""
_LAST_SECONDS = 5.0
_LOG_BYTES = 64 * 1024
_ENDS = (Ended, PausedAttempt, ReturnedAttempt, Unwritable)
_OF_ATTEMPTS = (Ended, PausedAttempt, ReturnedAttempt, Unwritable, Reported, Replicated, Stale)
_Passed = tuple[list[WorkerMessage], dict[TaskKey, FolderState]]
"""Messages that leave the host, and the folders that belong to them."""


@dataclass
class _Attempt:
    task: TrialTask
    reader: FolderReader
    saved: FolderState
    """The folder as the store, or the coordinator, has it."""
    pausing: Pausing | None
    held: list[WorkerMessage] = field(default_factory=list)
    """The report at which it pauses, and what follows, until its end."""


class HostFolders:
    """The folders of the trials that one worker runs."""

    def __init__(self, order: FilesOrder, store: SweepStore, place: Path, project: Path) -> None:
        """`place` is the host's folder on its machine, `project` the copy of the project there."""
        self._project = project
        self._order = order
        self._store = store
        self._place = place
        self._attempts: dict[TaskKey, _Attempt] = {}
        self._saving: threading.Thread | None = None
        self._due = time.monotonic() + order.seconds
        self._logged = 0

    @property
    def log(self) -> Path:
        """The file for output that belongs to no trial."""
        return self._place / LOG

    def localized(self, setup: WorkerSetup) -> WorkerSetup:
        """Returns the setup of a worker that runs in the copy of the project.

        Raises:
            StoreError: the host's folder cannot be written.
        """
        self._place.mkdir(parents=True, exist_ok=True)
        workload, environment = importable_workload(setup.workload, self._place / "code")
        found = {**setup.environment, **environment}
        return replace(setup, workload=workload, working_directory=self._project, environment=found, log=self.log)

    def begin(self, tasks: Sequence[TrialTask], folders: Folders) -> list[TrialTask]:
        """Makes the folders of tasks, and returns the tasks with them.

        Raises:
            StoreError: the store cannot be reached or refuses, or a folder cannot be written.
        """
        return [self._begin(task, folders.get(task.key, NOTHING)) for task in tasks]

    def _begin(self, task: TrialTask, state: FolderState) -> TrialTask:
        folder = self._place / folder_name(task.dir, self._order.root)
        if folder.exists():
            shutil.rmtree(folder)  # of an earlier attempt
        spool = self._place / "spool" / f"{task.trial}-{task.attempt}"
        reader = FolderReader(folder, spool=spool)
        if state != NOTHING:
            write_folder(state, reader, self._store.fetch)
            self._store.note(state)
        pausing = None
        if task.pause_after is not None:
            pausing = Pausing(task.pause_after, task.reported_until, task.objectives)
        self._attempts[task.key] = _Attempt(task, reader, state, pausing)
        return replace(task, dir=folder)

    def passed_on(self, messages: Sequence[WorkerMessage]) -> Iterator[_Passed]:
        """Yields the messages that can leave the host now, with the folders that belong to them.

        Raises:
            StoreError: a folder cannot be saved.
        """
        for message in messages:
            yield from self._pass(message)

    def _pass(self, message: WorkerMessage) -> Iterator[_Passed]:
        if isinstance(message, Died):
            yield self.ended([message])
            return
        attempt = self._attempts.get(message.key) if isinstance(message, _OF_ATTEMPTS) else None
        if attempt is None:
            yield [message], {}
            return
        attempt.held.append(message)
        if isinstance(message, _ENDS):
            state = self._save(attempt)
            del self._attempts[attempt.task.key]
            shutil.rmtree(attempt.reader.folder, ignore_errors=True)
            yield attempt.held, {attempt.task.key: state}
            return
        if isinstance(message, Replicated):
            self._save(attempt)  # it is not run again
        if len(attempt.held) == 1 and not _pauses(attempt, message):
            yield [attempt.held.pop()], {}

    def ended(self, last: Sequence[WorkerMessage]) -> _Passed:
        """Returns the last messages of a worker that has ended, with what it held, and the folders as it left them.

        Raises:
            StoreError: a folder cannot be saved.
        """
        messages: list[WorkerMessage] = []
        folders: dict[TaskKey, FolderState] = {}
        for key, attempt in list(self._attempts.items()):
            messages += attempt.held
            folders[key] = self._save(attempt)
            del self._attempts[key]
        return [*messages, *last], folders

    def save_due(self, leader: int) -> None:
        """Saves the folders of the trials that run if it is time; `leader` is the process of the worker.

        They are copied while the worker's processes are stopped, and sent by a thread.
        """
        if not self._attempts or time.monotonic() < self._due or self._saving is not None:
            self._forget_saved()
            return
        with stopped_session(leader):
            found = [(attempt, attempt.reader.capture()) for attempt in self._attempts.values()]
        self._saving = threading.Thread(target=self._save_captured, args=(found,), daemon=True)
        self._saving.start()

    def save_last(self) -> None:
        """Saves the folders of a worker that was killed because nobody wants it any more, if that is quick."""
        try:
            self._wait()
            self._store = open_sweep_store(self._order, patience=_LAST_SECONDS)
            for attempt in self._attempts.values():
                self._save(attempt)
        except StoreError as error:
            self._say(error)  # the next attempt goes on from what was saved before

    def new_log(self) -> str:
        """Returns what has been added to the log since the last call, its end where that is long."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(self._logged, self.log.stat().st_size - _LOG_BYTES))
                text = log.read()
                self._logged = log.tell()
        except FileNotFoundError:
            return ""
        return text.decode(errors="replace")

    def close(self) -> None:
        """Deletes the host's folder."""
        self._wait()
        shutil.rmtree(self._place, ignore_errors=True)

    def _save_captured(self, found: Sequence[tuple[_Attempt, Capture]]) -> None:
        begun = time.monotonic()
        try:
            for attempt, capture in found:
                self._put(attempt, capture)
        except StoreError as error:
            self._say(error)  # it is tried again
        self._due = time.monotonic() + max(self._order.seconds, _PAUSE_FACTOR * (time.monotonic() - begun))

    def _save(self, attempt: _Attempt) -> FolderState:
        """Saves a folder that nobody changes any more."""
        self._wait()
        self._put(attempt, attempt.reader.capture())
        return attempt.saved

    def _put(self, attempt: _Attempt, capture: Capture) -> None:
        state, contents = attempt.reader.state(capture)
        if state != attempt.saved:
            self._store.put_contents(contents)
            name = folder_name(attempt.task.dir, self._order.root)
            self._store.put_state(f"{name}/{attempt.task.attempt}", state)
            attempt.saved = state
        attempt.reader.empty_spool()

    def _wait(self) -> None:
        if self._saving is not None:
            self._saving.join()
            self._saving = None

    def _forget_saved(self) -> None:
        if self._saving is not None and not self._saving.is_alive():
            self._wait()

    def _say(self, error: StoreError) -> None:
        try:
            with self.log.open("a", encoding="utf-8") as log:
                print(f"folders could not be saved: {error}", file=log)
        except OSError:
            print(error, file=sys.stderr)


def _pauses(attempt: _Attempt, message: WorkerMessage) -> bool:
    """Returns whether a trial pauses at a report."""
    if attempt.pausing is None or not isinstance(message, Reported) or message.replicate is not None:
        return False
    return attempt.pausing.is_due(message.step, message.metrics)
