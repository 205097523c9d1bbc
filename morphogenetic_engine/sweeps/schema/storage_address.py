"""The address of a user's own Optuna storage, `optimization.storage`, parsed without Optuna.

`sqlite:///sweeps.db` and `journal:///sweeps.log` are relative to where the sweep was started; with four slashes they
are absolute. A plain path that ends in .log or .journal is a journal file too.
"""

from __future__ import annotations

import re
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.sweeps.schema.credentials import VARIABLE, with_variables, without_credentials

_DATABASES = ("sqlite", "postgresql", "mysql")
_URL = re.compile(r"(?P<kind>[A-Za-z][A-Za-z0-9]*)(?P<driver>\+\w+)?://(?P<rest>.*)", re.DOTALL)
_JOURNAL = "journal:///"
_JOURNAL_ENDINGS = (".log", ".journal")
_EXAMPLES = "a URL such as sqlite:///sweeps.db, or a path that ends in .log or .journal"


def checked_storage(storage: str) -> str:
    """Returns an address that names a storage which outlives the sweep.

    Raises:
        ValueError: it does not; the message shows no credentials.
    """
    if VARIABLE.search(storage):
        return storage  # checked when its variables are known
    shown = without_credentials(storage)
    if journal_file(storage) is not None:
        return storage
    url = _URL.fullmatch(storage)
    if url is None:
        raise ValueError(f"must be {_EXAMPLES}, but got {shown.rpartition('@')[2]!r}")
    kind, rest = url["kind"], url["rest"]
    if kind not in _DATABASES:
        known = (*_DATABASES, "journal")
        raise ValueError(f"must begin with one of {', '.join(known)}, but got {shown!r}{did_you_mean(kind, known)}")
    if not rest.strip("/") or ":memory:" in rest:
        raise ValueError(f"must name a storage that stays, but got {shown!r}")
    return storage


def journal_file(storage: str) -> str | None:
    """Returns the path of an Optuna journal file; None: the address is a database's."""
    if storage.startswith(_JOURNAL):
        return storage.removeprefix(_JOURNAL) or None
    return storage if "://" not in storage and storage.endswith(_JOURNAL_ENDINGS) else None


def absolute_storage(storage: str, folder: Path) -> str:
    """Returns the address with its variables, and with a relative path taken from a folder, so that it means the same
    everywhere.

    Raises:
        ConfigError: a variable is not set, or what it holds is no address.
    """
    if VARIABLE.search(storage):
        where = "optimization.storage"
        try:
            storage = checked_storage(with_variables(storage, where))
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error
    path = journal_file(storage)
    if path is not None:
        return f"{_JOURNAL}{folder / path}"
    found = re.fullmatch(r"(sqlite(?:\+\w+)?:///)(?!file:)([^?]+)(.*)", storage)
    return storage if found is None else f"{found[1]}{folder / found[2]}{found[3]}"
