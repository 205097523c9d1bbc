"""The suites and contestants by name; what they need is imported when they are asked for."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Mapping

from benchmarks.judge.search import Search
from benchmarks.judge.tasks import Task

SUITES = {
    "TaskSet": "benchmarks.judge.taskset:tasks",
    "HPOBench-NN": "benchmarks.judge.hpo_tables:hpobench",
    "FCNet": "benchmarks.judge.hpo_tables:fcnet",
}
"""The functions that yield the tasks of a suite."""
_CONTESTANTS = ("benchmarks.judge.contestants.ours", "benchmarks.judge.contestants.optuna_peers")
"""Modules whose SEARCHES are contestants; the first of all is the one that the others are compared with."""
_INSTALLED_APART = {
    "syne_tune": "benchmarks.judge.contestants.syne_tune_peer",
    "smac": "benchmarks.judge.contestants.smac_peer",
}
"""Packages of the extra `peers`, and the modules that need them."""


def suite_named(name: str) -> Iterable[Task]:
    """Returns the tasks of a suite."""
    module, _, function = SUITES[name].partition(":")
    tasks: Iterable[Task] = getattr(importlib.import_module(module), function)()
    return tasks


def contestants() -> Mapping[str, Search]:
    """Returns all contestants whose packages are installed: ours first."""
    searches: dict[str, Search] = {}
    apart = [module for package, module in _INSTALLED_APART.items() if importlib.util.find_spec(package)]
    for module in (*_CONTESTANTS, *apart):
        searches.update(importlib.import_module(module).SEARCHES)
    return searches
