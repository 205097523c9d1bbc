"""A real Slurm on this machine: a controller, a node and the authentication between them, in a private folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.waiting import until

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel")
_SBIN = "/usr/sbin:/sbin"
_CONTROLLER = ["slurmctld", "-D"]


@dataclass
class SlurmCluster:
    """A Slurm that runs."""

    folder: Path
    environment: dict[str, str]
    """The environment variables with which its commands find it."""
    controller: subprocess.Popen[bytes]

    def restart_controller(self) -> bool:
        """Kills the controller, which schedules the jobs, and starts it anew; jobs that run go on."""
        self.controller.kill()
        self.controller.wait()
        self.controller = _started(_CONTROLLER, self.folder, self.environment)
        return True

    @contextmanager
    def administrated(self) -> Iterator[None]:
        """Has nodes resumed that Slurm drains, as after a kill of the controller that had forgotten a job."""
        over = threading.Event()

        def resume() -> None:
            while not over.wait(1):
                if "drain" in _said(["sinfo", "--noheader", "--format=%t"], self.environment):
                    command = ["scontrol", "update", f"nodename={socket.gethostname()}", "state=resume"]
                    subprocess.run(command, env=self.environment, check=False)

        administrator = threading.Thread(target=resume)
        administrator.start()
        try:
            yield
        finally:
            over.set()
            administrator.join()


@contextmanager
def slurm_cluster(folder: Path) -> Iterator[SlurmCluster]:
    """Starts Slurm in a folder, and ends it."""
    path = f"{os.environ['PATH']}:{_SBIN}"
    missing = [name for name in _PROGRAMS if shutil.which(name, path=path) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"needs root, and: {' '.join(missing)} (scripts/test-servers.sh installs them)")
    environment = {**os.environ, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf")}
    folder.chmod(0o755)
    with ExitStack() as stack:
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        names = {"socket": "socket", "pid-file": "munge.pid", "log-file": "munge.log", "seed-file": "munge.seed"}
        files = [f"--{option}={folder / name}" for option, name in names.items()]
        munge = ["munged", "--foreground", "--force", f"--key-file={key}", *files]
        stack.callback(_end, _started(munge, folder, environment))
        until((folder / "socket").exists, "munge")
        (folder / "slurm.conf").write_text(_settings(folder), encoding="utf-8")
        cluster = SlurmCluster(folder, environment, _started(_CONTROLLER, folder, environment))
        stack.callback(lambda: _end(cluster.controller))
        stack.callback(_end, _started(["slurmd", "-D"], folder, environment))
        until(lambda: _said(["sinfo", "--noheader", "--format=%t"], environment).strip() == "idle", "an idle node")
        try:
            yield cluster
        finally:
            subprocess.run(["scancel", "--quiet", "--user=root"], env=environment, check=False)


def queued_jobs() -> list[str]:
    """Returns the ids of the jobs in the queue."""
    said = subprocess.run(["squeue", "--noheader", "--format=%i"], capture_output=True, text=True, check=True)
    return said.stdout.split()


def _said(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout


def _started(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with (folder / f"{command[0]}.out").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _settings(folder: Path) -> str:
    host = socket.gethostname()
    for name in ("state", "spool"):
        (folder / name).mkdir()
    return f"""
ClusterName=test{time.time_ns() % 10**6}
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder / 'socket'}
StateSaveLocation={folder / 'state'}
SlurmdSpoolDir={folder / 'spool'}
SlurmctldPidFile={folder / 'slurmctld.pid'}
SlurmdPidFile={folder / 'slurmd.pid'}
SlurmctldLogFile={folder / 'slurmctld.log'}
SlurmdLogFile={folder / 'slurmd.log'}
SlurmctldPort={_free_port()}
SlurmdPort={_free_port()}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
KillWait=5
SchedulerParameters=sched_interval=1,sched_min_interval=100000,batch_sched_delay=0,defer_batch=0
NodeName={host} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
