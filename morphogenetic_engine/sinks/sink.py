"""The sink protocol: forwards a sweep's journal to a destination, in a separate process.

A sink is registered in the entry-point group `morphogenetic_engine.sinks`. MLflow and Optuna storages have their own
keys in the sweep file; any other sink is configured by `tracking.sinks: {NAME: ADDRESS}`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.registry import Registry
from morphogenetic_engine.sinks.sync_state import Progress
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.schema.credentials import with_variables, without_credentials

SINKS = Registry(
    "sink",
    "morphogenetic_engine.sinks",
    {
        "optuna": "morphogenetic_engine.sinks.optuna_storage.storage_sink:OPTUNA_STORAGE",
        "mlflow": "morphogenetic_engine.sinks.mlflow.mlflow_sink:MLFLOW",
    },
)


@dataclass(frozen=True)
class Destination:
    """The destination of a sweep."""

    name: str
    """The destination's name in warnings: "MLflow"."""
    address: str
    """It may hold a password."""
    files: str
    """The stem of the sink's files in the sweep's folder: STEM.log, STEM.lock, and STEM.json for its state."""
    progress: Callable[[], Progress]
    """Reads the destination's progress; `sync_state.read_progress_file` reads it from STEM.json."""
    lacking: str | None = None
    """The message about a missing library; None: nothing is missing."""

    @property
    def shown(self) -> str:
        """The destination in messages, without credentials."""
        return f"{self.name} at {without_credentials(self.address)}"


class Sender(Protocol):
    """Sends one sweep to one destination. After an error, the next call sends what was not sent.

    Every method raises StoreError when the destination cannot be reached, or refuses.
    """

    @property
    def offset(self) -> int:
        """The byte of the journal up to which everything is sent."""

    @property
    def session_ended(self) -> bool:
        """True if the last event that was sent is the end of a session."""

    @property
    def summary(self) -> str:
        """A line for the user that states what was sent: "3 trials sent to ..."."""

    def catch_up(self, stops: Callable[[], bool]) -> None:
        """Sends all events that the journal has, or fewer when `stops` returns true."""

    def settle(self) -> None:
        """Sends the rest, and repairs the destination; called when no process runs the sweep any more."""


@runtime_checkable
class Sink(Protocol):
    """A kind of destination."""

    @property
    def title(self) -> str:
        """The name in messages: "MLflow"."""

    def wanted(self, config: SweepConfig) -> bool:
        """Returns True if a configuration asks for this sink with the sink's own key."""
        del config
        return False

    def closes_with(self, info: SweepInfo) -> bool:
        """Returns True if the destination closes when the sweep's process ends, so the rest must be sent before."""
        del info
        return False

    def destination(self, folder: SweepFolder, info: SweepInfo, address: str | None) -> Destination:
        """Returns the destination of a sweep; `address` overrides the configuration's.

        Raises:
            ConfigError: there is no address.
            SweepError: the sink's state in the folder is damaged or of a newer format.
        """

    def open(self, folder: SweepFolder, destination: Destination, *, patience: float) -> AbstractContextManager[Sender]:
        """Opens a sweep for sending. The caller keeps other senders out; `patience` limits a request, in seconds.

        Raises:
            ConfigError: a library is not installed.
            SweepError: a file of the sweep is damaged.
        """


def load_sink(name: str) -> Sink:
    """Returns the sink of a name.

    Raises:
        ConfigError: there is none, or it cannot be loaded.
    """
    sink = SINKS.find(name)
    if not isinstance(sink, Sink):
        raise ConfigError(f"sink {name!r}: must have the methods of morphogenetic_engine.sinks.sink.Sink")
    return sink


def wanted_sinks(config: SweepConfig) -> dict[str, str | None]:
    """Returns the sinks that a configuration asks for, each with the address that `tracking.sinks` gives it.

    Raises:
        ConfigError: `tracking.sinks` names a sink that is not installed, or a variable that is not set.
    """
    own = {name: None for name in SINKS.built_in if load_sink(name).wanted(config)}
    return {
        **own,
        **{name: with_variables(each, f"tracking.sinks.{name}") for name, each in config.tracking.sinks.items()},
    }
