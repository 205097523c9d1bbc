"""Simulates many nights to measure the false-alarm rate and the detection rate of `sweep regress`.

A night is one input of `sweep regress`: the accuracy of eight fresh seeds, the duration of each, and the pace of
the search in eight blocks. Accuracies scatter by a point around 90 %. Times scatter by 5 % within a night, and by 4 %
from night to night, which all of a night share: a machine has good and bad days. Each thousand nights are compared with
ten references, a hundred nights each, since a reference that was lucky makes every night after it look worse.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from morphogenetic_engine.reports.regression.measurements import TRAINING_SECONDS, TRIALS_PER_HOUR, Measured
from morphogenetic_engine.reports.regression.regress import judge
from morphogenetic_engine.reports.regression.regression_verdict import Change
from morphogenetic_engine.sweeps.schema.objective import Direction

SEEDS = 8
REFERENCES = 10
NIGHTS = 100
"""The number of nights for each reference."""
ACCURACY, SCATTER = 0.9, 0.01
WITHIN_NIGHT, FROM_NIGHT_TO_NIGHT = 0.05, 0.04


def figures() -> list[Figure]:
    """Returns the share of the nights that alarm, without a change and with drops of one to three points."""
    quiet = alarms(seeds=SEEDS)
    return [
        Figure(f"nights with a false alarm, {SEEDS} seeds", 100 * quiet.mean(), "%", 5.0),
        Figure("the same, with the unluckiest of the references", 100 * float(quiet.mean(axis=1).max()), "%"),
        *(
            Figure(
                f"nights that see a drop of {points} points, {seeds} seeds",
                100 * alarms(seeds=seeds, drop=points / 100, metric="val_acc").mean(),
                "%",
                90.0 if (points, seeds) == (2, SEEDS) else None,
                "higher",
            )
            for points, seeds in ((1, SEEDS), (2, 4), (2, SEEDS), (2, 16), (3, SEEDS))
        ),
        Figure(
            f"nights that see trials 30 % slower, {SEEDS} seeds",
            100 * alarms(seeds=SEEDS, slower=0.3, metric=TRAINING_SECONDS).mean(),
            "%",
            better="higher",
        ),
    ]


def alarms(*, seeds: int, drop: float = 0.0, slower: float = 0.0, metric: str | None = None) -> NDArray[np.bool_]:
    """Returns for each reference (row) and night (column) whether there was an alarm, of one metric or of any."""
    random = np.random.default_rng(seeds)
    found = np.zeros((REFERENCES, NIGHTS), dtype=bool)
    for row in range(REFERENCES):
        before = {each.metric: each for each in _night(random, seeds)}
        for night in range(NIGHTS):
            verdicts = judge(list(_night(random, seeds, drop=drop, slower=slower)), before)
            found[row, night] = any(
                each.change is Change.REGRESSION for each in verdicts if metric in (None, each.metric)
            )
    return found


def _night(random: np.random.Generator, seeds: int, *, drop: float = 0.0, slower: float = 0.0) -> Iterator[Measured]:
    accuracies = ACCURACY - drop + SCATTER * random.standard_normal(seeds)
    yield Measured(metric="val_acc", direction=Direction.MAXIMIZE, values=tuple(accuracies.tolist()))
    day = np.exp(FROM_NIGHT_TO_NIGHT * random.standard_normal()) * (1 + slower)
    seconds = 60 * day * np.exp(WITHIN_NIGHT * random.standard_normal(seeds))
    yield Measured(
        metric=TRAINING_SECONDS, direction=Direction.MINIMIZE, values=tuple(seconds.tolist()), wall_clock=True
    )
    paces = 120 / day * np.exp(WITHIN_NIGHT * random.standard_normal(SEEDS))
    yield Measured(metric=TRIALS_PER_HOUR, direction=Direction.MAXIMIZE, values=tuple(paces.tolist()), wall_clock=True)
