"""Renders the parts that all pods with a workload have: minimal privileges, scratch space, where a pod may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from morphogenetic_engine.backends.kubernetes.quantity import canonical_bytes

if TYPE_CHECKING:
    from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig, Toleration

SCRATCH = "/tmp"
USER = 10001
"""The numeric user of the project's images."""
NO_SIDECAR: Mapping[str, str] = {"sidecar.istio.io/inject": "false"}
"""Labels of a pod that ends: it would wait for a sidecar that does not."""
POD_SECURITY: Mapping[str, object] = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY: Mapping[str, object] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def placement(resources: ResourcesConfig) -> dict[str, object]:
    """Returns the settings of a pod that say as whom it runs, how urgent it is, and on which nodes."""
    given: dict[str, object] = {
        "serviceAccountName": resources.service_account,
        "priorityClassName": resources.priority_class,
        "nodeSelector": dict(resources.node_selector),
        "tolerations": [toleration(each) for each in resources.tolerations],
    }
    return {name: value for name, value in given.items() if value}


def amounts(resources: ResourcesConfig, gpu: int) -> dict[str, str]:
    """Returns what a container asks for."""
    wanted = {
        "cpu": resources.cpu,
        "memory": _bytes(resources.memory),
        "ephemeral-storage": _bytes(resources.scratch),
        resources.gpu_resource: str(gpu) if gpu else None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def volumes(resources: ResourcesConfig) -> list[dict[str, object]]:
    """Returns the volumes of a pod: scratch space, and shared memory where the file asks for it."""
    limit = {"sizeLimit": _bytes(resources.scratch)} if resources.scratch else {}
    found: list[dict[str, object]] = [{"name": "scratch", "emptyDir": limit}]
    if resources.shm_size:
        found.append({"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": _bytes(resources.shm_size)}})
    return found


def volume_mounts(resources: ResourcesConfig) -> list[dict[str, str]]:
    """Returns where the container has the volumes."""
    shm = [{"name": "shm", "mountPath": "/dev/shm"}] if resources.shm_size else []
    return [{"name": "scratch", "mountPath": SCRATCH}, *shm]


def variables(values: Mapping[str, str], resources: ResourcesConfig) -> list[dict[str, str]]:
    """Returns the variables of a container: some values, those that all have, and those of the sweep file."""
    found = {
        **values,
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "PYTHONUNBUFFERED": "1",
        **{name: value.replace("$", "$$") for name, value in resources.environment.items()},
    }
    return [{"name": name, "value": value} for name, value in found.items()]


def secrets(resources: ResourcesConfig) -> list[dict[str, object]]:
    """Returns the Secrets whose keys become environment variables."""
    return [{"secretRef": {"name": name}} for name in resources.secrets]


def toleration(each: Toleration) -> dict[str, object]:
    """Returns a toleration as Kubernetes writes it."""
    written = {
        "key": each.key,
        "operator": each.operator,
        "value": each.value,
        "effect": each.effect,
        "tolerationSeconds": each.toleration_seconds,
    }
    return {name: value for name, value in written.items() if value is not None}


def _bytes(amount: str | None) -> str | None:
    return None if amount is None else canonical_bytes(amount)
