"""Reasons why pods do not start, and resources that pods will lack, on a cluster that answers over HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.run_pods import quota_problem, secret_problem, waiting_pods
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.config_file import parse_config, parse_yaml
from pipelines.client.diagnosis import diagnosis, lacking, reasons, retry_note
from pipelines.client.runs import Run, RunState
from pipelines.plan import Images, ObjectStore, Pipeline, Plan
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes, Manifest
from tests.manifests.kustomizations import MANIFESTS

RUN = "6d547fbf-8f5f-4e84-a56c-db95091a3abe"
UNSCHEDULABLE = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."


def pod(name: str, task: str, status: Manifest) -> Manifest:
    node = f"wf.root.exit-handler-1.{task}.executor(0)"
    metadata = {
        "name": name,
        "labels": {"pipeline/runid": RUN},
        "annotations": {"workflows.argoproj.io/node-name": node},
    }
    return {"metadata": metadata, "spec": {"containers": []}, "status": {"phase": "Pending", **status}}


def waiting(reason: str, message: str = "") -> Manifest:
    said = {"reason": reason, **({"message": message} if message else {})}
    state = {"name": "main", "image": "registry/train:1", "imageID": "", "ready": False, "restartCount": 0}
    return {"containerStatuses": [{**state, "state": {"waiting": said}}]}


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (
            waiting("CreateContainerConfigError", 'secret "store" not found'),
            'CreateContainerConfigError: secret "store" not found',
        ),
        (waiting("ImagePullBackOff"), "ImagePullBackOff: registry/train:1"),
        (
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": UNSCHEDULABLE}
                ]
            },
            UNSCHEDULABLE,
        ),
        (waiting("ContainerCreating"), "FailedMount: no such volume"),
    ],
)
def test_a_pod_that_does_not_start_says_why(cluster: FakeKubernetes, status: Manifest, why: str) -> None:
    cluster.put("pods", "ml", pod("p-1", "train", status))
    cluster.put("pods", "ml", pod("p-2", "report", {"phase": "Running"}))
    event = {"metadata": {"name": "p-1.1"}, "type": "Warning", "reason": "FailedMount", "message": "no such volume"}
    cluster.put("events", "ml", {**event, "involvedObject": {"kind": "Pod", "name": "p-1"}})
    (found,) = waiting_pods(connect(namespace="ml"), RUN)
    assert (found.name, found.step, found.why) == ("p-1", "train", why)
    run = Run(RUN, "one", RunState.RUNNING, "")
    assert diagnosis("ml")(run) == [f"train the best: {why} (pod p-1)"]


def ended(code: int, message: str = "") -> Manifest:
    said = {"exitCode": code, "reason": "Error", **({"message": message} if message else {})}
    state = {"name": "main", "image": "registry/train:1", "imageID": "", "ready": False, "restartCount": 0}
    return {"phase": "Failed", "containerStatuses": [{**state, "state": {"terminated": said}}]}


def test_a_step_that_failed_says_why(cluster: FakeKubernetes) -> None:
    """The API of Kubeflow Pipelines has no reason for any failure."""
    words = "local_sweep: config: is not valid JSON (will not be tried again)"
    cluster.put("pods", "ml", pod("p-1", "local-sweep", ended(1, words)))
    cluster.put("pods", "ml", pod("p-2", "report", ended(137)))
    run = Run(RUN, "one", RunState.FAILED, "")
    assert reasons(run, "ml") == [f"why: sweep in one pod: {words}", "why: report: Error (exit code 137)"]
    cluster.forbidden = {("list", "pods")}
    assert not reasons(run, "ml")


def test_where_the_cluster_may_not_be_asked_the_command_is_given(cluster: FakeKubernetes) -> None:
    cluster.forbidden = {("list", "pods")}
    with pytest.raises(ClusterError):
        waiting_pods(connect(namespace="ml"), RUN)
    said = diagnosis("ml")(Run(RUN, "one", RunState.RUNNING, ""))
    assert said[0].startswith("the cluster cannot be asked why (")
    assert said[1] == f"kubectl --namespace ml describe pods --selector pipeline/runid={RUN}"


def plan(gpu: int = 0) -> Plan:
    text = f"parameters: {{lr: [0.1]}}\nresources: {{gpu: {gpu}, memory: 8Gi}}"
    config = parse_config(parse_yaml(text, where="x"), where="x")
    return Plan(Pipeline.SWEEP, config, Images("a:1", "b:1"), ObjectStore("s3://b/c", secret="store"))


def test_a_secret_that_is_not_there_is_noticed_before_anything_starts(cluster: FakeKubernetes) -> None:
    said = lacking(plan(), "ml")
    assert said == ["--storage-secret: namespace ml has no Secret 'store': pods that need it would wait forever"]
    cluster.put("secrets", "ml", {"metadata": {"name": "store"}, "data": {"AWS_ACCESS_KEY_ID": "eA=="}})
    assert secret_problem(connect(namespace="ml"), "store", ("AWS_ACCESS_KEY_ID", "other")).endswith("no key 'other'")
    assert secret_problem(connect(namespace="ml"), "store", ("AWS_ACCESS_KEY_ID",)) == ""


def test_a_secret_of_trials_is_looked_for_in_their_namespace(cluster: FakeKubernetes) -> None:
    with_secret = replace(plan(), store=ObjectStore(), namespace="trials").with_trial_secret("keys")
    cluster.put("secrets", "ml", {"metadata": {"name": "keys"}, "data": {}})
    assert lacking(with_secret, "ml") == [
        "resources.secrets: namespace trials has no Secret 'keys': no trial would start"
    ]
    cluster.put("secrets", "trials", {"metadata": {"name": "keys"}, "data": {}})
    assert lacking(with_secret, "ml") == []
    assert lacking(replace(with_secret, pipeline=Pipeline.LOCAL_SWEEP, namespace="other"), "ml") == []


def test_a_quota_that_no_pod_of_a_training_fits_in_is_noticed(cluster: FakeKubernetes) -> None:
    hard = {"requests.nvidia.com/gpu": "1", "limits.memory": "16Gi"}
    cluster.put("resourcequotas", "ml", {"metadata": {"name": "sweeps"}, "spec": {"hard": hard}})
    here = connect(namespace="ml")
    assert quota_problem(here, {"nvidia.com/gpu": "2"}) == (
        "quota ml/sweeps allows requests.nvidia.com/gpu=1, but a pod asks for 2"
    )
    assert quota_problem(here, {"nvidia.com/gpu": "1", "memory": "8Gi"}) == ""
    assert any(line.startswith("resources: quota ml/sweeps") for line in lacking(plan(gpu=2), "ml"))


def test_a_workflow_controller_that_does_not_retry_as_pipelines_expect_is_noticed(cluster: FakeKubernetes) -> None:
    assert retry_note("ml") == ""  # no such ConfigMap: it may be elsewhere
    stock = "spec:\n  templateDefaults:\n    retryStrategy: {limit: 2, retryPolicy: OnError}\n"
    config: Manifest = {"metadata": {"name": "workflow-controller-configmap"}, "data": {"workflowDefaults": stock}}
    cluster.put("configmaps", "kubeflow", config)
    assert "may not be tried again" in retry_note("ml")
    deployed = (MANIFESTS / "third-party" / "kfp" / "workflow-defaults.yaml").read_text(encoding="utf-8")
    cluster.put("configmaps", "kubeflow", {**config, "data": yaml.safe_load(deployed)["data"]})
    assert retry_note("ml") == ""
    cluster.put("configmaps", "kubeflow", {**config, "data": {}})
    assert "may not be tried again" in retry_note("ml")
    cluster.forbidden = {("get", "configmaps")}
    assert retry_note("ml") == ""


def test_what_may_not_be_looked_up_is_no_problem(cluster: FakeKubernetes) -> None:
    cluster.forbidden = {("get", "secrets"), ("list", "resourcequotas")}
    assert lacking(plan(gpu=2), "ml") == []
