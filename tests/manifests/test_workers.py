"""The manifests of a sweep whose workers are pods: a coordinator with few rights, and who may reach whom."""

from __future__ import annotations

import pytest

from morphogenetic_engine.backends.kubernetes.worker_manifests import (
    ROLE_LABEL,
    STEP_ROLE,
    WORKER_ROLE,
    WorkerPodSetup,
    worker_job,
)
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.schema.executors.executor_names import DASK
from tests.manifests.kustomizations import MANIFESTS, Object, breaches, build, field, items, name, pod_specs

OVERLAY = MANIFESTS / "overlays" / "workers"


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return build(OVERLAY)


def test_the_sweep_of_the_overlay_is_one_of_pods() -> None:
    execution = read_config(OVERLAY / "sweep.yaml").config.execution
    assert execution.executor == DASK and execution.dask.kubernetes is not None


def test_all_objects_are_of_one_namespace(objects: list[Object]) -> None:
    assert {field(each, "metadata", "namespace") for each in objects} == {"sweeps"}
    subjects = [subject for each in objects for subject in items(each, "subjects")]
    assert [field(subject, "namespace") for subject in subjects] == ["sweeps"]


def test_the_coordinator_and_its_workers_fit_the_profile_restricted(objects: list[Object]) -> None:
    resources = read_config(OVERLAY / "sweep.yaml").config.resources
    worker = worker_job("worker", ["python"], WorkerPodSetup("registry/train:1", resources, {}))
    pods = dict(pod_specs([*objects, worker]))
    assert set(pods) == {"Job/coordinator", "Deployment/files", "Job/worker"}
    assert {workload: found for workload, pod in pods.items() if (found := breaches(pod))} == {}
    for workload, pod in pods.items():
        assert field(pod, "automountServiceAccountToken") is (workload == "Job/coordinator")
        (container,) = items(pod, "containers")
        assert field(container, "securityContext", "readOnlyRootFilesystem") is True


def test_the_coordinator_has_the_credentials_of_a_store_by_reference_where_there_are_any(objects: list[Object]) -> None:
    (job,) = [each for each in objects if each["kind"] == "Job"]
    (container,) = items(job, "spec", "template", "spec", "containers")
    assert items(container, "envFrom") == [{"secretRef": {"name": "object-store", "optional": True}}]


def test_the_next_pod_of_the_coordinator_goes_on_and_a_lost_node_does_not_count(objects: list[Object]) -> None:
    (job,) = [each for each in objects if each["kind"] == "Job"]
    (container,) = items(job, "spec", "template", "spec", "containers")
    assert "--continue" in items(container, "args")
    (rule,) = items(job, "spec", "podFailurePolicy", "rules")
    assert field(rule, "action") == "Ignore" and field(rule, "onPodConditions", 0, "type") == "DisruptionTarget"


def test_policies_are_of_the_labels_that_pods_have(objects: list[Object]) -> None:
    (job,) = [each for each in objects if each["kind"] == "Job"]
    assert field(job, "spec", "template", "metadata", "labels", ROLE_LABEL) == "coordinator"
    policies = {name(each): each for each in objects if each["kind"] == "NetworkPolicy"}
    chosen = {key: field(each, "spec", "podSelector", "matchLabels") for key, each in policies.items()}
    assert chosen == {
        "NetworkPolicy/workers": {ROLE_LABEL: "worker"},
        "NetworkPolicy/coordinators": {ROLE_LABEL: "coordinator"},
    }
    (workers,) = items(policies["NetworkPolicy/workers"], "spec", "ingress")
    (coordinators,) = items(policies["NetworkPolicy/coordinators"], "spec", "ingress")
    (allowed,) = items(workers, "from", 0, "podSelector", "matchExpressions")
    assert field(allowed, "values") == ["coordinator", STEP_ROLE]
    assert items(coordinators, "from") == [{"podSelector": {"matchLabels": {ROLE_LABEL: WORKER_ROLE}}}]


def test_workers_reach_no_api_server(objects: list[Object]) -> None:
    (policy,) = [each for each in objects if name(each) == "NetworkPolicy/workers"]
    ends = [to for rule in items(policy, "spec", "egress") for to in items(rule, "to")]
    assert ends and not [to for to in ends if field(to, "ipBlock")]
