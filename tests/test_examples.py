"""Every example is a sweep that its workload takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.check import check_sweep
from morphogenetic_engine.sweeps.config_file import read_config

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_workload_takes_the_example(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(example.parent if example.stem == "function_sweep" else ROOT)
    assert check_sweep(read_config(example), watch_seconds=0).trials > 1
