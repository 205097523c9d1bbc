"""The protocol of launchers, and the command that starts a Dask worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from morphogenetic_engine.backends.dask.host_messages import Place
from morphogenetic_engine.backends.dask.host_process import MODULE
from morphogenetic_engine.backends.dask.session_keys import KeyFiles

_DEATH_SECONDS = 120
"""The time in which a worker must reach its scheduler; afterwards it ends."""

_FAILED_FIRST = 3
"""Workers that may end in a row before the first one has reached the scheduler."""
_FAILED_LATER = 20
"""The same once one has: what they need is there, and a machine may be out of order for a while."""


@dataclass(frozen=True)
class SchedulerAccess:
    """What a worker needs to reach the scheduler of a session."""

    address: str
    keys: KeyFiles | None
    directory: Path
    """The directory in which workers start."""
    logs: Path
    interface: str | None
    python: str | None
    sees_folders: bool = True
    """False if workers do not see the folders of this machine."""

    def worker_options(self) -> list[str]:
        """Returns the options of a Dask worker, apart from its name."""
        options = ["--death-timeout", str(_DEATH_SECONDS)]
        if self.interface is not None:
            options += ["--interface", self.interface]
        return options if self.keys is None else options + self.keys.options

    def worker_command(self, name: str) -> list[str]:
        """Returns the command that starts a Dask worker."""
        return [self.python or sys.executable, "-P", "-m", MODULE, self.address, "--name", name, *self.worker_options()]


class Launcher(Protocol):
    """Starts the Dask workers that a session asks for."""

    def scale_to(self, wanted: int) -> None:
        """Starts workers until as many run, or wait to be run, as are wanted; those that have ended are replaced.

        Raises:
            ClusterError: workers end before they reach the scheduler, or cannot be started.
        """

    def connected(self, names: Sequence[str]) -> None:
        """Takes the names of the Dask workers that the scheduler has."""

    def ending(self, place: Place) -> str:
        """Returns what is known of the end of a worker at a place, or ""."""

    @property
    def queued(self) -> str:
        """What workers that have not started wait for, in words; "" if none does."""


class StandingWorkers:
    """The workers of a scheduler that runs already: nothing is started or ended."""

    queued = ""

    def scale_to(self, wanted: int) -> None:
        """Starts nothing: the scheduler has its workers."""

    def connected(self, names: Sequence[str]) -> None:
        """Nothing was started that could be missed."""

    def ending(self, place: Place) -> str:  # pylint: disable=no-self-use
        """Returns "": only the scheduler knows."""
        del place
        return ""


class Starts:
    """Which workers have reached the scheduler, and how many in a row have not."""

    def __init__(self) -> None:
        self._reached: set[str] = set()
        self._failed = 0

    def connected(self, names: Sequence[str]) -> None:
        """Takes the names of the Dask workers that the scheduler has."""
        if not self._reached.issuperset(names):
            self._failed = 0
        self._reached.update(names)

    def ended(self, name: str) -> bool:
        """Takes the end of a worker that nobody ended; returns True if no further one should be started."""
        if name not in self._reached:
            self._failed += 1
        return self._failed >= (_FAILED_LATER if self._reached else _FAILED_FIRST)


def log_tail(path: Path) -> str:
    """Returns the last line of a log that is not empty, or ""."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
