"""Groups failed trials by reason, and finds the regions of the search space where they concentrate."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.reports.analysis.failed.failure_regions import FailureRegion, failure_regions
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+(\.\d+)?([eE][+-]?\d+)?")
_MOST_CHARACTERS = 160


@dataclass(frozen=True)
class FailureGroup:
    """Trials that failed for the same reason with the same message, numbers aside."""

    reason: str
    message: str
    """The headline of the first trial's message."""
    trials: tuple[int, ...]
    seconds: float
    """The worker-seconds of their last attempts."""


@dataclass(frozen=True)
class LeftOut:
    """A metric that the sweep file does not name, and of which some values were not finite."""

    metric: str
    values: int
    trials: int

    def __str__(self) -> str:
        values = f"{self.values} value{'' if self.values == 1 else 's'}"
        return f"{self.metric}: {values} in {self.trials} trial{'' if self.trials == 1 else 's'}"


@dataclass(frozen=True)
class Failures:
    """The failed trials, and the values that were not recorded."""

    failed: int
    ended: int
    groups: tuple[FailureGroup, ...]
    """The largest first."""
    regions: tuple[FailureRegion, ...]
    """The regions where they concentrate, the clearest first."""
    tried_again: int
    """The number of attempts that failed and were retried."""
    left_out: tuple[LeftOut, ...] = ()
    """The metrics with values that were left out, the most first."""


def failures_of(result: SweepResult) -> Failures:
    """Returns the failures of a sweep, by reason and by region."""
    ended = [trial for trial in result.trials if trial.state.final]
    failed = [trial for trial in ended if trial.state is TrialState.FAILED]
    again = sum(trial.crashes + trial.exceptions for trial in result.trials)
    regions = failure_regions(result, ended)
    return Failures(len(failed), len(ended), _groups(failed), regions, again, left_out_of(result))


def left_out_of(result: SweepResult) -> tuple[LeftOut, ...]:
    """Returns the metrics with values that were left out because they were not finite, the most first."""
    values, trials = Counter[str](), Counter[str]()
    for trial in result.trials:
        values.update(trial.left_out)
        trials.update(trial.left_out.keys())
    return tuple(LeftOut(name, count, trials[name]) for name, count in values.most_common())


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
    """Returns the most informative line: the last one of a traceback, otherwise the first one."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if not lines:
        return ""
    line = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"
