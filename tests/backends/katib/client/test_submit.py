"""`sweep submit`: creates one Experiment on the cluster, or says why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.backends.kubernetes.katib_api import INJECTION_LABEL
from tests.backends.katib.client.cluster.fake_kubernetes import LABEL, FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand
from tests.backends.katib.client.cluster.kubernetes_server import KubernetesServer
from tests.backends.katib.client.conftest import SWEEP, Command

SUBMIT = "sweep submit --config sweep.yaml --to katib --name toy".split()


def test_an_experiment_is_created_where_the_kubeconfig_says(command: Command, cluster: FakeKubernetes) -> None:
    ran = command(*SUBMIT)
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "Experiment ml/toy created",
        "watch it with: morphogenetic sweep watch --experiment toy --namespace ml",
    ]
    assert "# sweep.yaml: execution.retries:" in ran.err
    assert cluster.names("experiments") == ["toy"]
    assert INJECTION_LABEL == LABEL


def test_the_same_again_finds_it_and_creates_nothing(command: Command, cluster: FakeKubernetes) -> None:
    command(*SUBMIT)
    before = cluster.get("experiments", "ml", "toy")
    ran = command(*SUBMIT)
    assert (ran.status, ran.err) == (0, "") and "Experiment ml/toy exists already" in ran.out
    assert cluster.get("experiments", "ml", "toy") == before


def test_another_sweep_of_the_same_name_is_refused(command: Command, cluster: FakeKubernetes) -> None:
    command(*SUBMIT)
    ran = command(*SUBMIT, "--seed", "7")
    assert ran.status == 2 and "created from another sweep file or other options; give the new one a --name" in ran.err
    assert command(*SUBMIT, "--gpu", "1").status == 2
    assert cluster.names("experiments") == ["toy"]


def test_katib_s_defaults_make_it_no_other_sweep(command: Command, cluster: FakeKubernetes) -> None:
    command(*SUBMIT)
    manifest = cluster.get("experiments", "ml", "toy")
    assert isinstance(manifest["spec"], dict)
    manifest["spec"]["trialTemplate"]["successCondition"] = 'status.conditions.#(type=="Complete")'
    cluster.put("experiments", "ml", manifest)
    assert "exists already" in command(*SUBMIT).out


def test_without_a_name_the_same_sweep_still_finds_itself(command: Command, cluster: FakeKubernetes) -> None:
    for _ in range(2):
        assert command(*SUBMIT[:-2]).status == 0
    assert len(cluster.names("experiments")) == 1


def test_somebody_else_creates_it_in_between(command: Command, cluster: FakeKubernetes) -> None:
    command(*SUBMIT)
    cluster.failures = []
    key = ("experiments", "ml", "toy")
    manifest = cluster.objects.pop(key)
    find = cluster.get

    def create(request: str) -> None:
        """The other one comes after we have looked."""
        if request.startswith("POST"):
            cluster.objects[key] = manifest

    class Requests(list[str]):
        def append(self, request: str, /) -> None:
            super().append(request)
            create(request)

    cluster.requests = Requests()
    ran = command(*SUBMIT)
    assert ran.status == 0 and "exists already" in ran.out
    assert find(*key) == manifest


def test_a_server_that_says_when_it_will_have_time_is_asked_again_then(
    command: Command, cluster: FakeKubernetes
) -> None:
    cluster.failures, cluster.retry_after = [429, 429, 503], 0
    assert command(*SUBMIT).status == 0
    cluster.failures = [429] * 99
    ran = command(*SUBMIT)
    assert ran.status == 2 and "the server is busy (429)" in ran.err and ran.err.count("\n") == 1
    assert len(cluster.failures) > 80


def test_an_experiment_that_is_being_deleted_is_none_to_come_back_to(command: Command, cluster: FakeKubernetes) -> None:
    command(*SUBMIT)
    manifest = cluster.get("experiments", "ml", "toy")
    manifest["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"  # type: ignore[index]
    cluster.put("experiments", "ml", manifest)
    ran = command(*SUBMIT)
    assert ran.status == 2 and "is being deleted; submit again when it is gone, or give the new one a --name" in ran.err


def test_a_user_who_may_not_read_namespaces_leaves_the_answer_to_katib(
    command: Command, cluster: FakeKubernetes
) -> None:
    cluster.forbidden = {("get", "namespaces"), ("get", "customresourcedefinitions")}
    assert command(*SUBMIT).status == 0


def _no_katib(cluster: FakeKubernetes) -> None:
    cluster.has_katib = False


def _no_label(cluster: FakeKubernetes) -> None:
    cluster.namespaces = {"ml": {}}


def _no_namespace(cluster: FakeKubernetes) -> None:
    cluster.namespaces = {}


def _forbidden(cluster: FakeKubernetes) -> None:
    cluster.forbidden = {("create", "experiments")}


def _denied(cluster: FakeKubernetes) -> None:
    cluster.denial = "spec.parallelTrialCount must be\nless than or equal to spec.maxTrialCount"


def _busy(cluster: FakeKubernetes) -> None:
    cluster.failures = [503]


def _blind_and_without_katib(cluster: FakeKubernetes) -> None:
    cluster.has_katib = False
    cluster.forbidden = {("get", "customresourcedefinitions")}


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (_no_katib, "has no Katib: there is no experiments.kubeflow.org"),
        (_blind_and_without_katib, "has no Katib: it does not know kubeflow.org/v1beta1"),
        (
            _no_label,
            f"namespace ml: has no label {LABEL}=enabled, without which Katib refuses Experiments: kubectl label",
        ),
        (_no_namespace, "has no namespace 'ml'"),
        (_forbidden, 'may not create Experiment ml/toy: experiments.kubeflow.org is forbidden: User "test" cannot'),
        (_denied, "Katib refuses to create Experiment ml/toy: spec.parallelTrialCount must be less than or equal to"),
        (_busy, "cannot read experiments ml/toy just now: the server is busy (503)"),
    ],
)
def test_a_cluster_that_cannot_or_will_not(command: Command, cluster: FakeKubernetes, spoil, line: str) -> None:  # type: ignore[no-untyped-def]
    spoil(cluster)
    ran = command(*SUBMIT)
    assert (ran.status, ran.out) == (2, "")
    assert line in ran.err and ran.err.count("\n") == 1
    assert cluster.names("experiments") == [] and not Path("results").exists()


def test_a_cluster_that_is_not_there(command: Command, server: KubernetesServer) -> None:
    server.stop()
    ran = command(*SUBMIT)
    server.start()
    assert ran.status == 2 and ran.err.count("\n") == 1
    assert f"{server.url}: cannot be reached: " in ran.err and "refused" in ran.err


def test_credentials_that_are_no_good(command: Command, server: KubernetesServer, kubeconfig: Path) -> None:
    server.kubeconfig(kubeconfig, token="old")
    ran = command(*SUBMIT)
    assert ran.status == 2 and "rejects the credentials (401)" in ran.err and "old" not in ran.err


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "no cluster: there is no kubeconfig"),
        ("{", "is not a valid kubeconfig"),
        ("clusters: []", "is not a valid kubeconfig"),
        ("", "is not a valid kubeconfig"),
    ],
)
def test_a_kubeconfig_that_leads_nowhere(command: Command, kubeconfig: Path, content: str | None, line: str) -> None:
    kubeconfig.unlink()
    if content is not None:
        kubeconfig.write_text(content, encoding="utf-8")
    ran = command(*SUBMIT)
    assert ran.status == 2 and line in ran.err and ran.err.count("\n") == 1


def test_a_context_that_is_not_in_the_kubeconfig(command: Command) -> None:
    ran = command(*SUBMIT, "--context", "there")
    assert ran.status == 2 and "has no context 'there'; it has here" in ran.err
    assert command(*SUBMIT, "--context", "here").status == 0


def test_what_katib_cannot_express_never_reaches_the_cluster(command: Command, cluster: FakeKubernetes) -> None:
    Path("sweep.yaml").write_text(SWEEP + "sweep_type: progressive\n", encoding="utf-8")
    ran = command(*SUBMIT)
    assert ran.status == 2 and "progressive cannot run on Katib" in ran.err
    assert cluster.requests == []


def test_an_experiment_of_somebody_else_s(command: Command, cluster: FakeKubernetes, katib: KatibByHand) -> None:
    cluster.put("experiments", "ml", {"metadata": {"name": "toy"}, "spec": {"trialTemplate": {}}})
    katib.start("toy-1", lr="0.1")
    line = "Experiment ml/toy: was not created by `sweep render` or `sweep submit`"
    assert line in command(*SUBMIT).err
    assert line in command(*"sweep collect --experiment toy".split()).err
    assert not Path("results").exists()
