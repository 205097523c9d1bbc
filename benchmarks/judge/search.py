"""Contestants, and the budgets at which they are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.judge.tasks import Task

BUDGETS = (3, 5, 6, 10, 17, 20, 25, 50)
"""In full trainings: those of the tables, and those that the goals name."""


@dataclass(frozen=True)
class Search:
    """A contestant."""

    losses: Callable[[Task, int, int], Iterator[float]]
    """(task, seed, budget) -> the loss of every step that is trained, in the order of the search."""
    sized: bool = False
    """True if the search is laid out for its budget, so that each budget is a search of its own."""
