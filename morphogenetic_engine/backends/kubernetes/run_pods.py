"""Finds why the pods of a pipeline's run do not start, and checks that the namespace has what they need."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from morphogenetic_engine.backends.kubernetes.api_errors import Forbidden, Missing, explained
from morphogenetic_engine.backends.kubernetes.connection import TIMEOUT, Cluster
from morphogenetic_engine.backends.kubernetes.pod_states import STEP_CONTAINER, last_words, waiting_reason
from morphogenetic_engine.errors import ClusterError

if TYPE_CHECKING:
    from kubernetes.client import V1Pod, V1ResourceQuota

RUN_LABEL = "pipeline/runid"
"""The label that Kubeflow Pipelines sets on each pod of a run."""
_NODE = "workflows.argoproj.io/node-name"
PIPELINES_NAMESPACE = "kubeflow"
"""The namespace of Kubeflow Pipelines itself."""
_CONTROLLER_CONFIG, _RETRY_EXPRESSION = "workflow-controller-configmap", "lastRetry.exitCode"


@dataclass(frozen=True)
class ExplainedPod:
    """A pod that has not started, or has failed."""

    name: str
    step: str
    """The task that the pod belongs to."""
    why: str


def waiting_pods(cluster: Cluster, run_id: str) -> list[ExplainedPod]:
    """Returns the pods of a run that have not started, each with the reason.

    Raises:
        ClusterError: the cluster does not answer, or this user may not list pods.
    """
    waiting = [pod for pod in _pods(cluster, run_id) if pod.status.phase == "Pending"]
    return [ExplainedPod(pod.metadata.name, _step(pod), waiting_reason(cluster, pod)) for pod in waiting]


def failed_pods(cluster: Cluster, run_id: str) -> list[ExplainedPod]:
    """Returns the pods of a run that have failed and are still there, each with what it said at its end.

    Raises:
        ClusterError: the cluster does not answer, or this user may not list pods.
    """
    failed = [pod for pod in _pods(cluster, run_id) if pod.status.phase == "Failed"]
    return [ExplainedPod(pod.metadata.name, _step(pod), last_words(pod, STEP_CONTAINER)) for pod in failed]


def _pods(cluster: Cluster, run_id: str) -> list[V1Pod]:
    from kubernetes.client import CoreV1Api

    core = CoreV1Api(cluster.client)
    with explained(cluster.host, f"list the pods of namespace {cluster.namespace}"):
        found: list[V1Pod] = core.list_namespaced_pod(
            cluster.namespace, label_selector=f"{RUN_LABEL}={run_id}", _request_timeout=TIMEOUT
        ).items
    return found


def is_gone(cluster: Cluster, workflow: str) -> bool:
    """Returns True if a run's workflow, and so the run, was deleted; False if this cannot be determined."""
    from kubernetes.client import CustomObjectsApi

    try:
        with explained(cluster.host, f"read workflow {cluster.namespace}/{workflow}"):
            found = CustomObjectsApi(cluster.client).get_namespaced_custom_object(
                *("argoproj.io", "v1alpha1", cluster.namespace, "workflows", workflow), _request_timeout=TIMEOUT
            )
    except Missing:
        return True
    except ClusterError:
        return False
    return "deletionTimestamp" in found["metadata"]


def secret_problem(cluster: Cluster, name: str, keys: Sequence[str]) -> str:
    """Returns the problem with a Secret that pods will need; "" if there is none, or this user may not read it.

    Raises:
        ClusterError: the cluster does not answer.
    """
    from kubernetes.client import CoreV1Api

    try:
        with explained(cluster.host, f"read Secret {cluster.namespace}/{name}"):
            found = CoreV1Api(cluster.client).read_namespaced_secret(name, cluster.namespace, _request_timeout=TIMEOUT)
    except Missing:
        return f"namespace {cluster.namespace} has no Secret {name!r}"
    except Forbidden:
        return ""
    missing = [key for key in keys if key not in (found.data or {})]
    return f"Secret {cluster.namespace}/{name} has no key {missing[0]!r}" if missing else ""


def retries_as_deployed(cluster: Cluster) -> bool:
    """Returns False if Kubeflow Pipelines has other defaults for retries than this project's manifests give it.

    True if that cannot be determined.
    """
    from kubernetes.client import CoreV1Api

    try:
        with explained(cluster.host, f"read ConfigMap {PIPELINES_NAMESPACE}/{_CONTROLLER_CONFIG}"):
            found = CoreV1Api(cluster.client).read_namespaced_config_map(
                _CONTROLLER_CONFIG, PIPELINES_NAMESPACE, _request_timeout=TIMEOUT
            )
    except ClusterError:
        return True
    return _RETRY_EXPRESSION in (found.data or {}).get("workflowDefaults", "")


def quota_problem(cluster: Cluster, wanted: Mapping[str, str]) -> str:
    """Returns the quota of the namespace that a pod with these resources can never satisfy; "" if there is none.

    Raises:
        ClusterError: the cluster does not answer.
    """
    from kubernetes.client import CoreV1Api

    try:
        with explained(cluster.host, f"list the quotas of namespace {cluster.namespace}"):
            quotas = (
                CoreV1Api(cluster.client)
                .list_namespaced_resource_quota(cluster.namespace, _request_timeout=TIMEOUT)
                .items
            )
    except Forbidden:
        return ""
    return next(iter(_breaches(quotas, wanted)), "")


def _breaches(quotas: Sequence[V1ResourceQuota], wanted: Mapping[str, str]) -> Iterator[str]:
    from kubernetes.utils.quantity import parse_quantity

    for quota in quotas:
        for resource, amount in wanted.items():
            for key in (resource, f"requests.{resource}", f"limits.{resource}"):
                hard = (quota.spec.hard or {}).get(key)
                if hard is not None and parse_quantity(amount) > parse_quantity(hard):
                    where = f"{quota.metadata.namespace}/{quota.metadata.name}"
                    yield f"quota {where} allows {key}={hard}, but a pod asks for {amount}"


def _step(pod: V1Pod) -> str:
    """Returns the task of a pod: the last part of its node's name that is no attempt."""
    parts = (pod.metadata.annotations or {}).get(_NODE, "").split(".")
    names = [part for part in parts if part and not part.startswith("executor")]
    return names[-1] if names else ""
