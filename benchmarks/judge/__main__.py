"""`make bench-search`: run all contestants on all suites, print the tables, and write benchmarks/results/judge.json."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.judge.registry import SUITES, contestants, suite_named
from benchmarks.judge.runs import Asked, run_all
from benchmarks.judge.statistics import Cube, cube
from benchmarks.judge.tables import ratios, regrets, write_results


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs what is asked for; runs that the file of runs has already are not repeated."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__)
    parser.add_argument("--suite", action="append", choices=list(SUITES), help="a suite; several; none: all")
    parser.add_argument("--contestant", action="append", choices=list(contestants()), help="likewise")
    parser.add_argument("--seeds", type=int, default=30, help="searches of each task (30)")
    parser.add_argument("--runs", type=Path, default=Path("build/judge.jsonl"), help="the file of runs")
    options = parser.parse_args(arguments)
    options.runs.parent.mkdir(parents=True, exist_ok=True)
    measured: dict[str, dict[str, Cube]] = {}
    for suite in options.suite or SUITES:
        names = [task.name for task in suite_named(suite)]
        measured[suite] = {}
        for contestant in options.contestant or contestants():
            asked = [Asked(contestant, suite, name, seed) for name in names for seed in range(options.seeds)]
            measured[suite][contestant] = cube(run_all(asked, options.runs))
        Console().print(regrets(suite, measured[suite]), ratios(suite, measured[suite]))
    write_results(measured)


if __name__ == "__main__":
    main()
