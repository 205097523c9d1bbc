"""Finds parts of the search space in which trials fail more often: a value, a range, or one side of a value.

Each reason is also tested by itself, because different reasons concentrate in different regions. The test is Fisher's
exact test (one-sided, hypergeometric), with Holm's correction over all regions that were tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.reports.columns.columns import Column, parameter_column
from morphogenetic_engine.reports.columns.regions import Region, split
from morphogenetic_engine.reports.stats.significance import crowding_p, holm
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.search_space import shown

Mask = NDArray[np.bool_]

LEVEL = 0.05
PARTS = 5
CUTS = 10
"""The number of cuts of a range, equally many trials apart; each gives a region below and a region above."""
FEWEST_ALIKE = 3
"""The minimum of failed trials for a reason to be tested by itself."""
MOST_REASONS = 3


@dataclass(frozen=True)
class FailureRegion:
    """A part of the space in which trials fail more often than elsewhere."""

    region: Region
    reason: str | None
    """Only failures for this reason were counted; None: all."""
    failed: int
    ended: int
    """The number of ended trials in the region."""
    failed_elsewhere: int
    ended_elsewhere: int
    p: float
    """Holm's corrected p-value of Fisher's exact test."""

    @property
    def what(self) -> str:
        """The outcome counted there: `failed`, or `failed (timeout)`."""
        return "failed" if self.reason is None else f"failed ({self.reason})"


def failure_regions(result: SweepResult, ended: Sequence[TrialRecord]) -> tuple[FailureRegion, ...]:
    """Returns the significant regions (level 0.05), the clearest first: one for each reason and parameter."""
    tested = [
        _tested(region, here_N, reason, failed_N)
        for reason, failed_N in _failures(ended)
        for name, axis in result.config.space.axes.items()
        for region, here_N in _candidates(parameter_column(name, axis, ended))
    ]
    corrected = holm([each.p for each in tested])
    clear = sorted(
        (replace(each, p=p) for each, p in zip(tested, corrected, strict=True) if p <= LEVEL),
        key=lambda each: (each.p, -each.failed, each.ended),
    )
    return tuple(_without_repetition(clear))


def _failures(ended: Sequence[TrialRecord]) -> Iterator[tuple[str | None, Mask]]:
    """Yields the mask of all failed trials, and of those of each frequent reason."""
    reasons = [_reason(trial) for trial in ended]
    failed_N = np.array([reason is not None for reason in reasons], dtype=np.bool_)
    if not failed_N.any() or failed_N.all():
        return
    yield None, failed_N
    counts = Counter(reason for reason in reasons if reason is not None)
    for reason, count in counts.most_common(MOST_REASONS):
        if count >= FEWEST_ALIKE and len(counts) > 1:
            yield reason, np.array([each == reason for each in reasons], dtype=np.bool_)


def _reason(trial: TrialRecord) -> str | None:
    if trial.state is not TrialState.FAILED:
        return None
    return trial.reason.value if trial.reason else "unknown"


def _candidates(column: Column) -> Iterator[tuple[Region, Mask]]:
    parts = split(column, PARTS)
    if len(parts.regions) > 1:
        for place, region in enumerate(parts.regions):
            yield region, parts.place_N == place
    if not column.categorical:
        yield from _cut_regions(column)


def _cut_regions(column: Column) -> Iterator[tuple[Region, Mask]]:
    """Yields the regions at or below each cut, and above it."""
    present = column.values_N[column.present_N]
    if np.unique(present).size <= PARTS:
        return  # each value is a region
    for cut in np.unique(np.quantile(present, np.linspace(0, 1, CUTS + 1)[1:-1], method="lower")).tolist():
        yield Region(column.name, f"{shown(cut)} or less", high=cut), column.values_N <= cut
        next_up = float(present[present > cut].min())
        yield Region(column.name, f"{shown(next_up)} or more", low=next_up), column.values_N > cut


def _tested(region: Region, here_N: Mask, reason: str | None, failed_N: Mask) -> FailureRegion:
    failed, ended = int((failed_N & here_N).sum()), int(here_N.sum())
    all_failed, all_ended = int(failed_N.sum()), int(failed_N.size)
    more = failed * all_ended > all_failed * ended
    p = crowding_p(failed, ended, all_failed, all_ended) if more else 1.0
    return FailureRegion(region, reason, failed, ended, all_failed - failed, all_ended - ended, p)


def _without_repetition(clear: Sequence[FailureRegion]) -> Iterator[FailureRegion]:
    """Leaves out regions that repeat a clearer one of the same parameter for the same reason or for all reasons."""
    said: set[tuple[str, str | None]] = set()
    for each in clear:
        name = each.region.parameter
        if (name, each.reason) in said or (each.reason is None and any(other == name for other, _ in said)):
            continue
        said.add((name, each.reason))
        yield each
