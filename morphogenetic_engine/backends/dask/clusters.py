"""Opens the cluster of a sweep: a scheduler that runs already, or one of the session with a launcher of workers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dask  # pylint: disable=wrong-import-order  # not the folder of this module
from distributed import Client, Scheduler
from distributed.deploy.spec import SpecCluster
from distributed.security import Security
from tornado.ioloop import IOLoop

from morphogenetic_engine.backends.dask.host_process import QUIET
from morphogenetic_engine.backends.dask.launchers.kubernetes_launcher import KubernetesLauncher
from morphogenetic_engine.backends.dask.launchers.launcher import Launcher, SchedulerAccess, StandingWorkers
from morphogenetic_engine.backends.dask.launchers.process_launcher import ProcessLauncher, local_commands, ssh_commands
from morphogenetic_engine.backends.dask.launchers.slurm_launcher import SlurmLauncher
from morphogenetic_engine.backends.dask.session_keys import written_keys
from morphogenetic_engine.errors import ClusterError, error_line
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.executors.dask_section import DaskWorkers

FOLDER = "dask"
"""The folder in a sweep's folder for logs and keys of its cluster."""

_SETTINGS: Mapping[str, object] = {
    "distributed.scheduler.allowed-failures": 0,  # whether a trial is tried again is the sweep's business
    "distributed.scheduler.work-stealing": False,
    "distributed.admin.low-level-log-length": 100,  # events that were delivered are of no use
    "distributed.worker.daemon": False,
    **QUIET,
}
_LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")
"""The loggers to which Dask gives handlers of their own when it is imported."""
CONNECT_SECONDS = 30


@dataclass(frozen=True)
class OpenCluster:
    """A cluster that a session uses."""

    client: Client
    launcher: Launcher
    scheduler: Scheduler | None = None
    """The scheduler, if it runs in this process."""


@contextmanager
def open_cluster(config: SweepConfig, *, directory: Path, folder: Path) -> Iterator[OpenCluster]:
    """Opens the cluster that a sweep names; nothing that it started is left on exit.

    `directory` is where workers start; `folder` is the sweep's folder, which keeps their logs.

    Raises:
        ClusterError: the scheduler cannot be reached, or workers cannot be started.
        StoreError: the keys cannot be written.
    """
    workers = config.execution.dask
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_SETTINGS))
        stack.enter_context(_quiet(folder / FOLDER))
        if workers.scheduler is not None:
            security = _standing_security(workers)
            client = stack.enter_context(_client(workers.scheduler, security))
            yield OpenCluster(client, StandingWorkers())
            return
        is_local = workers.slurm is None and workers.kubernetes is None and workers.ssh is None
        security = None if workers.insecure else _temporary_security()
        scheduler = stack.enter_context(_scheduler(security, workers.interface, is_local=is_local))
        keys = None if security is None else stack.enter_context(written_keys(security, folder / FOLDER))
        access = SchedulerAccess(
            address=str(scheduler.scheduler_address),
            keys=keys,
            directory=directory,
            logs=folder / FOLDER,
            interface=workers.interface,
            python=workers.python,
            sees_folders=workers.storage is None,
        )
        launcher = stack.enter_context(_launcher(config, access, folder))
        client = stack.enter_context(_client(access.address, security, scheduler.loop))
        yield OpenCluster(client, launcher, scheduler.scheduler)


@contextmanager
def _launcher(config: SweepConfig, access: SchedulerAccess, folder: Path) -> Iterator[Launcher]:
    workers = config.execution.dask
    if workers.slurm is not None:
        with SlurmLauncher(workers.slurm, access, folder) as jobs:
            yield jobs
        return
    if workers.kubernetes is not None:
        with KubernetesLauncher(workers.kubernetes, config.resources, access, folder / FOLDER) as pods:
            yield pods
        return
    ssh = workers.ssh
    commands = local_commands(access) if ssh is None else ssh_commands(access, ssh, workers.ssh_config)
    with ProcessLauncher(commands, access) as processes:
        yield processes


@contextmanager
def _scheduler(security: Security | None, interface: str | None, *, is_local: bool) -> Iterator[SpecCluster]:
    """Runs a scheduler in this process, without workers of its own."""
    options: dict[str, object] = {
        "host": "127.0.0.1" if is_local else None,
        "interface": interface,
        "protocol": "tcp://" if security is None else "tls://",
        "port": 0,
        "dashboard": False,
        "dashboard_address": "127.0.0.1:0",  # the scheduler serves its state there, without encryption
        "security": security,
    }
    try:
        cluster = SpecCluster(workers={}, scheduler={"cls": Scheduler, "options": options}, security=security)
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError(f"execution.dask: the scheduler cannot be started: {error_line(error)}") from error
    try:
        yield cluster
    finally:
        cluster.close(timeout=CONNECT_SECONDS)


@contextmanager
def _client(address: str, security: Security | None, loop: IOLoop | None = None) -> Iterator[Client]:
    """Connects to a scheduler; `loop`: that of the scheduler, if it runs in this process."""
    options = {"security": security, "timeout": CONNECT_SECONDS, "loop": loop}
    try:
        client = Client(address, set_as_default=False, direct_to_workers=False, **options)
    except (OSError, TypeError) as error:
        raise ClusterError(f"execution.dask.scheduler: {address} cannot be reached: {error_line(error)}") from error
    try:
        yield client
    finally:
        client.close()


def _standing_security(workers: DaskWorkers) -> Security | None:
    if workers.scheduler is not None and workers.scheduler.startswith("tcp://"):
        return None
    if workers.tls is None:
        return Security(require_encryption=True)  # Dask's own configuration names the files
    files = {f"tls_{name}": str(Path(path).expanduser()) for name, path in _tls_options(workers).items()}
    return Security(require_encryption=True, **files)


def _tls_options(workers: DaskWorkers) -> dict[str, str]:
    tls = workers.tls
    assert tls is not None
    return {"ca_file": tls.ca, "client_cert": tls.cert, "client_key": tls.key}


def _temporary_security() -> Security:
    """Returns keys for this session alone."""
    security: Security = Security.temporary()
    return security


@contextmanager
def _quiet(folder: Path) -> Iterator[None]:
    """Sends Dask's own log lines to a file: what they mean for a sweep is said in its words."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / "coordinator.log", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(list(logger.handlers), logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
    try:
        yield
    finally:
        for logger, (handlers, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
        handler.close()
