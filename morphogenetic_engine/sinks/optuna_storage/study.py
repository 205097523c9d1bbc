"""The thin client of a user's Optuna storage: the study of one sweep."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

import optuna
import sqlalchemy
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._storage import JournalOperation
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sinks.optuna_storage.storage_sink import NAME
from morphogenetic_engine.sinks.optuna_storage.study_trials import SWEEP_ATTR, Lacking
from morphogenetic_engine.sweeps.schema.credentials import reason, without_credentials
from morphogenetic_engine.sweeps.schema.objective import Objective
from morphogenetic_engine.sweeps.schema.storage_address import journal_file
from morphogenetic_engine.sweeps.search.optuna.distributions import directions_of, quietly

# pylint: disable=protected-access  # Optuna has no public way to say when a trial began and ended

CONNECT_SECONDS = 5
_POSTGRESQL_DRIVERS = ("psycopg", "psycopg2")
_TRIALS = sqlalchemy.table(
    "trials",
    sqlalchemy.column("trial_id", sqlalchemy.Integer),
    sqlalchemy.column("datetime_start", sqlalchemy.DateTime),
    sqlalchemy.column("datetime_complete", sqlalchemy.DateTime),
)
Storage = RDBStorage | JournalStorage


def open_storage(address: str) -> Storage:
    """Returns the storage at an address; creates the tables of a new database."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = journal_file(address)
    if path is not None:
        return JournalStorage(JournalFileBackend(path))
    url = sqlalchemy.make_url(address)
    waits = url.get_backend_name() == "postgresql" and url.get_driver_name() in _POSTGRESQL_DRIVERS
    limits = {"connect_timeout": CONNECT_SECONDS} if waits and "connect_timeout" not in url.query else {}
    return RDBStorage(address, engine_kwargs={"connect_args": limits})


class MirrorStudy:
    """The study of a sweep, created if it does not exist.

    `marks` distinguish the sweep from others of its name. Every method raises StoreError, in one line and without
    credentials, if the storage fails.
    """

    def __init__(self, address: str, sweep_id: str, objectives: Sequence[Objective], marks: Mapping[str, str]) -> None:
        self._address = address
        self._sweep_id = sweep_id
        self._objectives = objectives
        self._marks = {SWEEP_ATTR: sweep_id, **marks}
        with self._one_line():
            self._storage = open_storage(address)
        with ExitStack() as undo:
            undo.callback(self.close)
            with self._one_line():
                self._study = self._entered()
            undo.pop_all()

    def close(self) -> None:
        """Closes the connections."""
        if isinstance(self._storage, RDBStorage):
            self._storage.remove_session()
            self._storage.engine.dispose()

    def check(self) -> None:
        """Makes sure that the storage answers and has the study: Optuna repeats other calls for many seconds."""
        with self._one_line():
            self._storage.get_study_user_attrs(self._study)

    def trials(self) -> dict[int, FrozenTrial]:
        """Returns the study's trials by number; raises StoreError if others added trials to it."""
        with self._one_line():
            found = self._storage.get_all_trials(self._study, deepcopy=False)
        if any(trial.user_attrs.get(SWEEP_ATTR) != self._sweep_id for trial in found):
            raise self._refusal("has trials that are not the sweep's; delete the study there, and publish again")
        return {trial.number: trial for trial in found}

    def create(self, wanted: FrozenTrial) -> FrozenTrial:
        """Adds a complete trial with the next number; returns it as stored."""
        with self._one_line():
            trial_id = self._storage.create_new_trial(self._study, template_trial=wanted)
            as_numbered = self._storage.get_trial_id_from_study_id_trial_number(self._study, wanted.number)
        if as_numbered != trial_id:
            raise self._refusal(f"gave trial {wanted.number} another number")
        return _placed(wanted, trial_id)

    def update(self, found: FrozenTrial, wanted: FrozenTrial, missing: Lacking) -> FrozenTrial:
        """Writes the missing parts of a trial; the state last, because Optuna cannot change an ended trial."""
        trial_id = found._trial_id
        with self._one_line():
            for key, value in missing.attrs.items():
                self._storage.set_trial_user_attr(trial_id, key, value)
            for key, value in missing.constraints.items():
                self._storage.set_trial_system_attr(trial_id, key, value)
            for step, value in missing.steps.items():
                self._storage.set_trial_intermediate_value(trial_id, step, value)
            if isinstance(self._storage, RDBStorage):
                _set_state_in_database(self._storage, found, wanted)
            elif not found.state.is_finished():
                _set_state_in_journal(self._storage, found, wanted)
        return _placed(wanted, trial_id)

    def remake(self) -> None:
        """Replaces the study by an empty one."""
        with self._one_line():
            self._storage.delete_study(self._study)
            self._study = self._made()

    def _entered(self) -> int:
        """Returns the id of the sweep's study; an empty study of the name is taken over."""
        try:
            study = self._storage.get_study_id_from_name(self._sweep_id)
        except KeyError:
            return self._made()
        marks = self._storage.get_study_user_attrs(study)
        if all(marks.get(key) == value for key, value in self._marks.items()):
            return study
        if self._storage.get_all_trials(study, deepcopy=False):
            raise self._refusal("is not this sweep's; delete it there, or run the sweep under another id")
        self._storage.delete_study(study)
        return self._made()

    def _made(self) -> int:
        study = optuna.create_study(
            storage=self._storage, study_name=self._sweep_id, directions=directions_of(self._objectives)
        )
        with quietly():
            study.set_metric_names([objective.metric for objective in self._objectives])
        for key, value in self._marks.items():
            study.set_user_attr(key, value)
        return study._study_id

    def _refusal(self, what: str) -> StoreError:
        return StoreError(f"{NAME} at {without_credentials(self._address)}: the study {self._sweep_id!r} {what}")

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # those of Optuna's libraries
            shown = without_credentials(self._address)
            raise StoreError(f"{NAME} at {shown}: {_why(error, self._address)}") from error


