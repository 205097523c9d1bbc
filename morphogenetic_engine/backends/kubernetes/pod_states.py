"""Finds why a pod does not start, and how it ended."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

from typing import TYPE_CHECKING

from morphogenetic_engine.backends.kubernetes.api_errors import Forbidden, explained
from morphogenetic_engine.backends.kubernetes.connection import TIMEOUT, Cluster

if TYPE_CHECKING:
    from kubernetes.client import V1ContainerStateTerminated, V1ContainerStatus, V1Pod

UNKNOWN = "nothing is said of why"
_SELF_EXPLAINING = frozenset({"ContainerCreating", "PodInitializing"})
"""Reasons that every starting pod has; the actual cause is then in its events."""
STEP_CONTAINER = "main"
"""The container of a pipeline's step, beside those of Argo."""


def waiting_reason(cluster: Cluster, pod: V1Pod) -> str:
    """Returns the reason why a pod waits: of its containers, of the scheduler, or of its last warning.

    Raises:
        ClusterError: the cluster does not answer.
    """
    statuses = [*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())]
    for status in statuses:
        if said := _waiting(status):
            return said
    for condition in pod.status.conditions or ():
        if condition.status == "False" and condition.reason == "Unschedulable":
            return " ".join(str(condition.message or condition.reason).split())
    return last_warning(cluster, str(pod.metadata.name)) or UNKNOWN


def last_words(pod: V1Pod, container: str) -> str:
    """Returns what a container left as its termination message, or else its reason and exit status."""
    if pod.status.message:
        return " ".join(str(pod.status.message).split())
    ended = _ended(pod, container)
    if ended is None or not ended.exit_code:
        return UNKNOWN
    return " ".join((ended.message or f"{ended.reason} (exit code {ended.exit_code})").split())


def end_reason(pod: V1Pod, container: str) -> str:
    """Returns how a container ended, without what it printed: "OOMKilled", "Error (exit code 3)"; "" if it has not."""
    if pod.status.reason:
        return " ".join(f"{pod.status.reason}: {pod.status.message or ''}".rstrip(": ").split())
    ended = _ended(pod, container)
    if ended is None or not ended.exit_code:
        return ""
    return f"{ended.reason} (exit code {ended.exit_code})"


def last_line(pod: V1Pod, container: str) -> str:
    """Returns the last line of a container's termination message; "" if it left none."""
    ended = _ended(pod, container)
    lines = "" if ended is None else ended.message or ""
    return next((line.strip() for line in reversed(lines.splitlines()) if line.strip()), "")


def _ended(pod: V1Pod, container: str) -> V1ContainerStateTerminated | None:
    for status in pod.status.container_statuses or ():
        if status.name == container and status.state and status.state.terminated:
            return status.state.terminated
    return None


def _waiting(status: V1ContainerStatus) -> str:
    waiting = status.state.waiting if status.state else None
    if waiting is None or waiting.reason in _SELF_EXPLAINING:
        return ""
    return " ".join(f"{waiting.reason}: {waiting.message or status.image}".split())


def last_warning(cluster: Cluster, name: str) -> str:
    """Returns the last warning about an object; "" if there is none, or this user may not list events.

    Raises:
        ClusterError: the cluster does not answer.
    """
    from kubernetes.client import CoreV1Api

    try:
        with explained(cluster.host, f"list the events of namespace {cluster.namespace}"):
            events = (
                CoreV1Api(cluster.client)
                .list_namespaced_event(
                    cluster.namespace,
                    field_selector=f"type=Warning,involvedObject.name={name}",
                    _request_timeout=TIMEOUT,
                )
                .items
            )
    except Forbidden:
        return ""
    return " ".join(f"{events[-1].reason}: {events[-1].message}".split()) if events else ""
