"""The Jobs of a session's workers on a cluster: created with their Secrets, listed with their pods, deleted."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from morphogenetic_engine.backends.kubernetes.api_errors import Missing, Unauthenticated, Unreachable, explained
from morphogenetic_engine.backends.kubernetes.connection import TIMEOUT, Cluster
from morphogenetic_engine.backends.kubernetes.pod_states import end_reason, last_line, last_warning, waiting_reason
from morphogenetic_engine.backends.kubernetes.worker_manifests import (
    CONTAINER,
    WorkerPodSetup,
    keys_secret,
    worker_job,
)
from morphogenetic_engine.errors import ClusterError

if TYPE_CHECKING:
    from kubernetes.client import BatchV1Api, CoreV1Api, V1Job, V1Pod

_GONE_SECONDS = 60.0
_JOB_LABEL = "job-name"


@dataclass(frozen=True)
class WorkerJob:
    """The Job of one worker."""

    name: str
    pod: str
    """The name of its pod; "" while there is none."""
    ended: bool
    waits: str
    """The reason why its pod does not run yet; "" if it does."""
    how: str
    """The end of its pod, and the last line that it printed; "" where nothing is known."""


class WorkerJobs:
    """The Jobs of one session, by its labels."""

    def __init__(self, cluster: Cluster, labels: Mapping[str, str]) -> None:
        self._cluster = cluster
        self._selector = selector(labels)

    def create(self, name: str, command: list[str], setup: WorkerPodSetup, keys: Mapping[str, str]) -> None:
        """Creates the Job of a worker, and its Secret.

        Raises:
            Unreachable: the cluster gives no answer just now.
            ClusterError: it refuses.
        """
        namespace = self._cluster.namespace
        with self._asked(f"create Job {namespace}/{name}"):
            job: V1Job = self._batch.create_namespaced_job(
                namespace, worker_job(name, command, setup), _request_timeout=TIMEOUT
            )
        if not keys:
            return
        secret = keys_secret(name, keys, setup.labels, str(job.metadata.uid))
        try:
            with self._asked(f"create Secret {namespace}/{name}"):
                self._core.create_namespaced_secret(namespace, secret, _request_timeout=TIMEOUT)
        except ClusterError:
            with suppress(ClusterError):
                self.delete_one(name)
            raise

    def jobs(self) -> list[WorkerJob]:
        """Returns the Jobs that the cluster has.

        Raises:
            Unreachable: the cluster gives no answer just now.
            ClusterError: this account may not list Jobs or pods.
        """
        jobs = self._listed(self._selector)
        pods = {str((pod.metadata.labels or {}).get(_JOB_LABEL)): pod for pod in self._pods(self._selector)}
        return [self._described(job, pods.get(job.metadata.name)) for job in jobs]

    def ending(self, pod: str) -> str:
        """Returns what is known of the end of a pod, such as OOMKilled; "" if nothing is."""
        try:
            found = [each for each in self._pods(self._selector) if each.metadata.name == pod]
        except ClusterError:
            return ""
        if not found:
            return "was deleted"
        return end_reason(found[0], CONTAINER)

    def delete(self, labels: Mapping[str, str]) -> None:
        """Deletes the Jobs with some labels, and waits until nothing of them is left.

        Raises:
            ClusterError: the cluster refuses, or gives no answer for a minute, or pods do not end.
        """
        chosen = selector(labels)
        deadline = time.monotonic() + _GONE_SECONDS
        pause = 0.05
        while True:
            try:
                left = self._delete_all(chosen)
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
                left = [""]
            if not left:
                return
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"execution.dask.kubernetes: pods do not end: {' '.join(left)}; kubectl -n"
                    f" {self._cluster.namespace} delete jobs,pods -l {chosen}"
                )
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)

    def _delete_all(self, chosen: str) -> list[str]:
        """Deletes Jobs, and returns the names of the pods that are still there."""
        for job in self._listed(chosen):
            if job.metadata.deletion_timestamp is None:
                self.delete_one(job.metadata.name)
        return [pod.metadata.name for pod in self._pods(chosen)]

    def delete_one(self, name: str) -> None:
        """Deletes a Job, if it is there.

        Raises:
            Unreachable: the cluster gives no answer just now.
            ClusterError: it refuses.
        """
        with suppress(Missing), self._asked(f"delete Job {self._cluster.namespace}/{name}"):
            self._batch.delete_namespaced_job(
                name, self._cluster.namespace, propagation_policy="Background", _request_timeout=TIMEOUT
            )

    def _listed(self, chosen: str) -> list[V1Job]:
        with self._asked(f"list the Jobs of namespace {self._cluster.namespace}"):
            found: list[V1Job] = self._batch.list_namespaced_job(
                self._cluster.namespace, label_selector=chosen, _request_timeout=TIMEOUT
            ).items
        return found

    def _pods(self, chosen: str) -> list[V1Pod]:
        with self._asked(f"list the pods of namespace {self._cluster.namespace}"):
            found: list[V1Pod] = self._core.list_namespaced_pod(
                self._cluster.namespace, label_selector=chosen, _request_timeout=TIMEOUT
            ).items
        return found

    def _described(self, job: V1Job, pod: V1Pod | None) -> WorkerJob:
        status = job.status
        ended = bool(status and (status.failed or status.succeeded))
        waits = ""
        if not ended and pod is None:
            waits = last_warning(self._cluster, job.metadata.name) or "no pod yet"
        elif not ended and pod is not None and pod.status.phase == "Pending":
            waits = waiting_reason(self._cluster, pod)
        if pod is None:
            return WorkerJob(job.metadata.name, "", ended, waits, "")
        how = [end_reason(pod, CONTAINER), last_line(pod, CONTAINER)]
        return WorkerJob(job.metadata.name, pod.metadata.name, ended, waits, ": ".join(filter(None, how)))

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """Converts errors of a request, and renews credentials that were rejected for the next one."""
        try:
            with explained(self._cluster.host, what, absent=f"cannot {what}"):
                yield
        except Unauthenticated as error:
            self._cluster = self._cluster.renewed()
            raise Unreachable(str(error)) from error

    @property
    def _batch(self) -> BatchV1Api:
        from kubernetes.client import BatchV1Api as Client

        return Client(self._cluster.client)

    @property
    def _core(self) -> CoreV1Api:
        from kubernetes.client import CoreV1Api as Client

        return Client(self._cluster.client)


def selector(labels: Mapping[str, str]) -> str:
    """Returns the selector of objects with some labels."""
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
