"""`make deploy` creates missing secrets, with which the services of the cluster work."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import open_store
from tests.manifests.kustomizations import MANIFESTS, build, field, items, pod_specs
from tests.scripts.cluster import make_secrets, object_store
from tests.waiting import until

SECRETS = ["database", "mlflow", "object-store", "object-store-identities"]


def contents(cluster: Path) -> dict[str, str]:
    return {str(file.relative_to(cluster)): file.read_text(encoding="utf-8") for file in cluster.rglob("*/*/*")}


@pytest.mark.slow
def test_missing_secrets_are_made_once_and_nothing_secret_is_printed(tmp_path: Path) -> None:
    cluster = tmp_path / "cluster"
    done = make_secrets(cluster)
    assert done.returncode == 0, done.stderr
    made = contents(cluster)
    assert sorted(each.name for each in (cluster / "morphogenetic").iterdir()) == SECRETS
    assert [each.name for each in (cluster / "kubeflow").iterdir()] == ["object-store"]
    access = made["morphogenetic/object-store/AWS_ACCESS_KEY_ID"]
    password = made["morphogenetic/database/password"]
    assert len(access) == len(password) == 48 and access != password
    assert f":{password}@postgres:5432/" in made["morphogenetic/mlflow/MLFLOW_BACKEND_STORE_URI"]
    assert made["morphogenetic/mlflow/MLFLOW_S3_ENDPOINT_URL"] == made["kubeflow/object-store/AWS_ENDPOINT_URL"]
    assert access not in done.stdout + done.stderr and password not in done.stdout + done.stderr
    assert make_secrets(cluster).returncode == 0
    assert contents(cluster) == made


def test_an_overlay_without_a_store_asks_for_one(tmp_path: Path) -> None:
    done = make_secrets(tmp_path / "cluster", "gpu")
    assert done.returncode == 2
    assert "make the secret object-store" in done.stderr
    assert contents(tmp_path / "cluster") == {}


def test_the_secrets_of_the_user_stay(tmp_path: Path) -> None:
    mine = tmp_path / "cluster" / "morphogenetic" / "object-store"
    mine.mkdir(parents=True)
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        (mine / key).write_text("mine", encoding="utf-8")
    assert make_secrets(tmp_path / "cluster", "gpu").returncode == 0
    made = contents(tmp_path / "cluster")
    assert made["morphogenetic/mlflow/AWS_ACCESS_KEY_ID"] == made["kubeflow/object-store/AWS_REGION"] == "mine"
    assert "morphogenetic/mlflow/MLFLOW_S3_ENDPOINT_URL" not in made


@pytest.mark.slow
def test_a_client_with_the_secret_reaches_the_store_of_the_manifests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make_secrets(tmp_path / "cluster").returncode == 0
    secrets = tmp_path / "cluster" / "morphogenetic"
    for file in (secrets / "object-store").iterdir():
        monkeypatch.setenv(file.name, file.read_text(encoding="utf-8"))
    with object_store(secrets / "object-store-identities" / "s3.json", tmp_path) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        store = open_store("s3://sweeps/smoke", patience=1)

        def kept() -> bool:
            try:
                store.put_bytes(b"<html>", "reports/1/index.html")
            except StoreError:
                return False
            return True

        until(kept, f"bucket of the manifests, see {tmp_path / 'log'}")
        assert store.read_bytes("reports/1/index.html") == b"<html>"
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        with pytest.raises(StoreError):
            open_store("s3://sweeps/smoke", patience=1).read_bytes("reports/1/index.html")


def test_the_pods_of_the_overlay_refer_to_the_secrets_that_are_made() -> None:
    objects = build(MANIFESTS / "overlays" / "kind")
    pods = [pod for _, pod in pod_specs(objects)]
    files = {field(volume, "secret", "secretName") for pod in pods for volume in items(pod, "volumes")}
    containers = [each for pod in pods for each in items(pod, "containers")]
    variables = {field(each, "secretRef", "name") for container in containers for each in items(container, "envFrom")}
    assert (files | variables) - {None} == {"database", "mlflow", "object-store-identities"}
