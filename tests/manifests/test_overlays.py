"""The manifests that `make deploy` applies: valid, secure, with image tags in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.manifests.kustomizations import MANIFESTS, Object, breaches, build, field, items, name, pod_specs

OVERLAYS = sorted(each for each in (MANIFESTS / "overlays").iterdir() if each.name not in {"profile", "workers"})
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
    given = {name(each) for each in of_kind(objects, "ServiceAccount") if field(each, "automountServiceAccountToken")}
    assert given <= {"ServiceAccount/morphogenetic-suggestion"}  # Katib makes its pods


def test_every_image_has_a_registry_and_a_tag(objects: list[Object]) -> None:
    images = [field(each, "image") for _, pod in pod_specs(objects) for each in items(pod, "containers")]
    assert images
    assert [image for image in images if not IMAGE.fullmatch(str(image))] == []


def test_roles_name_what_they_allow(objects: list[Object]) -> None:
    rules = [rule for each in objects for rule in items(each, "rules")]
    assert rules
    assert [rule for rule in rules if "*" in yaml.safe_dump(rule)] == []
    secrets = [rule for rule in rules if "secrets" in items(rule, "resources")]
    assert [items(rule, "verbs") for rule in secrets] == [["create"]]  # of a session's workers; none can be read


def test_why_a_trial_failed_may_be_read_and_nothing_else_of_its_pod(objects: list[Object]) -> None:
    (role,) = [each for each in of_kind(objects, "Role") if name(each) == "Role/morphogenetic-sweep"]
    (pods,) = [rule for rule in items(role, "rules") if "pods" in items(rule, "resources")]
    assert (items(pods, "resources"), items(pods, "verbs")) == (["pods"], ["list"])


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


def test_a_slow_start_is_not_taken_for_a_hang(objects: list[Object]) -> None:
    """A server that migrates its database, or replays its log, answers nobody for minutes."""
    for workload, pod in pod_specs(objects):
        for container in items(pod, "containers"):
            assert "initialDelaySeconds" not in str(field(container, "livenessProbe")), workload
            probe = {key: field(container, "startupProbe", key) for key in ("periodSeconds", "failureThreshold")}
            assert probe == {"periodSeconds": 5, "failureThreshold": 120}, workload


def test_finished_trials_leave_room_in_the_quota(objects: list[Object]) -> None:
    (quota,) = of_kind(objects, "ResourceQuota")
    jobs = field(quota, "spec", "hard", "count/jobs.batch")
    assert jobs is None or int(str(jobs)) >= 10_000


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
