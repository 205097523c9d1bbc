"""The compiled pipelines in the repository are those that the present code compiles."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_the_compiled_pipelines_are_fresh() -> None:
    ran = subprocess.run(
        [ROOT / "scripts" / "render-pipelines.sh", "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert ran.stdout == "pipelines/compiled: 3 pipelines\n"


def test_each_pipeline_is_there_by_its_name() -> None:
    for path in (ROOT / "pipelines" / "compiled").glob("*.yaml"):
        spec = next(iter(yaml.safe_load_all(path.read_text(encoding="utf-8"))))
        assert spec["pipelineInfo"]["name"] == f"morphogenetic-{path.stem}"
