"""Starts Dask workers as pods of Kubernetes, one Job for each, made after the pod of the coordinator."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType

from morphogenetic_engine.backends.dask.files.kept_id import kept_id
from morphogenetic_engine.backends.dask.host_messages import Place
from morphogenetic_engine.backends.dask.launchers.launcher import SchedulerAccess
from morphogenetic_engine.backends.dask.session_keys import KeyFiles
from morphogenetic_engine.backends.kubernetes.api_errors import Unreachable, patiently
from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.own_pod import own_pod
from morphogenetic_engine.backends.kubernetes.worker_jobs import WorkerJobs
from morphogenetic_engine.backends.kubernetes.worker_manifests import (
    KEYS_FOLDER,
    ROLE_LABEL,
    SESSION_LABEL,
    SWEEP_LABEL,
    WORKER_ROLE,
    ClaimMount,
    WorkerPodSetup,
)
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.schema.executors.kubernetes_section import WHOLE_GPUS, KubernetesWorkers
from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig

_FAILED_STARTS = 3
"""Pods that may end in a row before their worker reaches the scheduler."""
_LOOK_SECONDS = 2.0
_NAME_LENGTH = 40
_ID_FILE = "workers-id"


class KubernetesLauncher:
    """Keeps the wanted number of worker pods; none is left on exit, and without this process they end by themselves."""

    def __init__(
        self, pods: KubernetesWorkers, resources: ResourcesConfig, access: SchedulerAccess, logs: Path
    ) -> None:
        """`logs` is the folder of the cluster in the sweep's folder."""
        self._sweep = {SWEEP_LABEL: kept_id(logs / _ID_FILE)}
        self._session = {**self._sweep, SESSION_LABEL: uuid.uuid4().hex[:8]}
        self._setup, self._jobs = _setup(pods, resources, self._session, access)
        self._keys = _key_texts(access.keys)
        self._access = replace(
            access,
            keys=None if access.keys is None else _mounted_keys(),
            interface=None,
            python=access.python or "python",
        )
        self._prefix = f"{_word(logs.parent.name)}-{self._session[SESSION_LABEL]}"
        self._count = 0
        self._started: set[str] = set()
        self._reached: set[str] = set()
        self._failed_starts = 0
        self._looked = 0.0
        self.queued = ""
        """The pods that do not run yet, and why."""

    def __enter__(self) -> KubernetesLauncher:
        self._jobs.delete(self._sweep)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._jobs.delete(self._session)

    def scale_to(self, wanted: int) -> None:
        """Creates Jobs until as many run or wait as are wanted; while the cluster gives no answer, nothing changes.

        Raises:
            ClusterError: the cluster refuses, or pods end before their worker reaches the scheduler.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS and len(self._started) >= wanted:
            return
        self._looked = now
        try:
            self._forget_ended()
            while len(self._started) < wanted:
                self._start()
        except Unreachable as error:
            self.queued = str(error)

    def connected(self, names: Sequence[str]) -> None:
        """Takes the names of the Dask workers that the scheduler has."""
        if not self._reached.issuperset(names):
            self._failed_starts = 0
        self._reached.update(names)

    def ending(self, place: Place) -> str:
        """Returns how a worker's pod ended, such as OOMKilled."""
        return self._jobs.ending(place.host)

    def _start(self) -> None:
        name = f"{self._prefix}-{self._count}"
        self._count += 1
        self._jobs.create(name, self._access.worker_command(name), self._setup, self._keys)
        self._started.add(name)

    def _forget_ended(self) -> None:
        known = {job.name: job for job in self._jobs.jobs()}
        self.queued = "; ".join(f"pod {job.pod or job.name}: {job.waits}" for job in known.values() if job.waits)
        for each in known.values():
            if each.name not in self._started and not each.ended:
                self._jobs.delete_one(each.name)  # its creation had no answer; without its Secret it would wait forever
        for name in sorted(self._started):
            job = known.get(name)
            if job is not None and not job.ended:
                continue
            self._started.remove(name)
            if name in self._reached:
                continue
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS:
                how = "was deleted" if job is None else job.how or "ended"
                raise ClusterError(
                    "execution.dask.kubernetes: pods end before their worker reaches the scheduler at"
                    f" {self._access.address} (pod {name if job is None else job.pod or name}: {how})"
                )


def _setup(
    pods: KubernetesWorkers, resources: ResourcesConfig, session: Mapping[str, str], access: SchedulerAccess
) -> tuple[WorkerPodSetup, WorkerJobs]:
    """Returns what the worker pods have, from the sweep file and the coordinator's pod, and the session's Jobs."""
    home = connect()
    cluster = connect(namespace=pods.namespace) if pods.namespace else home
    own = patiently(partial(own_pod, home))
    image = pods.image or resources.image or (None if own is None else own.image)
    if image is None:
        raise ClusterError(
            "execution.dask.kubernetes.image: is required where the sweep does not run in a pod: the workers' image"
        )
    if resources.gpu_sharing is not None:
        raise ClusterError(WHOLE_GPUS)
    shares_namespace = own is not None and cluster.namespace == home.namespace
    if pods.claims is not None:
        mounts = [ClaimMount(claim, path) for claim, path in pods.claims.items()]
    else:
        has_mounts = own is not None and shares_namespace and access.sees_folders
        mounts = list(own.mounts) if own is not None and has_mounts else []
    setup = WorkerPodSetup(
        image=image,
        resources=resources,
        labels={"app.kubernetes.io/managed-by": "morphogenetic", ROLE_LABEL: WORKER_ROLE, **session},
        mounts=mounts,
        pull_secrets=own.pull_secrets if own is not None and shares_namespace else (),
        owner=own.owner if own is not None and shares_namespace else None,
        has_keys=access.keys is not None,
    )
    return setup, WorkerJobs(cluster, session)


def _mounted_keys() -> KeyFiles:
    folder = Path(KEYS_FOLDER)
    return KeyFiles(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


def _key_texts(keys: KeyFiles | None) -> dict[str, str]:
    if keys is None:
        return {}
    return {path.name: path.read_text(encoding="ascii") for path in (keys.ca, keys.cert, keys.key)}


def _word(text: str) -> str:
    """Returns a name as Kubernetes takes it for the beginning of one."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_NAME_LENGTH].strip("-") or "sweep"
