"""`python -m benchmarks [NAME ...]`: measure, print a table, and write benchmarks/results/<name>.json.

With --compare, print ratios to what is written there instead, and keep it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure
from benchmarks.references import comparison, read_reference
from morphogenetic_engine.sweeps.record.machine import this_machine

NAMES = (
    "startup",
    "throughput",
    "waiting",
    "optuna_beside",
    "suggestions",
    "search",
    "engine_epoch",
    "fused",
    "tracking_overhead",
    "monitor",
    "nightly",
    "reports",
    "load",
    "machines",
    "report_page",
)
_RESULTS = Path(__file__).with_name("results")
_PACKAGES = ("morphogenetic-engine", "numpy", "torch", "optuna", "mlflow")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the named benchmarks, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(NAMES)}; none: all")
    parser.add_argument("--compare", action="store_true", help="print ratios to the results that are there, keep these")
    options = parser.parse_args(arguments)
    names = options.names or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]!r}: choose from {', '.join(NAMES)}")
    _RESULTS.mkdir(exist_ok=True)
    for name in names:
        figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").figures()
        path, machine = _RESULTS / f"{name}.json", _machine()
        if options.compare:
            Console().print(comparison(name, figures, read_reference(path), machine))
            continue
        Console().print(_table(name, figures))
        written = {"machine": machine, "figures": [asdict(figure) for figure in figures]}
        path.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def _table(name: str, figures: Sequence[Figure]) -> Table:
    table = Table(title=name, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("figure", "measured", "goal", ""):
        table.add_column(column, justify="right" if column in {"measured", "goal"} else "left")
    for figure in figures:
        sign = ">=" if figure.better == "higher" else "<="
        goal = "" if figure.goal is None else f"{sign} {figure.goal:g} {figure.unit}"
        verdict = {True: "reached", False: "[red]missed[/red]", None: ""}[figure.reached]
        table.add_row(figure.name, f"{figure.value:.4g} {figure.unit}", goal, verdict)
    return table


def _machine() -> dict[str, object]:
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": this_machine().processor,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in _PACKAGES},
    }


if __name__ == "__main__":
    main()
