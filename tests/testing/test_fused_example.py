"""The example of a workload that trains many trials at once passes the conformance suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.testing.fused import FusedTests


@pytest.fixture(autouse=True)
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the module be imported as a worker would."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "examples")


class TestExample(FusedTests):
    """examples/fused_function.py."""

    workload = "fused_function:train"
    params = [{"lr": 0.1 / (number + 1)} for number in range(5)]
