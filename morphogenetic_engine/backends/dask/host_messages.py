"""The messages between the executor and the hosts of its workers, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from morphogenetic_engine.backends.dask.files.files_order import FilesOrder, Folders
from morphogenetic_engine.sweeps.run.messages import TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.workers.wire import WorkerMessage
from morphogenetic_engine.sweeps.strategy import Decision
from morphogenetic_engine.workload.host_pass import HostPass


@dataclass(frozen=True)
class HostOrder:
    """The argument of the Dask task that hosts a worker."""

    key: str
    """The key of the task: no two hosts of a session have the same."""
    topic: str
    """The topic of the events that the host sends."""
    is_direct: bool
    """True if the scheduler is the session's own, which takes messages as they are."""
    number: int
    """The number of the worker."""
    version: str
    """The coordinator's version of this package."""
    host_pass: HostPass | None
    """The pass of the host in the sweep's folder, which it must see there; None: it has no part in that folder."""
    setup: bytes
    """The pickled setup of the worker; read once the versions are known to agree."""
    files: FilesOrder | None = None
    """How the host gets the files of the sweep; None: it sees the sweep's folder."""


@dataclass(frozen=True)
class Assign:
    """Tasks for the worker."""

    tasks: Sequence[TrialTask]
    fused: bool
    """True if they join those that it runs already."""
    folders: Folders = field(default_factory=dict)
    """The folders with which they begin, where the host does not see the sweep's folder."""


@dataclass(frozen=True)
class Decide:
    """The answer to a report that waits for a decision."""

    key: TaskKey
    decision: Decision


@dataclass(frozen=True)
class Leave:
    """There will be no further task."""


@dataclass(frozen=True)
class Kill:
    """The worker and all that it started end at once."""


Command = Assign | Decide | Leave | Kill


@dataclass(frozen=True)
class Place:
    """Where a worker runs."""

    address: str
    """The address of the Dask worker."""
    host: str
    job: str | None = None
    """The id of the batch job, if it runs in one."""

    def __str__(self) -> str:
        return f"{self.host}, job {self.job}" if self.job else self.host


@dataclass(frozen=True)
class Placed:
    """The host has started its worker."""

    place: Place


@dataclass(frozen=True)
class Refused:
    """The host cannot run a worker of this sweep."""

    place: Place
    why: str


@dataclass(frozen=True)
class Heard:
    """Messages of the worker."""

    messages: Sequence[WorkerMessage]
    folders: Folders = field(default_factory=dict)
    """The folders of attempts that have ended, where the host does not see the sweep's folder."""


@dataclass(frozen=True)
class Logged:
    """What a worker wrote that belongs to no trial, where the host does not see the sweep's folder."""

    text: str


@dataclass(frozen=True)
class Killed:
    """The worker has ended because it was to; nothing follows."""


@dataclass(frozen=True)
class Gone:
    """The Dask task has ended; noticed by the coordinator."""

    why: str
    """The reason if it was lost, otherwise ""."""
    failed: bool = False
    """True if it cannot run: another one would fail as well."""


HostMessage = Placed | Refused | Heard | Logged | Killed | Gone
