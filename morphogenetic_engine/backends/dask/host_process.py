"""Runs a Dask worker that hosts a worker of a sweep, without what such a worker has no use for: it starts quickly.

Started as `python -m morphogenetic_engine.backends.dask.host_process ADDRESS --name NAME`; options are named as in
`dask worker`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dask  # pylint: disable=wrong-import-order  # not the folder of this module

from morphogenetic_engine.backends.dask.gpu_share import GpuShare, share_of, use_share
from morphogenetic_engine.backends.dask.host_lifetime import seconds_left

if TYPE_CHECKING:
    from distributed import Worker

MODULE = "morphogenetic_engine.backends.dask.host_process"

TAKEN_AWAY = "morphogenetic-taken-away"
"""The extension of a Dask worker that holds the time of the monotonic clock at which its machine is taken away."""
INBOX = "morphogenetic-inbox:"
"""What the names of the extensions of a Dask worker begin with that are the inboxes of its hosts."""
ENDING = "morphogenetic-ending"
"""The extension of a Dask worker that is about to end."""
_LOOK_SECONDS = 0.02
_END_SECONDS = 10.0
"""The time in which what is hosted must have ended."""

QUIET: Mapping[str, object] = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.tick.cycle": "10s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""Settings of Dask in the coordinator and in hosts: what it watches costs processor time that trials should have."""

KEY_VARIABLES = tuple(f"DASK_DISTRIBUTED__COMM__TLS__{name}" for name in ("CA_FILE", "WORKER__CERT", "WORKER__KEY"))
"""The variables in which a worker that does not see the files of the keys has their texts."""


@dataclass(frozen=True)
class _Options:
    address: str
    name: str
    interface: str | None
    death_timeout: float
    local_directory: str | None
    security: Mapping[str, str]
    gpu_share: GpuShare | None
    lifetime: float | None
    """The seconds that the job has; 0: as Slurm says; None: this is no job."""


def main(arguments: list[str]) -> int:
    """Serves until the scheduler is gone, or a signal ends this process; returns the exit status."""
    options = _parsed(arguments)
    dask.config.set(QUIET)
    for name in KEY_VARIABLES:
        os.environ.pop(name, None)  # Dask has read them; trials need not have them
    if options.gpu_share is not None:
        use_share(options.gpu_share)
    try:
        return asyncio.run(_serve(options))
    except (OSError, RuntimeError) as error:
        why = str(error.__cause__ or "") or str(error)
        print(f"the scheduler at {options.address} cannot be reached: {why}", file=sys.stderr)
        return 1


async def _serve(options: _Options) -> int:
    """Runs the worker; what it hosts ends with this process, by its reaper."""
    # pylint: disable-next=import-outside-toplevel,redefined-outer-name,reimported  # it reads the settings
    from distributed import Worker

    signalled = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    worker = Worker(
        options.address,
        name=options.name,
        nthreads=1,
        memory_limit=0,
        interface=options.interface,
        death_timeout=options.death_timeout,
        local_directory=options.local_directory,
        security=dict(options.security),
    )
    left = None if options.lifetime is None else seconds_left(options.lifetime)
    if left is not None:
        worker.extensions[TAKEN_AWAY] = time.monotonic() + left
    running = asyncio.create_task(_until_finished(worker))
    await asyncio.wait({running, asyncio.create_task(signalled.wait())}, return_when=asyncio.FIRST_COMPLETED)
    await _end_hosts(worker)
    _remove_scratch(Path(worker.local_directory))
    if not running.done():
        sys.stderr.flush()
        os._exit(128 + signal.SIGTERM)  # Dask's own way takes a third of a second, and nothing is left to be said
    running.result()
    return 0


async def _until_finished(worker: Worker) -> None:
    await worker
    await worker.finished()


async def _end_hosts(worker: Worker) -> None:
    """Has hosts end their workers and save what they can, and removes the copies of files that they have."""
    # pylint: disable-next=import-outside-toplevel  # loaded by now if there are such hosts; a quick start
    from morphogenetic_engine.backends.dask.files.files_order import RemovableCopy

    extensions: dict[str, object] = worker.extensions
    extensions[ENDING] = True
    copies = [each for each in extensions.values() if isinstance(each, RemovableCopy)]
    deadline = time.monotonic() + _END_SECONDS
    while any(name.startswith(INBOX) for name in list(extensions)) or any(each.hosts for each in copies):
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    for each in copies:
        each.remove()


def _remove_scratch(folder: Path) -> None:
    """Removes the worker's folder for data of Dask, and its lock."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        Path(f"{folder}.dirlock").unlink()


def _parsed(arguments: list[str]) -> _Options:
    parser = argparse.ArgumentParser(prog=MODULE)
    parser.add_argument("address")
    parser.add_argument("--name", required=True)
    parser.add_argument("--interface")
    parser.add_argument("--death-timeout", type=float, default=120)
    parser.add_argument("--local-directory")
    parser.add_argument("--nthreads", "--memory-limit", help="of job scripts; one thread, no limit")
    parser.add_argument("--gpu-share", type=share_of)
    parser.add_argument("--lifetime", type=float)
    for file in ("ca-file", "cert", "key"):
        parser.add_argument(f"--tls-{file}")
    found = parser.parse_args(arguments)
    security = {"tls_ca_file": found.tls_ca_file, "tls_worker_cert": found.tls_cert, "tls_worker_key": found.tls_key}
    return _Options(
        address=found.address,
        name=found.name,
        interface=found.interface,
        death_timeout=found.death_timeout,
        local_directory=found.local_directory,
        gpu_share=found.gpu_share,
        lifetime=found.lifetime,
        security={name: path for name, path in security.items() if path is not None},
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
