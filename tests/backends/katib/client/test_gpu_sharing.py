"""Sweeps whose trials share one GPU: the claim that `sweep submit` creates, and what a cluster may lack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.conftest import SWEEP, Command
from tests.backends.katib.client.test_submit import SUBMIT
from tests.backends.katib.render.configs import at


def share_a_gpu() -> None:
    """Writes the sweep file again, with trials that share a GPU."""
    shared = '{image: "registry/toy:1", gpu_sharing: {by: claim, strategy: TimeSlicing}}'
    Path("sweep.yaml").write_text(SWEEP.replace('{image: "registry/toy:1"}', shared), encoding="utf-8")


@pytest.fixture(autouse=True)
def shared(kubeconfig: Path) -> None:
    del kubeconfig
    share_a_gpu()


def test_the_claim_is_created_once_and_belongs_to_the_experiment(command: Command, cluster: FakeKubernetes) -> None:
    for _ in range(2):
        assert command(*SUBMIT).status == 0
    experiment, claim = cluster.get("experiments", "ml", "toy"), cluster.get("resourceclaims", "ml", "toy")
    assert at(claim, "metadata", "ownerReferences") == [
        {
            "apiVersion": "kubeflow.org/v1beta1",
            "kind": "Experiment",
            "name": "toy",
            "uid": at(experiment, "metadata", "uid"),
        }
    ]
    pod = at(experiment, "spec", "trialTemplate", "trialSpec", "spec", "template", "spec")
    assert pod["resourceClaims"] == [{"name": "gpu", "resourceClaimName": at(claim, "metadata", "name")}]
    assert cluster.requests.count("POST /apis/resource.k8s.io/v1/namespaces/ml/resourceclaims") == 2


def test_a_claim_that_a_killed_submit_did_not_create_is_made_up_for(command: Command, cluster: FakeKubernetes) -> None:
    assert command(*SUBMIT).status == 0
    cluster.remove("resourceclaims", "ml", "toy")
    assert command(*SUBMIT).status == 0
    assert cluster.names("resourceclaims") == ["toy"]


def test_a_cluster_without_claims_keeps_no_experiment_whose_pods_would_wait(
    command: Command, cluster: FakeKubernetes
) -> None:
    cluster.has_claims = False
    ran = command(*SUBMIT)
    assert ran.status == 2 and "knows no ResourceClaims (resource.k8s.io/v1)" in ran.err
    assert cluster.names("experiments") == []


def test_who_may_not_create_claims_is_told(command: Command, cluster: FakeKubernetes) -> None:
    cluster.forbidden.add(("create", "resourceclaims"))
    ran = command(*SUBMIT)
    assert ran.status == 2 and "may not create ResourceClaim ml/toy" in ran.err
    assert cluster.names("experiments") == []
