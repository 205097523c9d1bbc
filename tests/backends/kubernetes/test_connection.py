"""Connecting to a cluster: kubeconfigs of every kind, credential programs, and the service account of a pod."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.katib_api import EXPERIMENTS, KatibApi
from morphogenetic_engine.errors import ClusterError
from tests.backends.katib.client.cluster.fake_kubernetes import TOKEN, FakeKubernetes
from tests.backends.katib.client.cluster.kubernetes_server import KubernetesServer
from tests.backends.katib.client.conftest import Command


def rewrite(kubeconfig: Path, **changes: object) -> None:
    """Change the only user, or the only context, of a kubeconfig."""
    written = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    for name, value in changes.items():
        written[f"{name}s"][0][name] = value
    kubeconfig.write_text(yaml.safe_dump(written), encoding="utf-8")


def hand_out(place: Path, token: str, *, expires: datetime | None) -> dict[str, object]:
    """Returns a kubeconfig's user whose token comes from a program, which counts how often it is run."""
    place.mkdir(exist_ok=True)
    status = {"token": token} | ({"expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ")} if expires else {})
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    (place / "credential").write_text(json.dumps(credential), encoding="utf-8")
    program = place / "get-token"
    program.write_text(f"#!/bin/sh\necho >> {place}/runs\ncat {place}/credential\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "interactiveMode": "Never"}
    return {"exec": command}


def test_a_program_hands_out_the_token_until_it_expires(
    cluster: FakeKubernetes, kubeconfig: Path, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    rewrite(kubeconfig, user=hand_out(tmp_path / "plugin", TOKEN, expires=now + timedelta(hours=1)))
    api = KatibApi(connect())
    assert api.find(EXPERIMENTS, "toy") is None and api.find(EXPERIMENTS, "toy") is None
    assert (tmp_path / "plugin/runs").read_text(encoding="utf-8").count("\n") == 1
    hand_out(tmp_path / "plugin", TOKEN, expires=now - timedelta(hours=1))
    api.renew()
    cluster.token = "fresh"
    hand_out(tmp_path / "plugin", "fresh", expires=now + timedelta(hours=1))
    assert api.find(EXPERIMENTS, "toy") is None


def test_a_program_that_fails_is_one_line(command: Command, kubeconfig: Path, tmp_path: Path) -> None:
    user = hand_out(tmp_path / "plugin", TOKEN, expires=None)
    (tmp_path / "plugin/get-token").write_text("#!/bin/sh\necho no login >&2\nexit 3\n", encoding="utf-8")
    rewrite(kubeconfig, user=user)
    ran = command("sweep", "collect", "--experiment", "toy")
    line = f"morphogenetic: {kubeconfig}: is not a valid kubeconfig: exec: process returned 3. no login\n"
    assert (ran.status, ran.err) == (2, line)


@pytest.mark.parametrize("namespace", [None, ""])
def test_a_context_without_a_namespace_means_default(kubeconfig: Path, namespace: str | None) -> None:
    rewrite(kubeconfig, context={"cluster": "test", "user": "test", "namespace": namespace})
    assert connect().namespace == "default"
    assert connect(namespace="ml").namespace == "ml"


def test_of_several_files_the_first_says_which_context_as_for_kubectl(
    server: KubernetesServer, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = server.kubeconfig(tmp_path / "other", namespace="elsewhere")
    other.write_text(other.read_text(encoding="utf-8").replace("here", "there"), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", f"{kubeconfig}{os.pathsep}{tmp_path / 'missing'}{os.pathsep}{other}")
    assert (connect().namespace, connect(context="there").namespace) == ("ml", "elsewthere")


def test_a_context_can_be_given_where_none_is_set(kubeconfig: Path) -> None:
    written = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    del written["current-context"]
    kubeconfig.write_text(yaml.safe_dump(written), encoding="utf-8")
    assert connect(context="here").namespace == "ml"
    with pytest.raises(ClusterError, match="sets no context; give --context: here"):
        connect()


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a pod's service account, in a pod whose cluster is at 10.0.0.1:6443."""
    files = {"SERVICE_TOKEN_FILENAME": "token", "SERVICE_CERT_FILENAME": "ca.crt"}
    for constant, name in files.items():
        (tmp_path / name).write_text(f"the {name}", encoding="utf-8")
        monkeypatch.setattr(f"kubernetes.config.incluster_config.{constant}", str(tmp_path / name))
    (tmp_path / "namespace").write_text("sweeps\n", encoding="utf-8")
    monkeypatch.setattr("morphogenetic_engine.backends.kubernetes.connection._POD_NAMESPACE", tmp_path / "namespace")
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    return tmp_path


def test_a_pod_asks_the_cluster_that_it_is_in(pod: Path) -> None:
    (pod / "ca.crt").unlink()
    with pytest.raises(ClusterError, match="this pod has no service account with access to the cluster"):
        connect()


def test_a_pod_s_token_is_read_again_before_it_is_too_old(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubernetes.client.rest.RESTClientObject.__init__", lambda *_: None)  # ca.crt is none
    cluster = connect()
    assert (cluster.host, cluster.namespace) == ("https://10.0.0.1:6443", "sweeps")
    configuration = cluster.client.configuration
    assert configuration.get_api_key_with_prefix("authorization") == "bearer the token"
    (pod / "token").write_text("the next token", encoding="utf-8")
    later = datetime.now() + timedelta(minutes=2)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            del tz
            return later

    monkeypatch.setattr("kubernetes.config.incluster_config.datetime.datetime", Later)
    assert configuration.get_api_key_with_prefix("authorization") == "bearer the next token"


def test_a_context_that_is_asked_for_in_a_pod_is_that_of_a_kubeconfig(
    pod: Path, server: KubernetesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(pod))
    with pytest.raises(ClusterError, match="there is no kubeconfig"):
        connect(context="here")
    (pod / ".kube").mkdir()
    server.kubeconfig(pod / ".kube/config")
    assert connect(context="here").host == server.url
