"""A stub server, a client of it, and a compiled pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.client.server import Address, PipelinesServer
from pipelines.client.submission import Patience
from tests.pipelines.client.stub_server import StubServer, serving
from tests.waiting import DEADLINE_SECONDS

QUICK = Patience(poll=0.01, outage=DEADLINE_SECONDS, settle=0.0, lost=0.2)


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with serving(StubServer()) as stub:
        yield stub


@pytest.fixture
def server(stub: StubServer) -> PipelinesServer:
    return PipelinesServer(Address(stub.url))


@pytest.fixture(autouse=True)
def nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server, image or store that this machine knows of; a home of the test's own."""
    names = ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "TRAIN_IMAGE", "REPORT_IMAGE", "KFP_TOKEN", "KFP_COOKIES")
    for name in (*names, "KF_PIPELINES_ENDPOINT", "KF_PIPELINES_UI_ENDPOINT", "SWEEP_STORAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
