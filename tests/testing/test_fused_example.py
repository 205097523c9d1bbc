"""The example of a workload that trains many trials at once passes the conformance suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.testing.fused import FusedTests


class TestExample(FusedTests):
    """examples/fused_function.py."""

    workload = "fused_function:train"
    params = [{"lr": 0.1 / (number + 1)} for number in range(5)]

    @pytest.fixture(autouse=True)
    def examples(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(Path(__file__).parents[2] / "examples")
