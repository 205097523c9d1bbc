"""The suite TaskSet: recurrent text classifiers trained with 1,000 configurations of Adam (data/taskset/README.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.judge.tasks import Matrix, Range, Task

_DATA = Path(__file__).with_name("data") / "taskset"
# beta1 and beta2 were drawn so that their distance from 1 is uniform on a logarithmic scale.
_AXES = {
    "learning_rate": Range(1e-8, 10.0, log=True),
    "beta1_gap": Range(1e-4, 1.0, log=True),
    "beta2_gap": Range(1e-6, 1.0, log=True),
    "epsilon": Range(1e-10, 1e3, log=True),
    "l1": Range(1e-8, 10.0, log=True),
    "l2": Range(1e-8, 10.0, log=True),
    "linear_decay": Range(1e-7, 1e-4, log=True),
    "exponential_decay": Range(1e-6, 1e-3, log=True),
}


def tasks() -> Iterator[Task]:
    """Yields the six tasks."""
    for path in sorted(_DATA.glob("*.npz")):
        with np.load(path, allow_pickle=False) as recorded:
            yield _task(path.stem, recorded["parameters"], np.asarray(recorded["valid_loss"], dtype=float))


def _task(name: str, parameters: Matrix, losses: Matrix) -> Task:
    values = parameters.copy()
    values[:, 1:3] = 1 - values[:, 1:3]
    values = np.clip(values, [axis.low for axis in _AXES.values()], [axis.high for axis in _AXES.values()])
    points = [dict(zip(_AXES, map(float, row), strict=True)) for row in values]
    return Task("TaskSet", name, _AXES, points, _trained(losses))


def _trained(losses: Matrix) -> Matrix:
    """Returns the losses of trained networks; one that diverged has the greatest finite loss of the task."""
    after = losses[:, 1:]
    return np.where(np.isfinite(after), after, np.nanmax(after))
