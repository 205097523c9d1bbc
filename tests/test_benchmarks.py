"""Every benchmark that `make bench` names gives figures."""

from __future__ import annotations

import importlib

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.figures import Figure


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_gives_figures(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert module.figures.__annotations__["return"] == "list[Figure]"


def test_a_figure_knows_whether_it_reached_its_goal() -> None:
    assert Figure("rate", 600, "1/s", 500, "higher").reached
    assert not Figure("time", 3, "s", 2).reached
    assert Figure("for comparison", 1, "s").reached is None
