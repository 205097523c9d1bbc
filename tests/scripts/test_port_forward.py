"""`make port-forward`: the web pages of a cluster, in their namespaces."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KUBECTL = """#!/bin/sh
case "$*" in
  *" get service "*) echo "$2/$5" | grep -qxF -f "$SERVICES" ;;
  *) echo "$*" >>"$FORWARDED" ;;
esac
"""


@pytest.fixture(name="opened")
def _opened(tmp_path: Path) -> dict[str, str]:
    """The environment of the script: a kubectl that knows some services, and ends each connection at once."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL, encoding="utf-8")
    kubectl.chmod(0o755)
    paths = {"SERVICES": str(tmp_path / "services"), "FORWARDED": str(tmp_path / "forwarded")}
    return {**os.environ, **paths, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


def forwarded(opened: dict[str, str], services: list[str], *words: str) -> tuple[subprocess.CompletedProcess[str], str]:
    Path(opened["SERVICES"]).write_text("".join(f"{each}\n" for each in services), encoding="utf-8")
    Path(opened["FORWARDED"]).touch()
    done = subprocess.run(
        ["scripts/port-forward.sh", *words], cwd=ROOT, env=opened, check=False, capture_output=True, text=True
    )
    return done, Path(opened["FORWARDED"]).read_text(encoding="utf-8")


def test_pages_are_looked_for_in_the_namespaces_that_are_named(opened: dict[str, str]) -> None:
    opened["KUBEFLOW_NAMESPACE"] = "kubeflow-two"
    done, _ = forwarded(opened, ["kubeflow-two/ml-pipeline-ui", "team/mlflow", "morphogenetic/mlflow"], "team")
    assert done.stdout.splitlines() == [
        "Kubeflow Pipelines: http://localhost:8080/",
        "Katib: there is no service katib-ui in the namespace kubeflow-two",
        "MLflow: http://localhost:5000/",
    ]
    assert done.returncode == 1 and "a connection has ended" in done.stderr


def test_without_a_name_the_namespaces_are_those_of_the_manifests(opened: dict[str, str]) -> None:
    done, _ = forwarded(opened, ["kubeflow/katib-ui", "morphogenetic/mlflow"])
    assert "Katib: http://localhost:8081/katib/" in done.stdout and "MLflow: http://localhost:5000/" in done.stdout


def test_a_cluster_without_any_page_is_said(opened: dict[str, str]) -> None:
    done, calls = forwarded(opened, ["default/kubernetes"])
    assert (done.returncode, calls) == (2, "")
    assert "nothing to open" in done.stderr
