"""The address to which a sweep is published, without credentials in any message."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sinks.mlflow import tracking_uri
from morphogenetic_engine.sinks.mlflow.server_address import artifact_folder
from morphogenetic_engine.sweeps.schema.credentials import redacted, without_credentials
from morphogenetic_engine.sweeps.schema.tracking_section import TrackingConfig


def test_the_sweep_file_decides_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://environment:5000")
    assert tracking_uri(TrackingConfig(mlflow_uri="http://file:5000"), Path("r/sweeps")) == "http://file:5000"


def test_the_environment_decides_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://environment:5000")
    assert tracking_uri(TrackingConfig(), Path("r/sweeps")) == "http://environment:5000"


def test_the_default_is_a_database_beside_the_sweeps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    uri = tracking_uri(TrackingConfig(), Path("results/sweeps"))
    assert uri == f"sqlite:///{tmp_path}/results/mlflow.db"
    assert artifact_folder(uri) == tmp_path / "results" / "mlflow-artifacts"


def test_a_relative_database_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert tracking_uri(TrackingConfig(mlflow_uri="sqlite:///my.db"), Path("x")) == f"sqlite:///{tmp_path}/my.db"


def test_a_server_decides_itself_where_artifacts_go() -> None:
    assert artifact_folder("http://host:5000") is None


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://host:5000/mlflow", "http://host:5000/mlflow"),
        ("https://me:secret@host:5000/mlflow", "https://host:5000/mlflow"),
        ("postgresql+psycopg://me:sec/ret@host/db?password=secret", "postgresql+psycopg://host/db"),
        ("https://me:sec@ret@host", "https://host"),
        ("postgresql://me:sec?ret@host/db", "postgresql://host/db"),
        ("postgresql://me:sec?ret@host/db?password=secret", "postgresql://host/db"),
        ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
    ],
)
def test_credentials_are_not_shown(uri: str, shown: str) -> None:
    assert without_credentials(uri) == shown


@given(user=st.text("abc:%1", min_size=1), before=st.text("xyz :/"), after=st.text("xyz :/"))
def test_no_message_holds_credentials(user: str, before: str, after: str) -> None:
    secret = f"{user}:SECRET"
    assert "SECRET" not in redacted(f"{before} http://{secret}@host/path {after}", "http://other")


def test_a_text_without_credentials_stays() -> None:
    assert redacted("mail me@host about http://host/path", "") == "mail me@host about http://host/path"
