"""The suites and contestants by name; what they need is imported when they are asked for."""

from __future__ import annotations

import importlib
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


def suite_named(name: str) -> Iterable[Task]:
    """Returns the tasks of a suite."""
    module, _, function = SUITES[name].partition(":")
    tasks: Iterable[Task] = getattr(importlib.import_module(module), function)()
    return tasks


def contestants() -> Mapping[str, Search]:
    """Returns all contestants: ours first."""
    searches: dict[str, Search] = {}
    for module in _CONTESTANTS:
        searches.update(importlib.import_module(module).SEARCHES)
    return searches
