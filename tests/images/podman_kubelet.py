"""A kubelet that runs pods as containers with podman: what podman 4 does not do of a pod is done here.

Secrets, ConfigMaps and volume claims are folders of this machine; a pod has this machine's network.
"""

from __future__ import annotations

import base64
import copy
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.waiting import DEADLINE_SECONDS

Json = dict[str, Any]
_LOOK_SECONDS = 0.5


@dataclass
class PodmanKubelet:
    """Runs pods as containers."""

    folder: Path
    claims: Mapping[str, Path]
    """The folders of volume claims."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Images of this machine in the place of those that manifests name."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of pods that have a token of Kubernetes, which stand for it."""
    mounts: Mapping[str, Path] = field(default_factory=dict)
    """Files of this machine that pods with a token of Kubernetes see, by their path in the pod."""

    def start(self, pod: Json, files: Mapping[str, Mapping[str, str]]) -> PodmanPod:
        """Starts a pod."""
        name = pod["metadata"]["name"]
        place = self.folder / name
        place.mkdir(parents=True)
        file = place / "pod.yaml"
        file.write_text(yaml.safe_dump(self._for_podman(pod, files, place)), encoding="utf-8")
        podman("play", "kube", "--network", "host", str(file))
        return PodmanPod(name, f"{name}-{pod['spec']['containers'][0]['name']}")

    def _for_podman(self, pod: Json, files: Mapping[str, Mapping[str, str]], place: Path) -> Json:
        pod = copy.deepcopy(pod)
        name, spec = pod["metadata"]["name"], pod["spec"]
        (container,) = spec["containers"]
        container["image"] = self.images.get(container["image"], container["image"])
        container["env"] = [{"name": each["name"], "value": each.get("value", name)} for each in container["env"]]
        for volume in spec["volumes"]:
            folder = self._folder(volume, files, place)
            volume_name = volume["name"]
            volume.clear()
            volume.update({"name": volume_name, "hostPath": {"path": str(folder)}})
        if spec["automountServiceAccountToken"]:
            container["env"] += [{"name": key, "value": value} for key, value in self.environment.items()]
            for number, (path, source) in enumerate(self.mounts.items()):
                container["volumeMounts"].append({"name": f"token-{number}", "mountPath": path, "readOnly": True})
                spec["volumes"].append({"name": f"token-{number}", "hostPath": {"path": str(source)}})
        metadata = {"name": name, "labels": pod["metadata"]["labels"]}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def _folder(self, volume: Json, files: Mapping[str, Mapping[str, str]], place: Path) -> Path:
        """Returns the folder of a volume, in which the user of the pod may write."""
        if "persistentVolumeClaim" in volume:
            return self.claims[volume["persistentVolumeClaim"]["claimName"]]
        folder = place / str(volume["name"])
        folder.mkdir()
        for file, text in files.get(volume["name"], {}).items():
            data = base64.b64decode(text) if "secret" in volume else text.encode()
            (folder / file).write_bytes(data)
            (folder / file).chmod(0o444)
        folder.chmod(0o777)
        return folder


@dataclass
class PodmanPod:
    """A pod that is a container."""

    name: str
    container: str
    _looked: float = 0.0

    def poll(self) -> int | None:
        """Returns the exit status; None: it runs, or did half a second ago."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return None
        self._looked = time.monotonic()
        state, code = podman("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", self.container).split()
        return int(code) if state in {"exited", "stopped"} else None

    def kill(self) -> None:
        """Ends it as a kubelet does: SIGTERM, and SIGKILL after the grace period."""
        podman("pod", "stop", "--ignore", "--time", "15", self.name)
        podman("pod", "rm", "--force", "--ignore", self.name)

    @property
    def said(self) -> str:
        """Its output."""
        return podman("logs", self.container)


def podman(*words: str) -> str:
    """Runs podman and returns what it prints."""
    done = subprocess.run(["podman", *words], capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS)
    assert done.returncode == 0, f"podman {' '.join(words)}: {done.stderr}"
    return done.stdout + (done.stderr if words[0] == "logs" else "")
