"""Why trials failed, and whether they failed in one part of the search space.

Whether failures crowd in a region is Fisher's exact test (one-sided, hypergeometric), with Holm's correction over all
regions that were looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morphogenetic_engine.reports.columns import parameter_column
from morphogenetic_engine.reports.regions import Region, split
from morphogenetic_engine.reports.significance import crowding_p, holm
from morphogenetic_engine.sweeps.events import TrialState
from morphogenetic_engine.sweeps.results import SweepResult, TrialRecord

PARTS = 5
LEVEL = 0.05
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+(\.\d+)?([eE][+-]?\d+)?")
_MOST_CHARACTERS = 160


@dataclass(frozen=True)
class FailureGroup:
    """Trials that failed for the same reason with the same message, numbers aside."""

    reason: str
    message: str
    """The first line of the message of the first of them."""
    trials: tuple[int, ...]
    seconds: float
    """What they cost, in worker-seconds of their last attempts."""


@dataclass(frozen=True)
class FailureRegion:
    """A part of the space in which trials fail more often than elsewhere."""

    region: Region
    failed: int
    ended: int
    """Trials there that reached an end."""
    failed_elsewhere: int
    ended_elsewhere: int
    p: float
    """Holm's corrected p-value of Fisher's exact test."""


@dataclass(frozen=True)
class Failures:
    """The failed trials."""

    failed: int
    ended: int
    groups: tuple[FailureGroup, ...]
    """The largest first."""
    regions: tuple[FailureRegion, ...]
    """Those that hold at the level of 0.05, the clearest first."""
    tried_again: int
    """Attempts that failed and were tried again."""


def failures_of(result: SweepResult) -> Failures:
    """Return the failures of a sweep, by reason and by region."""
    ended = [trial for trial in result.trials if trial.state.final]
    failed = [trial for trial in ended if trial.state is TrialState.FAILED]
    again = sum(trial.crashes + trial.exceptions for trial in result.trials)
    return Failures(len(failed), len(ended), _groups(failed), _regions(result, ended), again)


def _groups(failed: Sequence[TrialRecord]) -> tuple[FailureGroup, ...]:
    found: dict[tuple[str, str], list[TrialRecord]] = {}
    for trial in failed:
        reason = trial.reason.value if trial.reason else "unknown"
        found.setdefault((reason, _NUMBER.sub("#", _headline(trial.message))), []).append(trial)
    groups = [
        FailureGroup(
            reason,
            _headline(trials[0].message),
            tuple(trial.number for trial in trials),
            sum(trial.duration for trial in trials),
        )
        for (reason, _), trials in found.items()
    ]
    return tuple(sorted(groups, key=lambda group: -len(group.trials)))


def _headline(message: str) -> str:
    """Return the line that says most: the last one of a traceback, the first one of anything else."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if not lines:
        return ""
    line = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"


def _regions(result: SweepResult, ended: Sequence[TrialRecord]) -> tuple[FailureRegion, ...]:
    failed_N = np.array([trial.state is TrialState.FAILED for trial in ended], dtype=np.bool_)
    if not failed_N.any() or failed_N.all():
        return ()
    tested: list[FailureRegion] = []
    for name, axis in result.config.space.axes.items():
        parts = split(parameter_column(name, axis, ended), PARTS)
        for place, region in enumerate(parts.regions if len(parts.regions) > 1 else ()):
            here_N = parts.place_N == place
            tested.append(_tested(region, failed_N, here_N))
    corrected = holm([each.p for each in tested])
    found = [
        FailureRegion(each.region, each.failed, each.ended, each.failed_elsewhere, each.ended_elsewhere, p)
        for each, p in zip(tested, corrected, strict=True)
        if p <= LEVEL
    ]
    return tuple(sorted(found, key=lambda each: each.p))


def _tested(region: Region, failed_N: np.ndarray, here_N: np.ndarray) -> FailureRegion:
    failed, ended = int((failed_N & here_N).sum()), int(here_N.sum())
    all_failed, all_ended = int(failed_N.sum()), int(failed_N.size)
    p = crowding_p(failed, ended, all_failed, all_ended)
    return FailureRegion(region, failed, ended, all_failed - failed, all_ended - ended, p)
