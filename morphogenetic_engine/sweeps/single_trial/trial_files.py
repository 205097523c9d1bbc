"""The files of a trial that ran by itself, in a store: put there under the trial's name, and read back."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.storage import Store
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.record.journal_file.lines import events_of

JOURNAL = "journal.jsonl"
_LOCAL = frozenset({"journal.lock"})


def upload_trial(folder: Path, store: Store, name: str) -> int:
    """Uploads the files of a trial's folder, the journal last; returns their number.

    Raises:
        StoreError: the store cannot be reached or refuses.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    names = [str(path.relative_to(folder)) for path in files if path.name not in _LOCAL and path.stat().st_size]
    names.sort(key=lambda each: each == JOURNAL)  # last: a stored journal means that all files are stored
    for each in names:
        store.put_file(folder / each, f"{name}/{each}")
    return len(names)


def download_trial(store: Store, name: str, folder: Path, *, without: Collection[str] = ()) -> int:
    """Downloads the files of a trial that the folder does not have yet; returns their number.

    Files with the names in `without` are left out.

    Raises:
        StoreError: the store cannot be reached or refuses, or the folder cannot be written.
    """
    count = 0
    for stored in store.list(name):
        target = folder / stored.name.removeprefix(f"{name}/")
        if not target.exists() and target.name not in without:
            target.parent.mkdir(parents=True, exist_ok=True)
            store.get_file(stored.name, target)
            count += 1
    return count


def stored_journal(store: Store, name: str) -> list[Event]:
    """Returns the events of a trial's own journal; empty if it was never stored because the pod was killed.

    Raises:
        StoreError: the store cannot be reached or refuses.
        SweepError: the journal is damaged or of a newer format.
    """
    file = f"{name}/{JOURNAL}"
    if not store.exists(file):
        return []
    try:
        return events_of(store.read_bytes(file))
    except SweepError as error:
        raise SweepError(f"{store.address_of(file)}: {error}") from error
