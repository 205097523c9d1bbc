"""The environment variables of a connection, checked before anything is sent."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import open_store
from tests.sinks.mlflow.server_process import free_port

_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ENDPOINT",
    "GOOGLE_APPLICATION_CREDENTIALS",
)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_azure_asks_for_the_account() -> None:
    with pytest.raises(StoreError, match=r"^az://container/a: AZURE_STORAGE_ACCOUNT_NAME must be set$"):
        open_store("az://container/a")


def test_a_key_that_is_none_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "hush, no base64!")
    with pytest.raises(StoreError, match="^az://container: Invalid Access Key") as caught:
        open_store("az://container")
    assert "hush" not in str(caught.value) and "\n" not in str(caught.value)


def test_google_names_the_key_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(StoreError, match=r"^gs://bucket: .*none\.json: No such file") as caught:
        open_store("gs://bucket")
    assert "\n" not in str(caught.value)


def test_azure_signs_links_without_asking_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"hush").decode())
    link = urlsplit(open_store("az://container/a").link("report.html", seconds=60))
    assert (link.scheme, link.netloc, link.path) == (
        "https",
        "account.blob.core.windows.net",
        "/container/a/report.html",
    )
    assert "sig=" in link.query


def test_azure_is_asked_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"hush").decode())
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", endpoint)
    with pytest.raises(StoreError, match=f"cannot be written: {endpoint} cannot be reached"):
        open_store("az://container", patience=0.5).put_bytes(b"x", "file")
