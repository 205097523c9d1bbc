"""The part that executors share whose slots are worker processes, wherever the processes run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Generic

from morphogenetic_engine.backends.earlier_hosts import EarlierHosts
from morphogenetic_engine.errors import MorphogeneticError, WorkloadError
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import Message, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.resources import fused_trials
from morphogenetic_engine.sweeps.run.workers.placement import Placement, WorkerT
from morphogenetic_engine.sweeps.run.workers.worker_group import WorkerGroup
from morphogenetic_engine.sweeps.run.workers.worker_places import FILE as WORKERS_FILE
from morphogenetic_engine.sweeps.run.workers.worker_places import WorkerPlaces, write_places
from morphogenetic_engine.sweeps.run.workload_check import rejection
from morphogenetic_engine.sweeps.strategy import Decision


class WorkerExecutor(Generic[WorkerT]):
    """Runs trials in the workers of a pool.

    Several tasks of one slot run at once where the workload can train many, otherwise one after another.
    """

    def __init__(self, setup: ExecutorSetup, pool: Placement[WorkerT]) -> None:
        """Withdraws the hosts of earlier sessions.

        Raises:
            StoreError: that cannot be written.
        """
        config = setup.config
        self._sweep = setup.log.parent
        self._earlier = EarlierHosts(self._sweep)

        def failed_start(how: str) -> MorphogeneticError:
            return WorkloadError(f"{setup.where}: {how}; see {setup.log}")

        self._group = WorkerGroup(
            pool,
            parallel=setup.parallel,
            isolate=config.execution.isolate,
            fuse=fused_trials(config, setup.parallel, setup.at_once),
            rejection=partial(rejection, config=config, where=setup.where),
            failed_start=failed_start,
        )

    def free(self, waiting: int) -> Sequence[int]:
        """Returns the numbers of the workers that can take tasks, after starting those that are needed."""
        self._group.scale_to(waiting)
        if self._earlier.described and self._has_to_wait():
            return []
        return self._group.free(waiting)

    def _has_to_wait(self) -> bool:
        """Returns True while workers of an earlier session may still train; displays say so."""
        remains = self._earlier.remain()
        self._show_waiting(self._earlier.described)
        return remains

    def _show_waiting(self, why: str) -> None:
        """Tells displays why trials wait; "": they do no longer."""
        if why:
            write_places(self._sweep, WorkerPlaces(why, ()))
        else:
            (self._sweep / WORKERS_FILE).unlink(missing_ok=True)

    def start(self, slot: int, tasks: Sequence[TrialTask]) -> None:
        """Assigns tasks to a worker."""
        self._group.assign(slot, tasks)

    def messages(self, until: float | None) -> Iterator[Message]:
        """Waits for messages of the workers, a fraction of a second at most."""
        return self._group.listen(until)

    def decide(self, key: TaskKey, decision: Decision) -> None:
        """Sends the decision to a task that waits after a report."""
        self._group.decide(key, decision)

    def stop(self, key: TaskKey) -> Sequence[Message]:
        """Kills the worker that runs a task; the others of its batch are returned."""
        return self._group.stop(key)

    def stop_all(self) -> Sequence[Message]:
        """Kills all workers."""
        return self._group.stop_all()
