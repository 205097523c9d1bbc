"""Runs of the engine as a sweep starts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from morphogenetic_engine.engine.training import train
from morphogenetic_engine.errors import Paused, Pruned
from morphogenetic_engine.trial import Metrics, Params, checked_metrics


@dataclass
class RecordedTrial:
    """A trial that keeps its reports, and can be pruned at a step."""

    dir: Path
    seed: int = 0
    number: int = 0
    prune_at: int | None = None
    pause_at: int | None = None
    reports: list[dict[str, float]] = field(default_factory=list)

    def report(self, step: int, metrics: Metrics) -> None:
        if step == self.prune_at:
            raise Pruned(f"at step {step}")
        self.reports.append({"step": step, **checked_metrics(metrics)})
        if step == self.pause_at:
            raise Paused(f"at step {step}")


@pytest.fixture
def run_trial(tmp_path: Path) -> Callable[..., tuple[Metrics, list[dict[str, float]]]]:
    """A function that trains and returns (metrics without runtime, reports); in `folder`, or one of its own."""
    folders = 0

    def run(
        params: Params,
        *,
        seed: int = 0,
        prune_at: int | None = None,
        pause_at: int | None = None,
        folder: Path | None = None,
    ) -> tuple[Metrics, list[dict[str, float]]]:
        nonlocal folders
        folders += 1
        place = folder or tmp_path / f"trial-{folders}"
        place.mkdir(exist_ok=True)
        trial = RecordedTrial(place, seed, prune_at=prune_at, pause_at=pause_at)
        metrics = dict(train(params, trial))
        assert metrics.pop("runtime") > 0
        return metrics, trial.reports

    return run
