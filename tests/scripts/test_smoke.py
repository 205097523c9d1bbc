"""`make smoke` from beginning to end, on a stand-in of a cluster.

What the scripts, the manifests and the commands call one another's things agrees. The object store is real, with the
arguments and the keys of the manifests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import open_store
from tests.backends.katib.client.cluster.fake_kubernetes import LABEL, FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibOnThisMachine
from tests.backends.katib.client.cluster.kubernetes_server import KubernetesServer, running_server
from tests.backends.katib.client.test_local_search import config_map
from tests.manifests.kustomizations import MANIFESTS, build, items, pod_specs
from tests.pipelines.client.stub_server import StubServer, serving
from tests.scripts.cluster import ROOT, make_programs, make_secrets, object_store, secret
from tests.scripts.kubectl import ANSWERS
from tests.waiting import DEADLINE_SECONDS, until

pytestmark = pytest.mark.slow

PAGE = "<html>the report: The best, trained again</html>"
FAILURE_PAGE = "<html>the report: the pipeline failed</html>"
SUCCESS = [{"state": "SUCCEEDED"}]
NODE = "wf.root.exit-handler-1"
DIGEST = f"localhost/morphogenetic-train@sha256:{'0' * 64}"


@pytest.fixture
def pipelines() -> Iterator[StubServer]:
    with serving(StubServer()) as stub:
        yield stub


@pytest.fixture
def cluster(tmp_path: Path, pipelines: StubServer) -> Path:
    """A cluster that `make deploy OVERLAY=kind` has prepared, on which everything ends well."""
    cluster = tmp_path / "cluster"
    assert make_secrets(cluster).returncode == 0
    workflow_defaults = MANIFESTS / "third-party" / "kfp" / "workflow-defaults.yaml"
    answers = {
        "service-ml-pipeline": pipelines.url.rpartition(":")[2],
        "configmap-workflow-controller-configmap": yaml.safe_load(workflow_defaults.read_text(encoding="utf-8"))[
            "data"
        ]["workflowDefaults"],
        "experiment": "Created Succeeded ",
        "experiment.yaml": "kind: Experiment\n",
        "trials": "NAME TYPE\n",
        "nodes": f"localhost/morphogenetic-train:kind\n{DIGEST}\n",
        "workflows": "root Succeeded\nfailure-report Succeeded\n",
        "pods-run-0": f"p1 {NODE}.sweep-driver\np2 {NODE}.sweep.executor(0)\np3 {NODE}.train-2.executor(0)\n",
        "pods-run-1": f"q1 {NODE}.sweep.executor(0)\nq2 {NODE}.train-2-driver\n",
        "retries": "",
        "experiment-looks": "1",
    }
    (cluster / ANSWERS).mkdir()
    for name, text in answers.items():
        (cluster / ANSWERS / name).write_text(text, encoding="utf-8")
    return cluster


def smoke(cluster: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script, with results in the folder beside the cluster."""
    programs = make_programs(cluster)
    # as `make` would, but without looking whether packages are to be installed
    make = programs / "make"
    make.write_text(f'#!/bin/sh\nexec {shutil.which("make")} --old-file=.venv/development "$@"\n', encoding="utf-8")
    make.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "AWS_", "KF"))}
    environment |= {"PATH": f"{programs}:{os.environ['PATH']}", "SMOKE_RESULTS": str(cluster.parent / "results")}
    return subprocess.run(
        ["scripts/smoke.sh"],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )


def keep(page: str, folder: str) -> None:
    store = open_store(f"s3://sweeps/{folder}", patience=1)

    def kept() -> bool:
        try:
            store.put_bytes(page.encode(), "reports/run-0/index.html")
        except StoreError:
            return False
        return True

    until(kept, "bucket of the manifests")


@pytest.fixture
def katib() -> Iterator[KubernetesServer]:
    """An API server with Katib, in which the suggestion service is registered."""
    cluster = FakeKubernetes({"morphogenetic": {LABEL: "enabled"}})
    cluster.put("configmaps", "kubeflow", config_map("morphogenetic"))
    with running_server(cluster) as server:
        yield server


Whole = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def whole(
    cluster: Path, pipelines: StubServer, katib: KubernetesServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Whole]:
    """Runs the script with an object store that has a page as the report of the first run."""
    pipelines.stories = [SUCCESS, SUCCESS, [{"state": "RUNNING"}]]
    monkeypatch.setenv("KUBECONFIG", str(katib.kubeconfig(cluster.parent / "kubeconfig")))
    for name, value in secret(cluster, "kubeflow", "object-store").items():
        monkeypatch.setenv(name, value)
    with object_store(cluster / "morphogenetic" / "object-store-identities" / "s3.json", cluster.parent) as url:
        (cluster / ANSWERS / "service-seaweedfs").write_text(url.rpartition(":")[2], encoding="utf-8")
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)

        def run(page: str) -> subprocess.CompletedProcess[str]:
            keep(page, "smoke")
            return smoke(cluster)

        yield run


