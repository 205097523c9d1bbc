"""What `make deploy` puts on a cluster: built by kustomize, safe, and with its tags in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.manifests.kustomizations import MANIFESTS, Object, breaches, build, field, items, name, pod_specs

OVERLAYS = sorted((MANIFESTS / "overlays").iterdir())
IMAGE = re.compile(r"[a-z0-9.-]+(:\d+)?/[a-z0-9./-]+:(?!latest)[A-Za-z0-9_.-]+")


@pytest.fixture(scope="module", params=OVERLAYS, ids=lambda folder: folder.name)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    return build(request.param)


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [each for each in objects if each["kind"] == kind]


def test_every_pod_fits_the_profile_restricted(objects: list[Object]) -> None:
    assert {workload: found for workload, pod in pod_specs(objects) if (found := breaches(pod))} == {}


def test_no_pod_has_a_token_of_kubernetes(objects: list[Object]) -> None:
    assert all(field(pod, "automountServiceAccountToken") is False for _, pod in pod_specs(objects))
    assert all(each["automountServiceAccountToken"] is False for each in of_kind(objects, "ServiceAccount"))


def test_every_image_has_a_registry_and_a_tag(objects: list[Object]) -> None:
    images = [field(each, "image") for _, pod in pod_specs(objects) for each in items(pod, "containers")]
    assert images
    assert [image for image in images if not IMAGE.fullmatch(str(image))] == []


def test_roles_name_what_they_allow(objects: list[Object]) -> None:
    rules = [rule for each in objects for rule in items(each, "rules")]
    assert rules
    assert [rule for rule in rules if "*" in yaml.safe_dump(rule)] == []
    assert not [rule for rule in rules if "secrets" in items(rule, "resources")]


def test_every_binding_is_of_a_role_that_is_there(objects: list[Object]) -> None:
    roles = {name(each) for each in objects}
    bound = [
        f"{field(each, 'roleRef', 'kind')}/{field(each, 'roleRef', 'name')}"
        for each in objects
        if str(each["kind"]).endswith("RoleBinding")
    ]
    assert bound
    assert set(bound) <= roles


def test_the_namespace_has_the_label_that_katib_asks_for(objects: list[Object]) -> None:
    (namespace,) = of_kind(objects, "Namespace")
    labels = field(namespace, "metadata", "labels")
    assert field(labels, "katib.kubeflow.org/metrics-collector-injection") == "enabled"
    assert field(labels, "pod-security.kubernetes.io/enforce") == "baseline"
    assert field(labels, "pod-security.kubernetes.io/warn") == "restricted"


def test_nothing_of_the_network_is_open_by_default(objects: list[Object]) -> None:
    (deny,) = [each for each in of_kind(objects, "NetworkPolicy") if name(each) == "NetworkPolicy/default-deny"]
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_services_and_policies_select_pods_that_are_there(objects: list[Object]) -> None:
    pods = [field(each, "spec", "template", "metadata", "labels") for each in objects]
    labels = [each for each in pods if isinstance(each, dict)]
    for service in of_kind(objects, "Service"):
        selector = field(service, "spec", "selector")
        assert isinstance(selector, dict) and selector
        assert [each for each in labels if selector.items() <= each.items()], name(service)


def test_secrets_are_referred_to_and_not_written(objects: list[Object]) -> None:
    assert of_kind(objects, "Secret") == []


@pytest.mark.parametrize(
    "file", [*(MANIFESTS / "base").glob("*.yaml"), *(MANIFESTS / "options").rglob("*.yaml")], ids=lambda file: file.stem
)
def test_only_overlays_name_tags(file: Path) -> None:
    assert not re.findall(r"image: .*[:@]", file.read_text(encoding="utf-8"))
