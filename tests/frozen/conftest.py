"""A copy of the frozen project, with its place written into the sweeps, as the current directory."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command, command

__all__ = ["Command", "command"]

FROZEN = Path(__file__).with_name("format_1")
SWEEPS = Path("results/sweeps")
PLACE = "/srv/project"
"""The folder in which the frozen sweeps ran."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the frozen sweeps and the workloads that they run."""
    place = tmp_path / "project"
    shutil.copytree(FROZEN, place)
    for file in (place / SWEEPS).glob("*/*.json"):
        file.write_text(file.read_text(encoding="utf-8").replace(PLACE, str(place)), encoding="utf-8")
    monkeypatch.chdir(place)
    return place
