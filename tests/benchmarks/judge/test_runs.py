"""Running contestants: the best within each budget, and runs that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from benchmarks.judge.registry import contestants, suite_named
from benchmarks.judge.runs import Asked, found_by, run_all, run_one
from benchmarks.judge.search import BUDGETS, Search
from benchmarks.judge.tasks import Task
from tests.benchmarks.judge.test_tasks import small_task

TASK = "imdb_patch32_GRU64_avg_bs128"


def descending(_task: Task, _seed: int, budget: int) -> Iterator[float]:
    """Yields losses whose whole part names the budget that they were laid out for."""
    return (1_000 * budget - step for step in count(1))


def test_one_search_serves_all_budgets_where_it_is_not_laid_out_for_one() -> None:
    assert found_by(Search(descending), small_task(), 0) == [50_000 - 2 * budget for budget in BUDGETS]


def test_a_sized_search_is_laid_out_for_each_budget() -> None:
    assert found_by(Search(descending, sized=True), small_task(), 0) == [998 * budget for budget in BUDGETS]


def test_what_a_search_found_stays_where_it_ends_early() -> None:
    search = Search(lambda _task, _seed, _budget: iter([3.0, 2.0]))
    assert found_by(search, small_task(), 0) == [2.0] * len(BUDGETS)


PEERS = [("syne_tune", "Syne Tune ASHA"), ("smac", "SMAC3 multi-fidelity")]


@pytest.mark.slow
@pytest.mark.parametrize(("package", "contestant"), PEERS)
def test_a_peer_trains_recorded_steps_and_repeats_them_for_its_seed(package: str, contestant: str) -> None:
    pytest.importorskip(package, reason="of the extra peers, which only make bench-search installs")
    task = small_task()
    recorded = set(task.losses.flatten().tolist())
    first, again = (list(contestants()[contestant].losses(task, 7, 3)) for _ in range(2))
    assert first and first == again and set(first) <= recorded


@pytest.mark.slow
@pytest.mark.parametrize("contestant", ["random", "Optuna TPE + MedianPruner", "auto + MedianPruner"])
def test_a_run_is_a_function_of_its_seed_and_never_gets_worse(contestant: str) -> None:
    first, again, other = (run_one(Asked(contestant, "TaskSet", TASK, seed)).regrets for seed in (1, 1, 2))
    assert first == again != other
    assert list(first) == sorted(first, reverse=True)
    assert 0 <= first[-1] < first[0]


@pytest.mark.slow
def test_a_halving_stays_within_its_budget_and_trains_some_to_the_end() -> None:
    task = next(task for task in suite_named("TaskSet") if task.name == TASK)
    search = contestants()["halving"]
    losses = list(search.losses(task, 1, 3))
    assert losses == list(search.losses(task, 1, 3))
    assert 2 * task.steps < len(losses) <= 3 * task.steps
    curves = {tuple(curve) for curve in task.losses.tolist()}
    assert any(tuple(losses[end - 33 : end]) in {curve[-33:] for curve in curves} for end in range(33, len(losses) + 1))


@pytest.mark.slow
def test_kept_runs_are_not_repeated(tmp_path: Path) -> None:
    kept = tmp_path / "runs.jsonl"
    asked = [Asked("random", "TaskSet", TASK, seed) for seed in range(2)]
    runs = run_all(asked, kept)
    written = kept.read_text(encoding="utf-8")
    assert len(written.splitlines()) == 2
    assert run_all(asked, kept) == runs
    assert kept.read_text(encoding="utf-8") == written


def test_ours_is_compared_first() -> None:
    assert next(iter(contestants())) == "halving"
