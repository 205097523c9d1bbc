"""A cluster in a JSON file: what is applied to it, and which of its pods start.

Namespaces merge their labels as `kubectl apply` does, and a pod that Katib's webhook guards is only made while Katib's
controller runs: the two things that decide whether a first deployment ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.manifests.kustomizations import Object, build, build_offline, field, items

INJECTION = "katib.kubeflow.org/metrics-collector-injection"
CONTROLLER = "kubeflow/Deployment/katib-controller"
KATIB_NAMES = ("katib-controller", "katib-db-manager", "katib-mysql", "katib-ui")
PIPELINES_NAMES = ("ml-pipeline", "ml-pipeline-ui", "workflow-controller", "seaweedfs", "mysql", "cache-server")
POD_SECURITY = {"pod-security.kubernetes.io/enforce": "baseline"}
WEBHOOK = "mutator.pod.katib.kubeflow.org"


class ControlPlane:
    """The objects of the cluster; each change is written at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.objects: dict[str, Object] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def apply(self, objects: Iterable[Object]) -> None:
        """Do what `kubectl apply` does; pods are made when all is applied."""
        for each in objects:
            known = self.objects.get(_key(each), {})
            version = field(known, "metadata", "resourceVersion") or 0
            assert isinstance(version, int)
            version += known.get("applied") != each
            labels = self._merged_labels(known, each)
            metadata = {**_mapping(each["metadata"]), "labels": labels, "resourceVersion": version}
            ready = known.get("ready", False)
            self.objects[_key(each)] = {**each, "metadata": metadata, "applied": each, "ready": ready}
        self._make_pods()

    def unlabel(self, namespace: str, key: str) -> None:
        """Takes a label off a namespace."""
        _mapping(field(self.objects[f"/Namespace/{namespace}"], "metadata", "labels")).pop(key, None)
        self._make_pods()

    def end_pods(self, key: str) -> None:
        """Lets the pods of a workload end, as a drained node does; new ones are made if they can be."""
        self.objects[key]["ready"] = False
        self._make_pods()

    def workloads(self, namespace: str) -> list[Object]:
        """Returns the workloads of a namespace as `kubectl get` shows them."""
        self._make_pods()
        return [
            {**each, "status": _status(each)}
            for key, each in self.objects.items()
            if each["kind"] in {"Deployment", "StatefulSet"} and key.startswith(f"{namespace}/")
        ]

    def _make_pods(self) -> None:
        # Katib's controller first or last: it makes no difference but where it guards itself.
        for key, each in sorted(self.objects.items(), key=lambda item: item[0] == CONTROLLER):
            if each["kind"] in {"Deployment", "StatefulSet"} and not each.get("ready"):
                each["ready"] = not self._blocked(key, each)
        self._file.write_text(json.dumps(self.objects), encoding="utf-8")

    def _blocked(self, key: str, workload: Object) -> bool:
        """Returns whether a pod's creation asks Katib's webhook, which does not answer."""
        namespace = self.objects.get(f"/Namespace/{key.partition('/')[0]}", {})
        configuration = self.objects.get("/MutatingWebhookConfiguration/katib.kubeflow.org", {})
        labels = field(workload, "spec", "template", "metadata", "labels") or {}
        guarding = [each for each in items(configuration, "webhooks") if _selects(each, namespace, labels)]
        return bool(guarding) and not self.objects.get(CONTROLLER, {}).get("ready")

    @staticmethod
    def _merged_labels(known: Object, new: Object) -> dict[str, object]:
        """Keeps the labels that others have set, and removes those that only the manifest applied before had."""
        live, wanted = (_mapping(field(each, "metadata", "labels") or {}) for each in (known, new))
        before = _mapping(field(known, "applied", "metadata", "labels") or {})
        return {key: value for key, value in live.items() if key not in before} | wanted


def third_party(folder: Path, place: Path) -> list[Object]:
    """Returns what a kustomization of third-party/ makes of stand-ins for what it takes from the network."""
    stand_ins: dict[str, Callable[[], list[Object]]] = {
        "kfp-crds": lambda: [namespace({**POD_SECURITY})],
        "kfp": lambda: [config_map("workflow-controller-configmap", {}), *map(deployment, PIPELINES_NAMES)],
        "katib": stock_katib,
    }
    return build_offline(folder, stand_ins[folder.name](), place)


def stock_katib() -> list[Object]:
    """Returns Katib v0.19 as far as it matters here."""
    webhooks = [{"name": WEBHOOK, "namespaceSelector": {"matchLabels": {INJECTION: "enabled"}}}]
    return [
        namespace({INJECTION: "enabled"}),
        config_map("katib-config", {"katib-config.yaml": "init: {}\nruntime: {suggestions: []}\n"}),
        *map(deployment, KATIB_NAMES),
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "katib.kubeflow.org"},
            "webhooks": webhooks,
        },
    ]


def namespace(labels: dict[str, str], name: str = "kubeflow") -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def config_map(name: str, data: dict[str, str]) -> Object:
    metadata = {"name": name, "namespace": "kubeflow"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def deployment(name: str) -> Object:
    metadata = {"name": name, "namespace": "kubeflow"}
    template = {"metadata": {"labels": {"app": name}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}


def built(folder: Path, place: Path) -> list[Object]:
    """Returns the objects of any kustomization of manifests/."""
    return third_party(folder, place) if folder.parent.name == "third-party" else build(folder)


def _selects(webhook: object, namespace: Object, labels: object) -> bool:
    own = field(namespace, "metadata", "labels")
    wanted = _mapping(field(webhook, "namespaceSelector", "matchLabels") or {})
    if not isinstance(own, dict) or not wanted.items() <= own.items():
        return False
    needed = [field(each, "key") for each in items(webhook, "objectSelector", "matchExpressions")]
    return all(key in _mapping(labels) for key in needed)


def _status(workload: Object) -> Object:
    if workload.get("ready"):
        return {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
    message = f'Internal error occurred: failed calling webhook "{WEBHOOK}": no endpoints available for service'
    failed = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    return {"conditions": [failed]}


def _key(value: Object) -> str:
    own = field(value, "metadata", "namespace")
    return f"{own or ''}/{value['kind']}/{field(value, 'metadata', 'name')}"


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def keys(objects: Sequence[Object]) -> set[str]:
    """Returns what tells objects apart: namespace, kind and name."""
    return set(map(_key, objects))
