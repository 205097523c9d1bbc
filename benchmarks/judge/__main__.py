"""`make bench-search`: run all contestants on all suites, print the tables, and write benchmarks/results/judge.json."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.judge.registry import SUITES, contestants, suite_named
from benchmarks.judge.results import write_results
from benchmarks.judge.runs import Asked, kept_runs, run_all
from benchmarks.judge.statistics import Cube, cube
from benchmarks.judge.tables import ratios, regrets


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs what is asked for; runs that the file of runs has already are not repeated."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__)
    parser.add_argument("--suite", action="append", choices=list(SUITES), help="a suite; several; none: all")
    parser.add_argument("--contestant", action="append", choices=list(contestants()), help="likewise")
    parser.add_argument("--seeds", type=int, default=30, help="searches of each task (30); 0: tables of what was run")
    parser.add_argument("--runs", type=Path, default=Path("build/judge.jsonl"), help="the file of runs")
    parser.add_argument("--processes", type=int, help="runs beside each other; left out: one on each core")
    options = parser.parse_args(arguments)
    options.runs.parent.mkdir(parents=True, exist_ok=True)
    tasks = {suite: [task.name for task in suite_named(suite)] for suite in options.suite or SUITES}
    names = options.contestant or list(contestants())
    # Seed by seed, so that what is finished when it is interrupted has the same seeds for every task.
    asked = [
        Asked(name, suite, task, seed)
        for suite in tasks
        for name in names
        for seed in range(options.seeds)
        for task in tasks[suite]
    ]
    run_all(asked, options.runs, options.processes)
    measured = {suite: _measured(suite, tasks[suite], names, options.runs) for suite in tasks}
    for suite, found in measured.items():
        Console().print(regrets(suite, found), ratios(suite, found))
    write_results(measured)


def _measured(suite: str, tasks: Sequence[str], names: Sequence[str], kept: Path) -> dict[str, Cube]:
    """Returns the regrets of every contestant that has run on all tasks of a suite."""
    runs = [run for run in kept_runs(kept) if run.asked.suite == suite]
    cubes = {name: cube([run for run in runs if run.asked.contestant == name], tasks) for name in names}
    return {name: found for name, found in cubes.items() if found is not None}


if __name__ == "__main__":
    main()
