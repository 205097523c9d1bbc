"""The suites and contestants by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.judge.tasks import Task

BUDGETS = (3, 5, 6, 8, 10, 12, 15, 17, 20, 25, 30, 40, 50)
"""The budgets at which searches are compared, in full trainings."""


@dataclass(frozen=True)
class Search:
    """A contestant."""

    losses: Callable[[Task, int, int], Iterator[float]]
    """(task, seed, budget) -> the loss of every step that is trained, in the order of the search."""
    sized: bool = False
    """True if the search is laid out for its budget, so that each budget is a search of its own."""


def suite_named(name: str) -> Iterable[Task]:
    """Returns the tasks of a suite."""
    return suites()[name]()


def search_named(name: str) -> Search:
    """Returns a contestant."""
    return contestants()[name]


def suites() -> Mapping[str, Callable[[], Iterable[Task]]]:
    """Returns the suites; the tables of a package are loaded when they are asked for."""
    return {"TaskSet": _taskset, "HPOBench-NN": _hpobench, "FCNet": _fcnet}


def contestants() -> Mapping[str, Search]:
    """Returns all contestants: ours first."""
    from benchmarks.judge.contestants import optuna_peers, ours

    return {**ours.SEARCHES, **optuna_peers.SEARCHES}


def _taskset() -> Iterable[Task]:
    from benchmarks.judge import taskset

    return taskset.tasks()


def _hpobench() -> Iterable[Task]:
    from benchmarks.judge import hpo_tables

    return hpo_tables.hpobench()


def _fcnet() -> Iterable[Task]:
    from benchmarks.judge import hpo_tables

    return hpo_tables.fcnet()