def test_a_pipeline_and_an_experiment_end_and_the_report_is_fetched(
    cluster: Path, pipelines: StubServer, katib: KubernetesServer, whole: Whole
) -> None:
    known = secret(cluster, "kubeflow", "object-store")
    with KatibOnThisMachine(katib.cluster, cluster.parent, "morphogenetic"):
        done = whole(PAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 trials are the same in" in done.stdout
    assert (cluster.parent / "results" / "index.html").read_text(encoding="utf-8") == PAGE
    assert done.stdout.endswith(f"report: {cluster.parent}/results/index.html\n")
    assert known["AWS_SECRET_ACCESS_KEY"] not in done.stdout + done.stderr
    first, again, stopped = pipelines.runs
    assert_fits(first["pipeline_spec"], cluster)
    assert first["pipeline_spec"] == again["pipeline_spec"], "only then is its cache looked at"
    assert stopped["state"] == "FAILED" and pipelines.count("POST /runs/run-2:terminate") == 1
    applied = yaml.safe_load((cluster / ANSWERS / "applied.yaml").read_text(encoding="utf-8"))
    assert applied["metadata"]["namespace"] == "morphogenetic"
    (container,) = applied["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == DIGEST


def assert_fits(spec: dict[str, Any], cluster: Path) -> None:
    """A pipeline asks the cluster for nothing that `make deploy` does not put there."""
    known = secret(cluster, "kubeflow", "object-store")
    inputs = spec["pipeline_spec"]["root"]["inputDefinitions"]["parameters"]
    assert inputs["namespace"]["defaultValue"] == "morphogenetic"
    executors = spec["pipeline_spec"]["deploymentSpec"]["executors"]
    containers = [each["container"] for each in executors.values()]
    assert {each["image"] for each in containers} == {DIGEST, overlay_image("report")}
    assert DIGEST.startswith(overlay_image("train").partition(":")[0])
    for container in containers:
        variables = {each["name"]: each.get("value") for each in container["env"]}
        assert variables["AWS_ENDPOINT_URL"] == known["AWS_ENDPOINT_URL"]
    pods = spec["platform_spec"]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert pods.keys() == executors.keys()
    for pod in pods.values():
        (used,) = pod["secretAsEnv"]
        assert (used["secretName"], {each["secretKey"] for each in used["keyToEnv"]} - known.keys()) == (
            "object-store",
            set(),
        )


def overlay_image(name: str) -> str:
    """Returns the name under which scripts/kind.sh loads an image, which is that of the overlay for MLflow's."""
    pods = dict(pod_specs(build(MANIFESTS / "overlays" / "kind")))
    (image,) = {str(each["image"]) for each in items(pods["Deployment/mlflow"], "containers") if isinstance(each, dict)}
    return image.replace("-mlflow:", f"-{name}:")


@pytest.mark.parametrize(
    ("answer", "text", "said"),
    [
        ("workflows", "root Succeeded\nfailure-report Failed\n", "the exit task has not ended well"),
        ("retries", None, "the step sweep was not retried after its pod was deleted"),
        ("pods-run-1", f"q1 {NODE}.train-2.executor(0)\n", "has not taken its trainings from the cache"),
        ("nodes", "localhost/morphogenetic-train:kind\n", "by its digest, so the cache was not tried"),
        ("experiment-looks", "1000", "was stopped, but its Experiment"),
    ],
)
def test_what_a_cluster_does_wrong_is_noticed(
    answer: str, text: str | None, said: str, cluster: Path, whole: Whole
) -> None:
    file = cluster / ANSWERS / answer
    if text is None:
        file.unlink()
    else:
        file.write_text(text, encoding="utf-8")
    done = whole(PAGE)
    assert done.returncode == 1
    assert f"smoke.sh: {said}" in done.stderr or said in done.stderr.splitlines()[-1]


def test_a_cluster_without_the_suggestion_service_is_noticed(katib: KubernetesServer, whole: Whole) -> None:
    katib.cluster.put("configmaps", "kubeflow", config_map("random"))
    done = whole(PAGE)
    assert done.returncode == 1
    assert "Katib has no algorithm morphogenetic" in done.stderr
    assert done.stderr.endswith("the search smoke-search has not ended well on Katib\n")


def test_a_page_of_failure_in_the_place_of_the_report_is_noticed(whole: Whole) -> None:
    done = whole(FAILURE_PAGE)
    assert done.returncode == 1
    assert done.stderr.endswith("index.html is not the report of a success\n")


def test_a_pipeline_that_fails_ends_it(cluster: Path, pipelines: StubServer) -> None:
    pipelines.story = [{"state": "FAILED"}]
    done = smoke(cluster)
    assert done.returncode not in {0, 64} and not (cluster / ANSWERS / "applied.yaml").exists()
    assert "run: failed" in done.stdout


def test_an_experiment_that_fails_ends_it(cluster: Path) -> None:
    (cluster / ANSWERS / "experiment").write_text("Created Failed ", encoding="utf-8")
    done = smoke(cluster)
    assert done.returncode == 1
    assert done.stderr.endswith("has failed\n")


def test_a_service_that_is_not_there_ends_it(cluster: Path) -> None:
    (cluster / ANSWERS / "service-ml-pipeline").unlink()
    done = smoke(cluster)
    assert done.returncode == 1
    assert "smoke.sh: no connection to ml-pipeline: error: services" in done.stderr


def test_defaults_of_the_workflow_controller_that_hinder_retries_end_it(cluster: Path) -> None:
    defaults = "spec:\n  templateDefaults:\n    retryStrategy: {limit: 2, retryPolicy: OnError}\n"
    (cluster / ANSWERS / "configmap-workflow-controller-configmap").write_text(defaults, encoding="utf-8")
    done = smoke(cluster)
    assert done.returncode == 1
    assert "has not the retryStrategy of" in done.stderr
