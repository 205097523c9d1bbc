"""Kustomizations of manifests/, built as `kubectl apply -k` builds them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

MANIFESTS = Path(__file__).parents[2] / "manifests"
KUBECTL = Path(sys.executable).with_name("kubectl")
Object = dict[str, object]


def build(folder: Path, kubectl: Path = KUBECTL) -> list[Object]:
    """Returns the objects of a kustomization."""
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each is not None]


def build_offline(folder: Path, stand_ins: list[Object], place: Path, kubectl: Path = KUBECTL) -> list[Object]:
    """Returns the objects of a kustomization of third-party/ with stand-ins for what it takes from the network."""
    shutil.copytree(folder, place)
    (place / "stand-ins.yaml").write_text(yaml.safe_dump_all(stand_ins), encoding="utf-8")
    file = place / "kustomization.yaml"
    kustomization = yaml.safe_load(file.read_text(encoding="utf-8"))
    remote = [each for each in kustomization["resources"] if each.startswith("https://")]
    assert remote, "nothing comes from the network: build it as it is"
    kept = [each for each in kustomization["resources"] if each not in remote]
    kustomization["resources"] = ["stand-ins.yaml", *kept]
    file.write_text(yaml.safe_dump(kustomization), encoding="utf-8")
    return build(place, kubectl)


def field(value: object, *path: str | int) -> object:
    """Returns what stands at a path of an object; None where there is nothing."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def items(value: object, *path: str | int) -> list[object]:
    """Returns the list at a path; an empty one where there is nothing."""
    found = field(value, *path)
    return found if isinstance(found, list) else []


def name(value: Object) -> str:
    return f"{value['kind']}/{field(value, 'metadata', 'name')}"


def pod_specs(objects: list[Object]) -> Iterator[tuple[str, object]]:
    """Yields the pod of each workload, with the workload's name."""
    for each in objects:
        if (spec := field(each, "spec", "template", "spec")) is not None:
            yield name(each), spec


def breaches(pod: object) -> list[str]:
    """Returns what of a pod the Pod Security profile "restricted" refuses.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    said = [f"{key} is set" for key in ("hostNetwork", "hostPID", "hostIPC") if field(pod, key)]
    allowed = {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
    for volume in items(pod, "volumes"):
        assert isinstance(volume, dict)
        said += [f"volume {volume['name']} is {kind}" for kind in volume.keys() - {"name"} - allowed]
    for container in [*items(pod, "initContainers"), *items(pod, "containers")]:
        said += [f"{field(container, 'name')}: {each}" for each in _container_breaches(pod, container)]
    return said


def _container_breaches(pod: object, container: object) -> Iterator[str]:
    def either(key: str) -> object:
        own = field(container, "securityContext", key)
        return own if own is not None else field(pod, "securityContext", key)

    security = field(container, "securityContext")
    if field(security, "privileged") or field(security, "allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if items(security, "capabilities", "drop") != ["ALL"] or items(security, "capabilities", "add"):
        yield "keeps capabilities"
    if either("runAsNonRoot") is not True or either("runAsUser") == 0:
        yield "may run as root"
    if field(either("seccompProfile"), "type") not in {"RuntimeDefault", "Localhost"}:
        yield "has no seccomp profile"
    if any(field(port, "hostPort") for port in items(container, "ports")):
        yield "takes a port of the host"
