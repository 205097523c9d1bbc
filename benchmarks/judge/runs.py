"""Runs contestants on tasks, several beside each other, and keeps what each run found within every budget."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from benchmarks.judge.registry import contestants, suite_named
from benchmarks.judge.search import BUDGETS, Search
from benchmarks.judge.tasks import Task


@dataclass(frozen=True)
class Asked:
    """One run: a contestant on a task with a seed."""

    contestant: str
    suite: str
    task: str
    seed: int


@dataclass(frozen=True)
class Run:
    """The result of a run."""

    asked: Asked
    regrets: Sequence[float]
    """The normalised regret of the best seen within each of BUDGETS."""


def run_all(asked: Sequence[Asked], kept: Path, processes: int | None = None) -> list[Run]:
    """Returns the runs, in the order asked; those in the file `kept` are not repeated, the others are added to it.

    `processes`: as many run beside each other; None: one on each core.
    """
    known = {run.asked: run for run in kept_runs(kept)}
    missing = [each for each in asked if each not in known]
    # Forked processes would inherit the threads of numerical libraries.
    with (
        ProcessPoolExecutor(processes or len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool,
        kept.open("a", encoding="utf-8") as file,
    ):
        for run in pool.map(run_one, missing):
            file.write(json.dumps(asdict(run)) + "\n")
            file.flush()
            known[run.asked] = run
    return [known[each] for each in asked]


def run_one(asked: Asked) -> Run:
    """Searches a task until the greatest budget is spent."""
    task = _task(asked.suite, asked.task)
    # Each task gets seeds of its own: with a shared seed, one lucky draw counts once for every task.
    seed = asked.seed * 1_000 + sorted(_tasks(asked.suite)).index(asked.task)
    best = found_by(contestants()[asked.contestant], task, seed)
    return Run(asked, [task.regret(each) for each in best])


def found_by(search: Search, task: Task, seed: int) -> list[float]:
    """Returns the least loss that a search sees within each budget."""
    if search.sized:
        return [_best_within(search, task, seed, (budget,))[0] for budget in BUDGETS]
    return _best_within(search, task, seed, BUDGETS)


def _best_within(search: Search, task: Task, seed: int, budgets: Sequence[int]) -> list[float]:
    """Returns the least loss after each budget, ascending; it stays the same where the search ends early."""
    best = float("inf")
    losses = search.losses(task, seed, budgets[-1])
    found: list[float] = []
    spent = 0
    for budget in budgets:
        best = min(best, *islice(losses, budget * task.steps - spent), float("inf"))
        spent = budget * task.steps
        found.append(best)
    return found


def kept_runs(kept: Path) -> Iterator[Run]:
    """Yields the runs that a file has; none if there is no file."""
    if not kept.exists():
        return
    for line in kept.read_text(encoding="utf-8").splitlines():
        written = json.loads(line)
        yield Run(Asked(**written["asked"]), written["regrets"])


@cache
def _tasks(suite: str) -> dict[str, Task]:
    return {task.name: task for task in suite_named(suite)}


def _task(suite: str, name: str) -> Task:
    return _tasks(suite)[name]
