"""Tries how the files of a sweep reach its workers, before the sweep runs."""

from __future__ import annotations

import pickle
import shutil
import socket
import tempfile
import time
import uuid
from pathlib import Path

from morphogenetic_engine import __version__
from morphogenetic_engine.backends.dask.clusters import OpenCluster, open_cluster
from morphogenetic_engine.backends.dask.dask_executor import remote_setup
from morphogenetic_engine.backends.dask.files.files_order import FilesOrder
from morphogenetic_engine.backends.dask.files.project import project_of
from morphogenetic_engine.backends.dask.files.session_files import checked_store
from morphogenetic_engine.backends.dask.files.sweep_store import open_sweep_store
from morphogenetic_engine.backends.dask.host_messages import HostOrder
from morphogenetic_engine.backends.dask.host_passes import HostPasses
from morphogenetic_engine.backends.dask.worker_host import refusal
from morphogenetic_engine.errors import ClusterError, ConfigError, StoreError
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.schema.executors.kubernetes_section import WHOLE_GPUS

_PATIENCE_SECONDS = 10.0
_START_SECONDS = 120.0
_LOOK_SECONDS = 0.2


def check_files(file: ConfigFile) -> str:
    """Returns how the files of a sweep reach its workers, in words, after trying it.

    A store is written and read here. A worker of a scheduler that runs, or that can be started at once, tries it too.

    Raises:
        ConfigError: a setting does not fit these workers, or the project is too large.
        StoreError: the store cannot be reached or refuses.
        ClusterError: a worker cannot be started, or does not see the files.
    """
    config, dask = file.config, file.config.execution.dask
    if dask.kubernetes is not None and config.resources.gpu_sharing is not None:
        raise ConfigError(f"{file.path}: {WHOLE_GPUS}")
    folder = Path.cwd()
    files = None if dask.storage is None else _tried_store(file, dask.storage, folder)
    if dask.storage is None:
        way = f"workers see {folder}, where the sweep starts, and the folder of the results"
    else:
        way = f"{project_of(config, folder, folder / 'results').description} go through {dask.storage}"
    if dask.slurm is not None or dask.kubernetes is not None:
        return f"{way}: each worker tries it when it starts"
    place = _tried_by_worker(file, folder, files)
    return f"{way}: tried by a worker on {place}"


def _tried_store(file: ConfigFile, storage: str, folder: Path) -> FilesOrder:
    """Writes and reads a small file in the store."""
    order = FilesOrder(storage, f"check-{uuid.uuid4().hex[:8]}", "", folder, 0.0, _PATIENCE_SECONDS)
    try:
        checked_store(storage, order.sweep, order.patience)
    except StoreError as error:
        raise StoreError(f"{file.path}: {error}") from error
    return order


def _tried_by_worker(file: ConfigFile, folder: Path, files: FilesOrder | None) -> str:
    """Has a worker look at the files, and returns the name of its machine."""
    scratch = Path(tempfile.mkdtemp(prefix=".sweep-check-", dir=folder))
    try:
        setup = remote_setup(ExecutorSetup(file.config, str(file.path), folder, scratch / "workers.log", 1))
        with open_cluster(file.config, directory=folder, folder=scratch) as cluster:
            order = HostOrder(
                key="check",
                topic="",
                is_direct=False,
                number=0,
                version=__version__,
                host_pass=None if files is not None else HostPasses(scratch).give(),
                setup=pickle.dumps(setup),
                files=files,
            )
            place, why = _answer(cluster, order)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if why:
        raise ClusterError(f"{file.path}: execution.dask: worker on {place}: {why}")
    return place


def _answer(cluster: OpenCluster, order: HostOrder) -> tuple[str, str]:
    """Returns the machine of a worker, and the reason why it cannot run a sweep, or ""."""
    deadline = time.monotonic() + _START_SECONDS
    while not (workers := cluster.client.scheduler_info(n_workers=-1)["workers"]):
        cluster.launcher.scale_to(1)
        if time.monotonic() > deadline:
            raise ClusterError(f"execution.dask: no worker has come within {_START_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)
    address = next(iter(workers))
    place, why = cluster.client.submit(try_files, order, pure=False, retries=0, workers=[address]).result()
    return str(place), str(why)


def try_files(order: HostOrder) -> tuple[str, str]:
    """Returns the machine of this worker, and the reason why it cannot run a sweep, or ""."""
    why = refusal(order)
    if not why and order.files is not None:
        try:
            open_sweep_store(order.files).read_check()
        except StoreError as error:
            why = str(error)
    return socket.gethostname(), why
