"""The sweep's side of the mirror: what the process that follows the journal for the storage needs to know."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sinks.journal_forwarder import DRAIN_SECONDS, Destination, Follower
from morphogenetic_engine.sinks.optuna_storage.sync_state import read_progress
from morphogenetic_engine.sweeps.record.folder import SweepFolder, SweepInfo
from morphogenetic_engine.sweeps.schema.storage_address import absolute_storage

NAME = "Optuna storage"
LOG = "storage.log"
ADDRESS_VARIABLE = "MORPHOGENETIC_STORAGE"
MISSING = "optuna is not installed: pip install 'morphogenetic-engine[bayesian]'"


def storage_follower(folder: SweepFolder, *, warn: Callable[[str], object], drain: float = DRAIN_SECONDS) -> Follower:
    """Return the follower that shows a sweep in the storage that its configuration names."""
    return Follower(folder, NAME, lambda: _storage(folder), warn=warn, drain=drain)


def storage_of(info: SweepInfo) -> str:
    """Return where a sweep's storage is; it may hold a password.

    Raises:
        ConfigError: the sweep has none.
    """
    storage = info.config.optimization.storage
    if storage is None:
        raise ConfigError(f"sweep {info.sweep_id}: optimization.storage: is not given")
    return absolute_storage(storage, Path(info.working_directory))


def installed() -> bool:
    """Tell whether Optuna is there, without importing it."""
    return find_spec("optuna") is not None


def _storage(folder: SweepFolder) -> Destination:
    info = folder.read_info()
    address = storage_of(info)
    return Destination(
        name=NAME,
        address=address,
        variable=ADDRESS_VARIABLE,
        command=("-m", __package__),
        log=LOG,
        lacking=None if installed() else MISSING,
        progress=lambda: read_progress(folder, info, address),
    )
