"""Reads studies with plain Optuna, as a user would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial


@contextmanager
def plain_storage(address: str) -> Iterator[RDBStorage | JournalStorage]:
    """The storage at an address of a sweep file, opened by Optuna's own means."""
    if address.startswith("journal:///") or "://" not in address:
        yield JournalStorage(JournalFileBackend(address.removeprefix("journal:///")))
        return
    storage = RDBStorage(address)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def trials_in(address: str, name: str) -> list[FrozenTrial]:
    """Returns the trials of a study; none where there is no study yet."""
    with plain_storage(address) as storage:
        if name not in optuna.get_all_study_names(storage):
            return []
        return optuna.load_study(study_name=name, storage=storage).get_trials()


def states_in(address: str, name: str) -> list[str]:
    """Returns the states of a study's trials in the order of their numbers."""
    return [trial.state.name for trial in trials_in(address, name)]


def kept_in(address: str, name: str) -> list[dict[str, object]]:
    """Returns all that a study has of its trials, ids aside."""
    return [
        {key: value for key, value in vars(trial).items() if key != "_trial_id"} for trial in trials_in(address, name)
    ]


def journal_file(folder: Path) -> str:
    """Returns the address of a new journal file."""
    return f"journal:///{folder / 'optuna.log'}"