def _placed(wanted: FrozenTrial, trial_id: int) -> FrozenTrial:
    placed = copy.copy(wanted)
    placed._trial_id = trial_id
    return placed


def _set_state_in_database(storage: RDBStorage, found: FrozenTrial, wanted: FrozenTrial) -> None:
    """Sets the trial's times: Optuna would record the current time, which is wrong for events sent late."""
    if found.state != wanted.state:
        storage.set_trial_state_values(found._trial_id, wanted.state, wanted.values)
    times = {"datetime_start": wanted.datetime_start, "datetime_complete": wanted.datetime_complete}
    with storage.engine.begin() as connection:
        connection.execute(sqlalchemy.update(_TRIALS).where(_TRIALS.c.trial_id == found._trial_id).values(times))


def _set_state_in_journal(storage: JournalStorage, found: FrozenTrial, wanted: FrozenTrial) -> None:
    """Appends Optuna's journal entries with the sweep's times; only a waiting trial can be started."""
    begins = wanted.datetime_start != found.datetime_start or wanted.state == OptunaState.RUNNING
    steps: list[dict[str, object]] = []
    if begins and found.state != OptunaState.WAITING:
        steps.append({"state": OptunaState.WAITING, "values": None})
    if begins:
        steps.append({"state": OptunaState.RUNNING, "values": None, "datetime_start": _utc(wanted.datetime_start)})
    if wanted.state.is_finished():
        end = _utc(wanted.datetime_complete)
        steps.append({"state": wanted.state, "values": wanted.values, "datetime_complete": end})
    elif wanted.state == OptunaState.WAITING and (begins or found.state != wanted.state):
        steps.append({"state": wanted.state, "values": None})
    with storage._thread_lock:
        for step in steps:
            storage._write_log(JournalOperation.SET_TRIAL_STATE_VALUES, {"trial_id": found._trial_id, **step})
        storage._sync_with_backend()


def _utc(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone().isoformat(timespec="microseconds")


def _why(error: BaseException, address: str) -> str:
    """Returns the first cause, which Optuna wraps in general advice."""
    if isinstance(error, ImportError):
        return "its driver is not installed; for PostgreSQL: pip install 'psycopg[binary]'"
    while error.__cause__ is not None:
        error = error.__cause__
    return reason(error, address)
