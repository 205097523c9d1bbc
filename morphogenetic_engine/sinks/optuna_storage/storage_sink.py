"""A user's Optuna storage as a sink: chooses the storage of a sweep, and opens the mirror that writes its study."""

# Sinks have no state.
# pylint: disable=no-self-use
from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sinks.optuna_storage.sync_state import FILES, read_progress
from morphogenetic_engine.sinks.sink import Destination
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.project_folder import start_folder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.schema.storage_address import absolute_storage

if TYPE_CHECKING:
    from morphogenetic_engine.sinks.optuna_storage.mirror import Mirror

NAME = "Optuna storage"
MISSING = "optuna is not installed: pip install 'morphogenetic-engine[bayesian]'"


@dataclass(frozen=True)
class StorageSink:
    """Sends each sweep to a study of an Optuna storage."""

    title: str = NAME

    def wanted(self, config: SweepConfig) -> bool:
        """Returns whether the sweep file names a storage."""
        return config.optimization.storage is not None

    def closes_with(self, info: SweepInfo) -> bool:
        """Returns False: a storage stays open."""
        del info
        return False

    def destination(self, folder: SweepFolder, info: SweepInfo, address: str | None) -> Destination:
        """Returns the storage: the one given, else the one of the sweep file."""
        storage = address or storage_of(info)
        return Destination(
            name=self.title,
            address=storage,
            files=FILES,
            progress=lambda: read_progress(folder, info, storage),
            lacking=None if installed() else MISSING,
        )

    @contextmanager
    def open(self, folder: SweepFolder, destination: Destination, *, patience: float) -> Iterator[Mirror]:
        """Opens a sweep for sending."""
        del patience  # Optuna has limits of its own
        from morphogenetic_engine.sinks.optuna_storage.mirror import Mirror as Sender  # pylint: disable=C0415

        with closing(Sender(folder, destination.address)) as mirror:
            yield mirror


def storage_of(info: SweepInfo) -> str:
    """Returns the address of a sweep's storage; it may hold a password.

    Raises:
        ConfigError: the sweep has no storage.
    """
    storage = info.config.optimization.storage
    if storage is None:
        raise ConfigError(f"sweep {info.sweep_id}: optimization.storage: is not given")
    return absolute_storage(storage, start_folder(info))


def installed() -> bool:
    """Returns whether Optuna is installed, without importing it."""
    return find_spec("optuna") is not None


OPTUNA_STORAGE = StorageSink()
