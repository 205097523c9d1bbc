"""The section `execution.dask` of a sweep file: where the executor `dask` finds or starts its workers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.address import parse_address
from morphogenetic_engine.sweeps.schema.executors.kubernetes_section import KubernetesWorkers
from morphogenetic_engine.sweeps.schema.parameters import Section, number

_OneLine = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\n\r]+$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.,:+-]*$")]
_ADDRESS = re.compile(r"(tls|tcp)://[^\s/]+:\d+")
_HOST = re.compile(r"[A-Za-z0-9_][^\s]*")


def _store(address: str) -> str:
    try:
        place = parse_address(address)
    except StoreError as error:
        raise ValueError(str(error)) from error
    if isinstance(place, Path) and not place.is_absolute():
        raise ValueError(f"must be s3://bucket/folder, gs://, az:// or file:///folder, but got {address!r}")
    return address


class SlurmWorkers(Section):
    """The Slurm jobs that a sweep submits; each runs one worker."""

    workers: int = Field(ge=1)
    """Jobs at a time; fewer where fewer trials are left."""
    cores: int = Field(default=1, ge=1)
    """Cores of each job; numerical libraries use as many threads, unless threads_per_trial says otherwise."""
    memory: Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)? ?[KMGT](i?B)?$")] = "2G"
    """Memory of each job."""
    gpus: int = Field(default=0, ge=0)
    """GPUs of each job."""
    walltime: Annotated[str, StringConstraints(pattern=r"^(\d+-)?\d+(:\d+){0,2}$")] | None = None
    """The longest time of a job, such as "02:00:00"; left out: the partition's default."""
    partition: _Name | None = None
    """The partition; left out: the site's default."""
    account: _Name | None = None
    """The account that pays for the jobs; left out: the user's default."""
    directives: tuple[_OneLine, ...] = ()
    """Further options of sbatch, such as "--constraint=a100"."""
    prologue: tuple[_OneLine, ...] = ()
    """Lines of the job script before the worker starts, such as "module load cuda"."""

    _numbers = field_validator("workers", "cores", "gpus", mode="before")(number)

    def description(self, jobs: int) -> str:
        """Returns the jobs in words."""
        parts = [f"{self.cores} core{'s' * (self.cores > 1)}", self.memory]
        parts += [f"{self.gpus} GPU{'s' * (self.gpus > 1)}"] if self.gpus else []
        parts += [f"{self.walltime} at most"] if self.walltime else []
        parts += [f"partition {self.partition}"] if self.partition else []
        parts += [f"account {self.account}"] if self.account else []
        return f"{jobs} job{'s' * (jobs > 1)} of Slurm{' with ' if jobs == 1 else ', each with '}{', '.join(parts)}"


class TlsFiles(Section):
    """The certificate and key with which the coordinator and the workers prove who they are."""

    ca: _OneLine
    """The file of the certificate authority."""
    cert: _OneLine
    """The file of the certificate."""
    key: _OneLine
    """The file of its private key."""


class DaskWorkers(Section):
    """The workers of the executor dask: of a scheduler that runs already, or started for the sweep.

    At most one of scheduler, slurm, kubernetes and ssh; with none of them, workers are processes on this machine.
    """

    scheduler: str | None = None
    """The address of a Dask scheduler that runs already: tls://host:8786."""
    slurm: SlurmWorkers | None = None
    """Workers are jobs of Slurm, submitted with sbatch."""
    kubernetes: KubernetesWorkers | None = None
    """Workers are pods, started by a coordinator that runs in a pod itself."""
    ssh: tuple[str, ...] | None = None
    """Workers are started on these hosts by ssh; a host that stands twice has two workers."""
    workers: int | None = Field(default=None, ge=1)
    """The number of workers to use, of a scheduler or on this machine."""
    storage: Annotated[str, AfterValidator(_store)] | None = None
    """A folder of an object store, through which files go to workers that see no shared folder: s3://bucket/folder,
    gs://, az://, file:///. Credentials come from the environment, of this machine and of the workers."""
    files: tuple[_OneLine, ...] | None = None
    """Files, folders and patterns that the workload needs, relative to the working directory; left out: all that git
    does not ignore. They are sent where `storage` is set, with the experiment's inputs."""
    interface: _Name | None = None
    """The network interface at which workers reach this machine, such as ib0."""
    python: _OneLine | None = None
    """The Python interpreter of the workers; left out: the path of this one."""
    ssh_config: _OneLine | None = None
    """A configuration file of ssh; left out: the user's."""
    tls: TlsFiles | None = None
    """Certificates of a running scheduler; left out: those of Dask's own configuration."""
    insecure: bool = False
    """Allow a connection without encryption: whoever reaches the scheduler's port can run programs on the workers."""

    _numbers = field_validator("workers", mode="before")(number)

    @field_validator("scheduler")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None and not _ADDRESS.fullmatch(value):
            raise ValueError(f"must be an address such as tls://host:8786, but got {value!r}")
        return value

    @field_validator("ssh")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and not value:
            raise ValueError("names no host")
        for host in value or ():
            if not _HOST.fullmatch(host):
                raise ValueError(f"must be names of hosts, but got {host!r}")
        return value

    @model_validator(mode="after")
    def _is_one_place(self) -> DaskWorkers:
        given = [name for name in ("scheduler", "slurm", "kubernetes", "ssh") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"names {' and '.join(given)}: workers come from one of them")
        if self.workers is not None and (self.slurm or self.kubernetes or self.ssh):
            source = f"{given[0]}.workers" if self.ssh is None else "the list of ssh"
            raise ValueError(f"workers: is set by {source}; leave it out")
        if self.scheduler is not None and self.scheduler.startswith("tcp://") and not self.insecure:
            raise ValueError(
                "scheduler: tcp:// is not encrypted, and whoever reaches the port can run programs on the workers;"
                " use tls://, or allow it with insecure: true (--insecure)"
            )
        return self

    @property
    def worker_count(self) -> int | None:
        """The number of workers that the section names; None: it names none."""
        started = self.slurm or self.kubernetes
        if started is not None:
            return started.workers
        return self.workers if self.ssh is None else len(self.ssh)

    def description(self, workers: int) -> str:
        """Returns the workers that a run starts or uses, in words."""
        started = self.slurm or self.kubernetes
        if started is not None:
            return started.description(workers)
        if self.ssh is not None:
            return f"{workers} started by ssh on {', '.join(dict.fromkeys(self.ssh[:workers]))}"
        if self.scheduler is not None:
            return f"{workers} of the Dask scheduler at {self.scheduler}"
        return f"{workers} of a Dask cluster on this machine"
