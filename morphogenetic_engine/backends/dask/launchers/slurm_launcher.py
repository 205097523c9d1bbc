"""Submits Dask workers as jobs of Slurm, one worker a job; the job script is dask-jobqueue's."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from morphogenetic_engine.backends.dask.host_lifetime import walltime_seconds
from morphogenetic_engine.backends.dask.host_messages import Place
from morphogenetic_engine.backends.dask.host_process import MODULE
from morphogenetic_engine.backends.dask.launchers.key_environment import key_environment
from morphogenetic_engine.backends.dask.launchers.launcher import SchedulerAccess, Starts, log_tail
from morphogenetic_engine.backends.dask.launchers.slurm_queue import (
    QueuedJob,
    SlurmQueue,
    SlurmUnreachableError,
    job_prefix,
)
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.schema.executors.dask_section import SlurmWorkers

if TYPE_CHECKING:
    from dask_jobqueue.slurm import SLURMJob

_ANY_NODE = Path("/tmp")
"""A folder of each node, where none is shared."""
_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 1800.0
"""How long Slurm may give no answer while the sweep goes on with the jobs that run."""
_SILENT_SECONDS = 300.0
"""The time in which the worker of a job that runs must be connected; afterwards the job is cancelled and replaced."""
_ENDED_BY_OTHERS = {"CANCELLED", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "REVOKED"}
"""States of jobs whose end says nothing about whether their worker can start."""


class SlurmLauncher:
    """Keeps as many jobs in the queue as workers are wanted; none is left on exit, nor after this process is killed."""

    def __init__(self, jobs: SlurmWorkers, access: SchedulerAccess, folder: Path) -> None:
        self._jobs = jobs
        self._access = access
        self._folder = folder
        self._directory, self._logs, self._environment = access.directory, access.logs, dict[str, str]()
        if not access.sees_folders:
            self._directory = self._logs = _ANY_NODE
            self._environment = key_environment(access.keys)
            self._access = replace(access, keys=None)
        self._name = f"{job_prefix(folder)}{uuid.uuid4().hex[:8]}"
        self._queue = SlurmQueue(self._name)
        self._submitted: dict[str, str] = {}
        """Job ids, and the names of their workers; "" of a job whose submission got no answer."""
        self._starts = Starts()
        self._connected: set[str] = set()
        self._silent_since: dict[str, float] = {}
        """When jobs whose worker is not connected were first seen to run."""
        self._looked = 0.0
        self._answered = 0.0
        self._waiting: Sequence[str] = ()
        self._reaper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SlurmLauncher:
        self._queue.cancel_earlier(job_prefix(self._folder))
        self._reaper = _reaper(self._name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._queue.cancel()
        finally:
            assert self._reaper is not None and self._reaper.stdin is not None
            self._reaper.stdin.close()
            self._reaper.wait()

    @property
    def queued(self) -> str:
        """The jobs that wait in the queue, and why."""
        return "; ".join(self._waiting)

    def scale_to(self, wanted: int) -> None:
        """Submits jobs until as many run or wait as are wanted.

        Raises:
            ClusterError: Slurm refuses, or jobs end before their worker reaches the scheduler.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS and len(self._submitted) >= wanted:
            return
        try:
            if now - self._looked >= _LOOK_SECONDS:
                self._look()
            for _ in range(wanted - len(self._submitted)):
                self._submit()
            self._answered = now
        except SlurmUnreachableError:
            if not self._answered or now - self._answered > _PATIENCE_SECONDS:
                raise
            self._waiting = ["Slurm gives no answer"]
        finally:
            self._looked = time.monotonic()

    def connected(self, names: Sequence[str]) -> None:
        """Takes the names of the Dask workers that the scheduler has."""
        self._starts.connected(names)
        self._connected = set(names)

    def ending(self, place: Place) -> str:
        """Returns the state in which Slurm has a worker's job, such as TIMEOUT or CANCELLED."""
        return "" if place.job is None else self._queue.state(place.job)

    def _look(self) -> None:
        """Notes which jobs wait, forgets those that have ended, and adopts one whose submission got no answer."""
        known = self._queue.jobs()
        self._waiting = [f"job {job.id} {job.state.lower()} ({job.reason})" for job in known if job.waits]
        present = {job.id for job in known}
        for job in [each for each in self._submitted if each not in present]:
            self._note_end(job, self._submitted.pop(job))
        for job in present:
            self._submitted.setdefault(job, "")
        self._cancel_stuck(known)

    def _cancel_stuck(self, known: Sequence[QueuedJob]) -> None:
        """Cancels jobs that will not bring a worker: those that Slurm holds after a failure, and silent ones."""
        names = {job.id: self._submitted[job.id] for job in known if job.runs}
        silent = [job for job, name in names.items() if name and name not in self._connected]
        now = time.monotonic()
        self._silent_since = {job: self._silent_since.get(job, now) for job in silent}
        for job in known:
            if "requeued held" in job.reason or now - self._silent_since.get(job.id, now) > _SILENT_SECONDS:
                self._queue.cancel_job(job.id)

    def _note_end(self, job: str, name: str) -> None:
        state = self._queue.state(job)
        if not name or state in _ENDED_BY_OTHERS or not self._starts.ended(name):
            return
        log = self._logs / f"{self._name}-{job}.err"
        raise ClusterError(
            f"execution.dask.slurm: jobs end before their worker reaches the scheduler at"
            f" {self._access.address} (job {job}: {state or 'ended'}):"
            f" {log_tail(log) or 'nothing in its log'} ({log})"
        )

    def _submit(self) -> None:
        name = f"{self._name}-{uuid.uuid4().hex[:8]}"
        with tempfile.NamedTemporaryFile("w", suffix=".sh", encoding="utf-8") as script:
            script.write(self.script(name))
            script.flush()
            job = self._queue.submit(Path(script.name), self._directory, self._environment)
            self._submitted[job] = name

    @property
    def _lifetime(self) -> list[str]:
        """The option that tells a worker how long its job may take; 0: what Slurm says in the job."""
        return ["--lifetime", str(walltime_seconds(self._jobs.walltime or "0"))]

    def script(self, name: str) -> str:
        """Returns the job script of a worker."""
        jobs = self._jobs
        extra = [f"--gpus-per-node={jobs.gpus}"] if jobs.gpus else []
        job = _job_class()(
            self._access.address,
            name=name,
            queue=jobs.partition,
            account=jobs.account,
            walltime=jobs.walltime,
            cores=1,
            job_cpu=jobs.cores,
            memory=jobs.memory,
            processes=1,
            python=f"{shlex.quote(self._access.python or sys.executable)} -P",
            worker_command=MODULE,
            worker_extra_args=[shlex.quote(option) for option in self._access.worker_options() + self._lifetime],
            job_extra_directives=["--no-requeue", *extra, *jobs.directives],
            job_script_prologue=list(jobs.prologue),
            log_directory=str(self._logs),
            job_name=self._name,
        )
        return str(job.job_script())


def _job_class() -> type[SLURMJob]:
    """Imports dask-jobqueue, and takes Ctrl-C back: its import makes Ctrl-C end the process at once.

    Raises:
        ClusterError: this is not the main thread, in which alone it can be imported.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ClusterError("execution.dask.slurm: the sweep must run in the main thread")
    before = signal.getsignal(signal.SIGINT)
    try:
        # pylint: disable-next=import-outside-toplevel
        from dask_jobqueue.slurm import SLURMJob
    finally:
        signal.signal(signal.SIGINT, before)
    return SLURMJob


def _reaper(name: str) -> subprocess.Popen[bytes]:
    """Starts the process that cancels the jobs when this one has ended, however it ended."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "morphogenetic_engine.backends.dask.launchers.job_reaper", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ,
        start_new_session=True,
    )
