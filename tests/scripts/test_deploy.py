"""`make deploy` on stand-ins of clusters: an empty one, one of an earlier version, and one that hangs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.manifests.kustomizations import MANIFESTS, build, field, items
from tests.scripts.cluster import ROOT, make_programs
from tests.scripts.control_plane import (
    INJECTION,
    KATIB_NAMES,
    POD_SECURITY,
    ControlPlane,
    config_map,
    keys,
    namespace,
    stock_katib,
)
from tests.scripts.kubectl import CALLS, STATE

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    cluster = tmp_path / "cluster"
    (cluster / "kubeflow").mkdir(parents=True)
    return cluster


def deploy(cluster: Path, overlay: str = "kind", **more: str) -> subprocess.CompletedProcess[str]:
    """Runs the script; it looks once whether all is up."""
    environment = {**os.environ, "PATH": f"{make_programs(cluster)}:{os.environ['PATH']}", "TIMEOUT": "0s", **more}
    words = ["scripts/deploy.sh", overlay]
    return subprocess.run(words, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=600)


def calls(cluster: Path) -> list[str]:
    return (cluster / CALLS).read_text(encoding="utf-8").splitlines()


def ready(cluster: Path) -> dict[str, object]:
    plane = ControlPlane(cluster / STATE)
    return {key: each["ready"] for key, each in plane.objects.items() if each["kind"] in {"Deployment", "StatefulSet"}}


def labels(cluster: Path, namespace: str) -> object:
    return field(ControlPlane(cluster / STATE).objects[f"/Namespace/{namespace}"], "metadata", "labels")


def test_one_pass_on_an_empty_cluster_is_enough(cluster: Path) -> None:
    done = deploy(cluster)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {f"kubeflow/Deployment/{name}" for name in KATIB_NAMES} <= ready(cluster).keys()
    assert set(ready(cluster).values()) == {True}
    assert labels(cluster, "kubeflow") == POD_SECURITY
    assert not [each for each in calls(cluster) if each.startswith("rollout restart")]


def test_a_second_deployment_changes_nothing(cluster: Path) -> None:
    assert deploy(cluster).returncode == 0
    before = (cluster / STATE).read_text(encoding="utf-8")
    assert deploy(cluster).returncode == 0
    assert (cluster / STATE).read_text(encoding="utf-8") == before
    assert not [each for each in calls(cluster) if each.startswith("rollout restart")]


def test_everything_comes_back_while_katibs_controller_is_away(cluster: Path) -> None:
    assert deploy(cluster).returncode == 0
    plane = ControlPlane(cluster / STATE)
    plane.objects["kubeflow/Deployment/katib-controller"]["ready"] = False
    for key in ("kubeflow/Deployment/ml-pipeline", "morphogenetic/StatefulSet/seaweedfs"):
        plane.end_pods(key)
    assert set(ready(cluster).values()) == {True}


@pytest.mark.parametrize("by_hand", [False, True], ids=["applied", "labelled by hand"])
def test_a_cluster_that_an_earlier_version_left_stuck_is_mended_and_loses_nothing(cluster: Path, by_hand: bool) -> None:
    plane = ControlPlane(cluster / STATE)
    mine = list(yaml.safe_load_all((ROOT / "tests/manifests/deployed_before.yaml").read_text(encoding="utf-8")))
    plane.apply([*stock_katib(), *mine])
    if by_hand:  # `kubectl apply` leaves such a label where it is
        plane.objects["/Namespace/kubeflow"]["applied"] = namespace({})
        plane.apply([])
    assert not any(ready(cluster).values()), "Katib's webhook guards Katib's own pods"
    done = deploy(cluster)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(ready(cluster).values()) == {True}
    assert INJECTION not in str(labels(cluster, "kubeflow"))
    assert keys(mine) <= ControlPlane(cluster / STATE).objects.keys()
    assert "rollout restart deployment/katib-controller" in calls(cluster), "its configuration has changed"


def test_what_is_not_up_is_said_with_its_reason(cluster: Path) -> None:
    ControlPlane(cluster / STATE).apply(stock_katib())
    done = deploy(cluster, PLATFORM="no")
    assert done.returncode == 1
    assert "namespace morphogenetic: after 0 s still not up" in done.stderr
    assert "Deployment mlflow: 0 of 1 ready" in done.stderr
    assert "FailedCreate: Internal error occurred: failed calling webhook" in done.stderr


def test_the_owner_of_a_namespace_needs_no_platform(cluster: Path) -> None:
    home = "kubeflow-user-example-com"
    store = cluster / home / "object-store"
    store.mkdir(parents=True)
    (store / "AWS_ACCESS_KEY_ID").write_text("mine", encoding="utf-8")
    done = deploy(cluster, "profile")
    assert done.returncode == 0, done.stderr
    assert ControlPlane(cluster / STATE).objects.keys() == keys(build(MANIFESTS / "overlays" / "profile"))
    assert not list((cluster / "kubeflow").iterdir()), "the steps of this one's pipelines run in its own namespace"
    assert len(calls(cluster)) == 1


def services(cluster: Path) -> dict[str, object]:
    """Returns the images of the suggestion services in Katib's configuration."""
    found = ControlPlane(cluster / STATE).objects["kubeflow/ConfigMap/katib-config"]
    config = yaml.safe_load(str(field(found, "data", "katib-config.yaml")))
    return {str(field(each, "algorithmName")): field(each, "image") for each in items(config, "runtime", "suggestions")}


def test_the_suggestion_service_is_registered_with_the_image_of_the_overlay(cluster: Path) -> None:
    assert deploy(cluster).returncode == 0
    assert services(cluster)["morphogenetic"] == "localhost/morphogenetic-suggestion:kind"
    assert "multivariate-tpe" in services(cluster)


def test_it_is_registered_in_a_katib_that_is_already_there_and_nothing_else_of_it_changes(cluster: Path) -> None:
    config = "runtime:\n  suggestions:\n    - {algorithmName: random, image: random:1}\n"
    plane = ControlPlane(cluster / STATE)
    plane.apply([config_map("katib-config", {"katib-config.yaml": config})])
    done = deploy(cluster, PLATFORM="no")
    assert done.returncode == 0, done.stderr
    assert services(cluster) == {"random": "random:1", "morphogenetic": "localhost/morphogenetic-suggestion:kind"}
    assert deploy(cluster, PLATFORM="no").returncode == 0
    assert len([each for each in calls(cluster) if each.startswith("replace ")]) == 1
    assert not any("third-party" in each for each in calls(cluster))


def test_a_cluster_whose_katib_cannot_be_read_is_deployed_without_it(cluster: Path) -> None:
    done = deploy(cluster, PLATFORM="no")
    assert done.returncode == 0
    assert "so --algorithm morphogenetic is not there" in done.stderr


def test_an_overlay_without_a_namespace_is_refused(cluster: Path, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n", encoding="utf-8")
    done = deploy(cluster, str(tmp_path))
    assert done.returncode == 2
    assert "names no namespace" in done.stderr
