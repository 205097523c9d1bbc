"""The patches of Katib and Kubeflow Pipelines, applied to stand-ins of the objects that they change."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.katib.render.algorithms import Algorithm
from tests.manifests.kustomizations import KUBECTL, MANIFESTS, Object, breaches, build_offline, field, items, name
from tests.scripts.control_plane import WEBHOOK, config_map, deployment, stock_katib

THIRD_PARTY = MANIFESTS / "third-party"
KUBECTLS = sorted({str(KUBECTL), *filter(None, [shutil.which("kubectl")])})
"""That of the environment and, where there is another, the machine's: users have kustomize from 5.5 on."""


def katib(place: Path, kubectl: Path = KUBECTL) -> dict[str, Object]:
    return {name(each): each for each in build_offline(THIRD_PARTY / "katib", stock_katib(), place, kubectl)}


def katib_config(place: Path) -> Object:
    config = yaml.safe_load(str(field(katib(place)["ConfigMap/katib-config"], "data", "katib-config.yaml")))
    assert isinstance(config, dict)
    return config


@pytest.mark.parametrize("kubectl", KUBECTLS)
def test_katib_leaves_the_namespace_of_kubeflow_pipelines_alone(kubectl: str, tmp_path: Path) -> None:
    """Its label there lets its webhook guard its own pods, and its version of the labels drops Pod Security."""
    stock = {name(each) for each in stock_katib()}
    assert katib(tmp_path / "katib", Path(kubectl)).keys() == stock - {"Namespace/kubeflow"}


def test_katibs_webhook_is_asked_for_pods_of_trials_alone(tmp_path: Path) -> None:
    built = katib(tmp_path / "katib")
    (webhook,) = items(built["MutatingWebhookConfiguration/katib.kubeflow.org"], "webhooks")
    assert (field(webhook, "name"), field(webhook, "namespaceSelector")) == (
        WEBHOOK,
        field(items(stock_katib()[-1], "webhooks")[0], "namespaceSelector"),
    )
    # Pods of Jobs have this label, and trials are Jobs, or TrainJobs, which run in Jobs.
    assert field(webhook, "objectSelector") == {
        "matchExpressions": [{"key": "batch.kubernetes.io/job-name", "operator": "Exists"}]
    }
    kinds = ["Job.v1.batch", "TrainJob.v1alpha1.trainer.kubeflow.org"]
    assert field(katib_config(tmp_path / "again"), "init", "controller", "trialResources") == kinds


def test_katib_gives_its_collector_the_trials_security_context(tmp_path: Path) -> None:
    config = katib_config(tmp_path / "katib")
    assert field(config, "init", "controller", "injectSecurityContext") is True


def test_katib_has_the_algorithms_of_sweeps_and_they_fit_the_profile_restricted(tmp_path: Path) -> None:
    suggestions = items(katib_config(tmp_path / "katib"), "runtime", "suggestions")
    katibs_own = {each.value for each in Algorithm} - {Algorithm.MORPHOGENETIC.value}
    assert {field(each, "algorithmName") for each in suggestions} == katibs_own
    for each in suggestions:
        assert breaches({"containers": [each]}) == []
        assert str(field(each, "image")).endswith(":v0.19.0")


@pytest.mark.parametrize("kubectl", KUBECTLS)
def test_failed_tasks_are_retried_as_the_pipeline_says(kubectl: str, tmp_path: Path) -> None:
    stock = {
        "artifactRepository": "archiveLogs: true\n",
        "workflowDefaults": "spec:\n  templateDefaults:\n    retryStrategy: {limit: '2', retryPolicy: OnError}\n",
    }
    gone = [
        "cache-deployer-deployment",
        "cache-server",
        "metadata-writer",
        "ml-pipeline-viewer-crd",
        "ml-pipeline-visualizationserver",
    ]
    stand_ins = [config_map("workflow-controller-configmap", stock), *map(deployment, [*gone, "ml-pipeline"])]
    built = build_offline(THIRD_PARTY / "kfp", stand_ins, tmp_path / "kfp", Path(kubectl))
    assert [name(each) for each in built] == ["ConfigMap/workflow-controller-configmap", "Deployment/ml-pipeline"]
    assert field(built[0], "data", "artifactRepository") == stock["artifactRepository"]
    defaults = yaml.safe_load(str(field(built[0], "data", "workflowDefaults")))
    assert defaults["spec"]["ttlStrategy"] == {"secondsAfterCompletion": 86400}
    strategy = defaults["spec"]["templateDefaults"]["retryStrategy"]
    assert strategy["retryPolicy"] == "Always" and "lastRetry" in strategy["expression"]


def test_every_remote_reference_is_a_fixed_version() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in THIRD_PARTY.glob("*/kustomization.yaml"))
    references = re.findall(r"https://\S+", text)
    assert len(references) == 3
    assert [each for each in references if not re.search(r"\?ref=v?\d+\.\d+\.\d+&timeout=", each)] == []
