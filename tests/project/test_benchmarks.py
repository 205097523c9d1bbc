"""Every benchmark of `make bench` yields figures."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.__main__ import NAMES
from benchmarks.figures import Figure
from benchmarks.references import Reference, comparison, read_reference


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_gives_figures(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert module.figures.__annotations__["return"] == "list[Figure]"


def test_a_figure_knows_whether_it_reached_its_goal() -> None:
    assert Figure("rate", 600, "1/s", 500, "higher").reached
    assert not Figure("time", 3, "s", 2).reached
    assert Figure("for comparison", 1, "s").reached is None


def test_figures_are_compared_with_the_results_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    assert read_reference(path) is None
    machine = {"measured": "yesterday", "system": "Linux", "processor": "p", "cores": 2}
    rates = [{"name": "rate", "value": 100.0}, {"name": "time", "value": 10.0}]
    path.write_text(json.dumps({"machine": machine, "figures": rates}), encoding="utf-8")
    reference = read_reference(path)
    assert reference == Reference(machine, {"rate": 100.0, "time": 10.0})
    figures = [Figure("rate", 50, "1/s", better="higher"), Figure("time", 5, "s"), Figure("new", 1, "s")]
    console = Console(width=200)
    with console.capture() as captured:
        console.print(comparison("rates", figures, reference, {**machine, "cores": 4}))
    shown = captured.get()
    rows = [line.split() for line in shown.splitlines()]
    assert ["rate", "100", "1/s", "50", "1/s", "0.500", "worse"] in rows
    assert ["time", "10", "s", "5", "s", "0.500", "better"] in rows
    assert ["new", "none", "1", "s"] in rows
    assert "reference of yesterday, another machine" in " ".join(shown.split())
