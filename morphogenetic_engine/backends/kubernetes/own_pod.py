"""Reads the pod that this process runs in, after which the workers of a sweep are made."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from morphogenetic_engine.backends.kubernetes.api_errors import explained
from morphogenetic_engine.backends.kubernetes.connection import TIMEOUT, Cluster
from morphogenetic_engine.backends.kubernetes.pod_states import STEP_CONTAINER
from morphogenetic_engine.backends.kubernetes.worker_manifests import POD_NAME_VARIABLE, ClaimMount, Owner

if TYPE_CHECKING:
    from kubernetes.client import V1Container, V1Pod


@dataclass(frozen=True)
class OwnPod:
    """The pod of this process."""

    name: str
    uid: str
    image: str
    mounts: Sequence[ClaimMount]
    pull_secrets: Sequence[str]

    @property
    def owner(self) -> Owner:
        """The pod as the owner of other objects."""
        return Owner("v1", "Pod", self.name, self.uid)


def own_pod(home: Cluster) -> OwnPod | None:
    """Returns the pod that this process runs in; None: it runs in none. `home` is the cluster with its namespace.

    Raises:
        ClusterError: the cluster does not answer, or this account may not list pods.
    """
    from kubernetes.client import CoreV1Api

    if POD_NAME_VARIABLE not in os.environ and "KUBERNETES_SERVICE_HOST" not in os.environ:
        return None
    name = os.environ.get(POD_NAME_VARIABLE) or socket.gethostname()
    with explained(home.host, f"list the pods of namespace {home.namespace}"):
        found: list[V1Pod] = (
            CoreV1Api(home.client)
            .list_namespaced_pod(home.namespace, field_selector=f"metadata.name={name}", _request_timeout=TIMEOUT)
            .items
        )
    return _read(found[0]) if found else None


def _read(pod: V1Pod) -> OwnPod:
    containers: list[V1Container] = pod.spec.containers
    container = next((each for each in containers if each.name == STEP_CONTAINER), containers[0])
    claims = {
        volume.name: volume.persistent_volume_claim.claim_name
        for volume in pod.spec.volumes or ()
        if volume.persistent_volume_claim is not None
    }
    return OwnPod(
        name=pod.metadata.name,
        uid=pod.metadata.uid,
        image=container.image,
        mounts=[
            ClaimMount(claims[mount.name], mount.mount_path, mount.sub_path or "")
            for mount in container.volume_mounts or ()
            if mount.name in claims
        ],
        pull_secrets=[each.name for each in pod.spec.image_pull_secrets or ()],
    )
