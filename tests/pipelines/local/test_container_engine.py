"""The choice of the container engine; running components in it is tested with the images."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError
from pipelines.local.container_engine import container_engine


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in ("DOCKER_HOST", "CONTAINER_ENGINE"):
        monkeypatch.delenv(name, raising=False)


def refused() -> str:
    with pytest.raises(ConfigError) as error, container_engine([], {}):
        pass
    return str(error.value)


def test_a_host_that_does_not_answer_is_not_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert refused().startswith("--runner docker: neither podman nor Docker answers here; start one")


def test_a_podman_that_cannot_serve_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "podman"
    program.write_text('#!/bin/sh\necho "$@" > "$0.asked"\nexit 125\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("CONTAINER_ENGINE", "podman")
    assert "neither podman nor Docker answers here" in refused()
    assert Path(f"{program}.asked").read_text(encoding="utf-8").startswith("system service --time 0 unix://")


def test_an_engine_that_nobody_knows_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINER_ENGINE", "rocket")
    assert "--runner docker: " in refused()
