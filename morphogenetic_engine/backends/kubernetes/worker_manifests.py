"""Renders the objects of a worker pod: a Job that is never started again, and the Secret with its keys; pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from morphogenetic_engine.backends.kubernetes import pod_parts

if TYPE_CHECKING:  # a worker's host reads the names here, without the sweep file's schema
    from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig

LABEL_PREFIX = "morphogenetic.dev"
ROLE_LABEL = f"{LABEL_PREFIX}/role"
"""The label by which network policies know the workers and their coordinators."""
WORKER_ROLE, STEP_ROLE = "worker", "step"
"""Workers, and steps of pipelines that coordinate some; manifests/overlays/workers has a role of its own."""
SWEEP_LABEL, SESSION_LABEL = f"{LABEL_PREFIX}/sweep", f"{LABEL_PREFIX}/session"
CONTAINER = "worker"
KEYS_FOLDER = PurePosixPath("/etc/morphogenetic/keys")
"""The folder in which a worker finds the files of its Secret."""
POD_NAME_VARIABLE = "POD_NAME"
"""The variable that holds the name of a pod."""
KEPT_SECONDS = 60
"""Seconds for which the Job of a worker that has ended is kept: one may look why."""
GRACE_SECONDS = 15
"""Seconds in which a worker that is deleted ends by itself."""

_POD_NAME = {"name": POD_NAME_VARIABLE, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}


@dataclass(frozen=True)
class ClaimMount:
    """A volume claim, and where a container has it."""

    claim: str
    path: str
    sub_path: str = ""


@dataclass(frozen=True)
class Owner:
    """An object with which others are deleted."""

    api_version: str
    kind: str
    name: str
    uid: str


@dataclass(frozen=True)
class WorkerPodSetup:
    """The settings that all worker pods of a session share."""

    image: str
    resources: ResourcesConfig
    labels: Mapping[str, str]
    mounts: Sequence[ClaimMount] = ()
    pull_secrets: Sequence[str] = ()
    owner: Owner | None = None
    """The pod of the coordinator; None: it runs in none, or in another namespace."""
    has_keys: bool = True


def worker_job(name: str, command: Sequence[str], setup: WorkerPodSetup) -> dict[str, object]:
    """Returns the Job of one worker."""
    metadata: dict[str, object] = {"name": name, "labels": dict(setup.labels)}
    if setup.owner is not None:
        metadata["ownerReferences"] = [_reference(setup.owner)]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": 0,  # whether a worker is replaced is the session's business
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {
                "metadata": {"labels": {**setup.labels, **pod_parts.NO_SIDECAR}},
                "spec": _pod(name, command, setup),
            },
        },
    }


def keys_secret(name: str, files: Mapping[str, str], labels: Mapping[str, str], job_uid: str) -> dict[str, object]:
    """Returns the Secret with the files of a worker, which is deleted with its Job."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "immutable": True,
        "metadata": {
            "name": name,
            "labels": dict(labels),
            "ownerReferences": [_reference(Owner("batch/v1", "Job", name, job_uid))],
        },
        "data": {file: base64.b64encode(text.encode()).decode() for file, text in files.items()},
    }


def _pod(name: str, command: Sequence[str], setup: WorkerPodSetup) -> dict[str, object]:
    resources = setup.resources
    limits = pod_parts.amounts(resources, resources.gpu)
    claims = [(f"claim-{number}", mount) for number, mount in enumerate(setup.mounts)]
    container: dict[str, object] = {
        "name": CONTAINER,
        "image": setup.image,
        "command": list(command),
        "workingDir": pod_parts.SCRATCH,
        "env": [_POD_NAME, *pod_parts.variables({}, resources)],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": pod_parts.CONTAINER_SECURITY,
        "volumeMounts": [
            *pod_parts.volume_mounts(resources),
            *([{"name": "keys", "mountPath": str(KEYS_FOLDER), "readOnly": True}] if setup.has_keys else []),
            *(_mount(volume, mount) for volume, mount in claims),
        ],
    }
    if limits:
        container["resources"] = {"requests": limits, "limits": dict(limits)}
    if secrets := pod_parts.secrets(resources):
        container["envFrom"] = secrets
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": pod_parts.POD_SECURITY,
        **pod_parts.placement(resources),
        **({"imagePullSecrets": [{"name": each} for each in setup.pull_secrets]} if setup.pull_secrets else {}),
        "containers": [container],
        "volumes": [
            *pod_parts.volumes(resources),
            *([{"name": "keys", "secret": {"secretName": name, "defaultMode": 0o440}}] if setup.has_keys else []),
            *({"name": volume, "persistentVolumeClaim": {"claimName": mount.claim}} for volume, mount in claims),
        ],
    }


def _mount(volume: str, mount: ClaimMount) -> dict[str, object]:
    return {"name": volume, "mountPath": mount.path, **({"subPath": mount.sub_path} if mount.sub_path else {})}


def _reference(owner: Owner) -> dict[str, object]:
    return {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
