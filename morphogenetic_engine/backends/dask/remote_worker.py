"""One worker of a sweep on another machine, as the coordinator sees it, and what its host is given."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from morphogenetic_engine.backends.dask.dask_connection import DaskConnection
from morphogenetic_engine.backends.dask.files.session_files import SessionFiles
from morphogenetic_engine.backends.dask.host_messages import Assign, Command, Decide, Place
from morphogenetic_engine.backends.dask.host_passes import HostPasses
from morphogenetic_engine.sweeps.run.messages import TaskKey, TrialTask
from morphogenetic_engine.sweeps.strategy import Decision
from morphogenetic_engine.workload.host_pass import HostPass


@dataclass(frozen=True)
class HostSetup:
    """What all hosts of a session are given."""

    version: str
    passes: HostPasses | None
    """The passes by which hosts use the sweep's folder; None: they do not see it."""
    worker: bytes
    """The pickled setup of the workers."""


class RemoteWorker:
    """One worker process on another machine; until it is placed, it waits for a free Dask worker."""

    def __init__(self, number: int, connection: DaskConnection, files: SessionFiles | None = None) -> None:
        self.number = number
        self.is_ready = False
        self.most = 1
        self.key = ""
        """The key of the Dask task that hosts it."""
        self.address = ""
        """The Dask worker to which this task was given; "" while there is none."""
        self.given = 0.0
        self.place: Place | None = None
        self.life = ""
        self.host_pass: HostPass | None = None
        self.asked = time.time()
        self.running: dict[TaskKey, TrialTask] = {}
        """The tasks that have not ended, where their folders have to be brought back."""
        self._connection = connection
        self._files = files

    def assign(self, tasks: Sequence[TrialTask], *, fused: bool = False) -> None:
        """Gives the worker tasks, which it runs one after another; `fused`: with those that it runs already."""
        here = tuple(replace(task, dir=task.dir.absolute()) for task in tasks)  # its host may be in another directory
        if self._files is None:
            self.send(Assign(here, fused))
            return
        self.running.update((task.key, task) for task in here)
        self.send(Assign(here, fused, {task.key: self._files.trials.begin(task) for task in here}))

    def decide(self, key: TaskKey, decision: Decision) -> None:
        """Answers a report that waits for a decision."""
        self.send(Decide(key, decision))

    def send(self, command: Command) -> None:
        """Sends a command to the worker's host."""
        assert self.place is not None, "a worker is ready once it is placed"
        self._connection.send(self.key, self.place.address, command)
