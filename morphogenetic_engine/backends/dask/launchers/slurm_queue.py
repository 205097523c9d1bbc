"""The jobs of a session in Slurm's queue: submitted, listed, cancelled by their name."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.errors import ClusterError

_COMMAND_SECONDS = 60
_GONE_SECONDS = 60.0
_NO_ANSWER = re.compile(
    "contact slurm controller|timed out|zero bytes|connection refused|connection reset|communication|try again",
    re.IGNORECASE,
)
_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "SUSPENDED"}


class SlurmUnreachableError(ClusterError):
    """Slurm gives no answer, as while its controller restarts."""


@dataclass(frozen=True)
class QueuedJob:
    """One job that has not ended."""

    id: str
    name: str
    state: str
    reason: str

    @property
    def waits(self) -> bool:
        """True if it has not started."""
        return self.state in _WAITING

    @property
    def runs(self) -> bool:
        """True if it has started and has not ended."""
        return self.state == "RUNNING"


def job_prefix(folder: Path) -> str:
    """Returns how the names of all jobs of a sweep begin: its id, and a digest of where it is."""
    digest = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', folder.absolute().name)}-{digest}-"


class SlurmQueue:
    """The jobs of one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def submit(  # pylint: disable=no-self-use
        self, script: Path, directory: Path, environment: Mapping[str, str]
    ) -> str:
        """Submits a job and returns its id; `environment` are variables that it has besides those of this process.

        Raises:
            ClusterError: Slurm cannot be reached, or refuses.
        """
        said = _run(["sbatch", "--parsable", f"--chdir={directory}", str(script)], environment)
        return said.strip().partition(";")[0]

    def jobs(self) -> list[QueuedJob]:
        """Returns the jobs that have not ended.

        Raises:
            ClusterError: Slurm cannot be reached.
        """
        return [job for job in _own_jobs() if job.name == self._name]

    def state(self, job: str) -> str:  # pylint: disable=no-self-use
        """Returns the state of a job, which Slurm knows for some minutes after its end; "" if it does not."""
        try:
            said = _run(["scontrol", "show", "job", job])
        except ClusterError:
            return ""
        found = re.search(r"JobState=(\S+)", said)
        return found[1] if found else ""

    def cancel_job(self, job: str) -> None:  # pylint: disable=no-self-use
        """Has one job cancelled.

        Raises:
            ClusterError: Slurm cannot be reached.
        """
        _run(["scancel", "--quiet", job])

    def cancel(self) -> None:
        """Cancels the jobs, and waits until they are gone.

        Raises:
            ClusterError: Slurm cannot be reached, or does not end them.
        """
        _cancel(self._name, exactly=True)

    @staticmethod
    def cancel_earlier(prefix: str) -> int:
        """Cancels the jobs of earlier sessions of the same sweep, waits until they are gone, and returns their number.

        Raises:
            ClusterError: Slurm cannot be reached, or does not end them.
        """
        return _cancel(prefix, exactly=False)


def _cancel(name: str, *, exactly: bool) -> int:
    deadline = time.monotonic() + _GONE_SECONDS
    cancelled: set[str] = set()
    pause = 0.05
    while True:
        try:
            jobs = [job.id for job in _own_jobs() if (job.name == name if exactly else job.name.startswith(name))]
            if not jobs:
                return len(cancelled)
            _run(["scancel", "--quiet", *jobs])
            cancelled.update(jobs)
        except SlurmUnreachableError:
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            left = " ".join(sorted(cancelled))
            raise ClusterError(f"execution.dask.slurm: jobs do not end: {left}; scancel {left}")
        time.sleep(pause)
        pause = min(1.0, pause * 1.5)


def _own_jobs() -> list[QueuedJob]:
    said = _run(["squeue", "--noheader", f"--user={getpass.getuser()}", "--format=%i|%T|%r|%j"])
    rows = (line.split("|", maxsplit=3) for line in said.splitlines() if line.count("|") >= 3)
    return [QueuedJob(job, name, state, reason) for job, state, reason, name in rows]


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Runs a command of Slurm, with further environment variables, and returns what it prints."""
    variables = {**os.environ, **(environment or {})}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False, env=variables
        )
    except FileNotFoundError as error:
        raise ClusterError(
            f"execution.dask.slurm: {command[0]} is not installed on this machine; start the sweep on a login node"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SlurmUnreachableError(
            f"execution.dask.slurm: {command[0]} gave no answer in {_COMMAND_SECONDS} s"
        ) from error
    if done.returncode != 0:
        kind = SlurmUnreachableError if _NO_ANSWER.search(done.stderr) else ClusterError
        raise kind(f"execution.dask.slurm: {command[0]}: {' '.join(done.stderr.split())}")
    return done.stdout
