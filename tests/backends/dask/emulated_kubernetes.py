"""A cluster that runs the pods of Jobs: the tests' Kubernetes API, with what its controllers and a kubelet do.

A Job has one pod, which is not replaced. A pod waits for its Secret; what it owned goes with a deleted Job.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes, Manifest
from tests.backends.katib.client.cluster.kubernetes_server import KubernetesServer
from tests.waiting import DEADLINE_SECONDS

Json = dict[str, Any]
_TICK_SECONDS = 0.02


class RunningPod(Protocol):
    """The containers of a pod."""

    def poll(self) -> int | None:
        """Returns the exit status; None: it runs."""

    def kill(self) -> None:
        """Ends it, and waits for its end."""

    @property
    def said(self) -> str:
        """What it printed."""


class Kubelet(Protocol):
    """Runs pods."""

    def start(self, pod: Json, files: Mapping[str, Mapping[str, str]]) -> RunningPod:
        """Starts a pod; `files` are the Secrets and ConfigMaps of its volumes, by the volume's name."""


@dataclass
class EmulatedKubernetes:
    """The controllers of a FakeKubernetes."""

    cluster: FakeKubernetes
    kubelet: Kubelet
    server: KubernetesServer
    stuck: str = ""
    """What the scheduler says of new pods instead of placing them; "": it places them."""
    hurry: float = 1.0
    """How many times sooner Jobs that have ended are removed than they say."""
    _ended: dict[tuple[str, str], float] = field(default_factory=dict)
    _running: dict[tuple[str, str], RunningPod] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _error: list[BaseException] = field(default_factory=list)

    def pods(self, role: str = "worker") -> list[str]:
        """Returns the pods of a role that are there."""
        with self.cluster.lock:
            return [
                name
                for (plural, _, name), pod in self.cluster.objects.items()
                if plural == "pods" and _meta(pod).get("labels", {}).get("morphogenetic.dev/role") == role
            ]

    def left(self) -> list[tuple[str, str, str]]:
        """Returns the Jobs, pods and Secrets of workers that are there."""
        with self.cluster.lock:
            mine = {"jobs", "pods", "secrets"}
            labelled = ((key, _meta(each).get("labels", {})) for key, each in self.cluster.objects.items())
            return [
                key for key, labels in labelled if key[0] in mine and labels.get("morphogenetic.dev/role") == "worker"
            ]

    def delete_pod(self, name: str) -> None:
        """Deletes a pod, as `kubectl delete pod` does."""
        with self.cluster.lock:
            for key in [key for key in self.cluster.objects if key[0] == "pods" and key[2] == name]:
                self.cluster.remove(*key)

    def restart_server(self) -> bool:
        """Ends the Kubernetes API, and starts it again on the same port."""
        self.server.stop()
        self.server.start()
        return True

    def run(self) -> None:
        """Controls until it is stopped."""
        try:
            while not self._stop.wait(_TICK_SECONDS):
                self.tick()
        except BaseException as error:
            self._error.append(error)
            raise
        finally:
            for pod in self._running.values():
                pod.kill()

    def stop(self) -> None:
        """Ends the controllers and all pods."""
        self._stop.set()

    def tick(self) -> None:
        """Brings the objects one step further."""
        with self.cluster.lock:
            objects = dict(self.cluster.objects)
        for (plural, namespace, name), each in objects.items():
            if plural == "jobs":
                self._job(namespace, name, each)
            elif plural in {"pods", "secrets", "jobs"} and self._is_orphan(namespace, each):
                self._remove(plural, namespace, name)
        for (namespace, name), running in list(self._running.items()):
            if ("pods", namespace, name) not in self.cluster.objects:
                running.kill()
                del self._running[namespace, name]

    def _job(self, namespace: str, name: str, job: Json) -> None:
        if self._is_orphan(namespace, job):
            self._remove("jobs", namespace, name)
            return
        status = job.setdefault("status", {})
        if status.get("failed") or status.get("succeeded"):
            since = self._ended.setdefault((namespace, name), time.monotonic())
            if time.monotonic() - since > job["spec"].get("ttlSecondsAfterFinished", math.inf) / self.hurry:
                self._remove("jobs", namespace, name)
            return
        pods = [
            pod
            for (plural, place, _), pod in self.cluster.objects.items()
            if (plural, place) == ("pods", namespace) and _meta(pod).get("labels", {}).get("job-name") == name
        ]
        if not pods:
            ended = {"failed": 1} if status.get("active") else {"active": 1}
            if not status.get("active"):
                self._create_pod(namespace, name, job)
            self._update("jobs", namespace, name, {"status": ended})
            return
        state = self._pod(namespace, pods[0])
        if state is not None:
            self._update("jobs", namespace, name, {"status": {"succeeded": 1} if state == 0 else {"failed": 1}})

    def _create_pod(self, namespace: str, name: str, job: Json) -> None:
        template = job["spec"]["template"]
        labels = {**template.get("metadata", {}).get("labels", {}), "job-name": name}
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": _meta(job)["uid"]}
        metadata = {"name": f"{name}-{uuid.uuid4().hex[:5]}", "labels": labels, "ownerReferences": [owner]}
        self.cluster.put(
            "pods",
            namespace,
            {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"], "status": _pending()},
        )

    def _pod(self, namespace: str, pod: Json) -> int | None:
        """Starts a pod or looks at it, and returns its exit status once it has ended."""
        name = str(_meta(pod)["name"])
        running = self._running.get((namespace, name))
        if running is None:
            files = self._files(namespace, pod)
            if self.stuck:
                self._update("pods", namespace, name, {"status": _pending(self.stuck)})
            elif files is not None:
                # pylint: disable-next=assignment-from-no-return  # a protocol
                self._running[namespace, name] = self.kubelet.start({**pod}, files)
                self._update("pods", namespace, name, {"status": {"phase": "Running"}})
            return None
        code = running.poll()
        if code is None:
            return None
        ended = {"exitCode": code, "reason": "Completed" if code == 0 else "Error", "message": running.said[-2000:]}
        container = pod["spec"]["containers"][0]["name"]
        state = {"name": container, "image": "", "imageID": "", "ready": False, "restartCount": 0}
        status = {"phase": "Succeeded" if code == 0 else "Failed"}
        self._update(
            "pods",
            namespace,
            name,
            {"status": {**status, "containerStatuses": [{**state, "state": {"terminated": ended}}]}},
        )
        return code

    def _files(self, namespace: str, pod: Json) -> dict[str, Mapping[str, str]] | None:
        """Returns the Secrets and ConfigMaps of the volumes; None: one is not there yet."""
        found: dict[str, Mapping[str, str]] = {}
        for volume in pod["spec"].get("volumes", []):
            for kind, plural, key in (("secret", "secrets", "secretName"), ("configMap", "configmaps", "name")):
                if kind in volume:
                    held: Any = self.cluster.objects.get((plural, namespace, volume[kind][key]))
                    if held is None:
                        return None
                    found[volume["name"]] = held["data"]
        return found

    def _is_orphan(self, namespace: str, each: Json) -> bool:
        owners = _meta(each).get("ownerReferences", [])
        with self.cluster.lock:
            here = {_meta(other)["uid"] for (_, place, _), other in self.cluster.objects.items() if place == namespace}
        return bool(owners) and all(owner["uid"] not in here for owner in owners)

    def _remove(self, plural: str, namespace: str, name: str) -> None:
        with self.cluster.lock:
            if (plural, namespace, name) in self.cluster.objects:
                self.cluster.remove(plural, namespace, name)

    def _update(self, plural: str, namespace: str, name: str, changes: Json) -> None:
        with self.cluster.lock:
            if (plural, namespace, name) in self.cluster.objects:
                self.cluster.put(plural, namespace, {**self.cluster.get(plural, namespace, name), **changes})


@contextmanager
def controlled(server: KubernetesServer, kubelet: Kubelet) -> Iterator[EmulatedKubernetes]:
    """Runs the controllers of a cluster; all pods have ended afterwards."""
    emulated = EmulatedKubernetes(server.cluster, kubelet, server)
    thread = threading.Thread(target=emulated.run, daemon=True)
    thread.start()
    try:
        yield emulated
    finally:
        emulated.stop()
        thread.join(DEADLINE_SECONDS)


def _pending(why: str = "") -> Json:
    if not why:
        return {"phase": "Pending"}
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
    return {"phase": "Pending", "conditions": [condition]}


def _meta(each: Manifest | Json) -> Json:
    metadata = each["metadata"]
    assert isinstance(metadata, dict)
    return metadata
