"""A kubelet that runs the container of a pod as a process of this machine, with its Secrets in a folder of the test."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.backends.dask.emulated_kubernetes import EmulatedKubernetes, controlled
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes, Manifest
from tests.backends.katib.client.cluster.kubernetes_server import running_server
from tests.manifests.kustomizations import MANIFESTS


@dataclass
class ProcessKubelet:
    """Runs pods as processes that share this machine's files."""

    folder: Path

    def start(self, pod: dict[str, Any], files: Mapping[str, Mapping[str, str]]) -> ProcessPod:
        """Starts the first container of a pod."""
        name = pod["metadata"]["name"]
        place = self.folder / name
        place.mkdir(parents=True)
        container = pod["spec"]["containers"][0]
        command = list(container["command"])
        for mount in container["volumeMounts"]:
            if mount["name"] in files:
                volume = place / mount["name"]
                volume.mkdir()
                for file, data in files[mount["name"]].items():
                    (volume / file).write_bytes(base64.b64decode(data))
                command = [word.replace(mount["mountPath"], str(volume)) for word in command]
        command[0] = sys.executable if command[0] == "python" else command[0]
        environment = {each["name"]: each.get("value", name) for each in container["env"]}
        log = place / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # pylint: disable=consider-using-with  # a pod outlives this call
                command, cwd=place, stdout=output, stderr=output, env={**os.environ, **environment}
            )
        return ProcessPod(process, log)


@dataclass
class ProcessPod:
    """A pod that is a process."""

    process: subprocess.Popen[bytes]
    log: Path

    def poll(self) -> int | None:
        """Returns the exit status; None: it runs."""
        return self.process.poll()

    def kill(self) -> None:
        """Kills it."""
        self.process.kill()
        self.process.wait()

    @property
    def said(self) -> str:
        """What it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")


COORDINATOR: Manifest = {
    "metadata": {"name": "coordinator", "labels": {"morphogenetic.dev/role": "coordinator"}},
    "spec": {
        "imagePullSecrets": [{"name": "registry"}],
        "containers": [
            {"name": "wait", "image": "argo"},
            {
                "name": "main",
                "image": "registry/train:1",
                "volumeMounts": [
                    {"name": "data", "mountPath": "/sweeps", "subPath": "mine"},
                    {"name": "scratch", "mountPath": "/tmp"},
                ],
            },
        ],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "sweeps"}},
            {"name": "scratch", "emptyDir": {}},
        ],
    },
    "status": {"phase": "Running"},
}


def rights() -> set[tuple[str, str]]:
    """Returns what the role of a coordinator allows."""
    text = (MANIFESTS / "options" / "workers" / "rbac.yaml").read_text(encoding="utf-8")
    (role,) = [each for each in yaml.safe_load_all(text) if each["kind"] == "Role"]
    return {(verb, kind) for rule in role["rules"] for kind in rule["resources"] for verb in rule["verbs"]}


@contextmanager
def pods_as_processes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedKubernetes]:
    """A cluster whose API this process uses as the pod `coordinator`, with the rights of its role."""
    cluster = FakeKubernetes(page=500, allowed=rights())
    cluster.put("pods", "ml", COORDINATOR)
    with running_server(cluster) as server, controlled(server, ProcessKubelet(folder / "pods")) as kubernetes:
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(folder / "kubeconfig")))
        monkeypatch.setenv("POD_NAME", "coordinator")
        yield kubernetes
