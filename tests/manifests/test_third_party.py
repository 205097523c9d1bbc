"""What is changed in Katib and Kubeflow Pipelines, applied to stand-ins of the objects that it names."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from morphogenetic_engine.backends.katib.render.algorithms import Algorithm
from tests.manifests.kustomizations import MANIFESTS, Object, breaches, build_offline, field, items, name

THIRD_PARTY = MANIFESTS / "third-party"


def config_map(name: str, data: dict[str, str]) -> Object:
    metadata = {"name": name, "namespace": "kubeflow"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def deployment(name: str) -> Object:
    metadata = {"name": name, "namespace": "kubeflow"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1}}


def katib_config(place: Path) -> Object:
    stock = config_map("katib-config", {"katib-config.yaml": "init: {}\n"})
    (built,) = build_offline(THIRD_PARTY / "katib", [stock], place)
    assert name(built) == "ConfigMap/katib-config"
    config = yaml.safe_load(str(field(built, "data", "katib-config.yaml")))
    assert isinstance(config, dict)
    return config


def test_katib_gives_its_collector_the_trials_security_context(tmp_path: Path) -> None:
    config = katib_config(tmp_path / "katib")
    assert field(config, "init", "controller", "injectSecurityContext") is True
    assert field(config, "init", "controller", "trialResources") == ["Job.v1.batch"]


def test_katib_has_the_algorithms_of_sweeps_and_they_fit_the_profile_restricted(tmp_path: Path) -> None:
    suggestions = items(katib_config(tmp_path / "katib"), "runtime", "suggestions")
    assert {field(each, "algorithmName") for each in suggestions} == {each.value for each in Algorithm}
    for each in suggestions:
        assert breaches({"containers": [each]}) == []
        assert str(field(each, "image")).endswith(":v0.19.0")


def test_failed_tasks_are_retried_as_the_pipeline_says(tmp_path: Path) -> None:
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
    built = build_offline(THIRD_PARTY / "kfp", stand_ins, tmp_path / "kfp")
    assert [name(each) for each in built] == ["ConfigMap/workflow-controller-configmap", "Deployment/ml-pipeline"]
    assert field(built[0], "data", "artifactRepository") == stock["artifactRepository"]
    defaults = yaml.safe_load(str(field(built[0], "data", "workflowDefaults")))
    assert defaults == {"spec": {"ttlStrategy": {"secondsAfterCompletion": 86400}}}


def test_every_remote_reference_is_a_fixed_version() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in THIRD_PARTY.glob("*/kustomization.yaml"))
    references = re.findall(r"https://\S+", text)
    assert len(references) == 3
    assert [each for each in references if not re.search(r"\?ref=v?\d+\.\d+\.\d+&timeout=", each)] == []
