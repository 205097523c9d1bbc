"""The time that a batch system gives a host: it takes no trial that would probably be cut off."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from morphogenetic_engine.sweeps.run.messages import Ended, PausedAttempt, ReturnedAttempt, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.workers.wire import WorkerMessage

_JOB_END = "SLURM_JOB_END_TIME"
_RESERVE_SECONDS = 5.0
_RESERVE_FACTOR = 1.1
_ENDS = (Ended, PausedAttempt, ReturnedAttempt)


class HostLifetime:
    """Compares what is left of a host's time with the longest attempt that it has seen."""

    def __init__(self, end: float | None) -> None:
        """`end` is a time of the monotonic clock; None: the host may stay as long as it is wanted."""
        self._end = end
        self._begun: dict[TaskKey, float] = {}
        self._longest = 0.0

    def begin(self, tasks: Sequence[TrialTask]) -> None:
        """Takes the tasks that the worker is given."""
        now = time.monotonic()
        self._begun.update((task.key, now) for task in tasks)

    def is_over_after(self, messages: Sequence[WorkerMessage]) -> bool:
        """Returns True if the worker has no task after these messages, and not enough time for another one."""
        now = time.monotonic()
        ended = [self._begun.pop(each.key, now) for each in messages if isinstance(each, _ENDS)]
        self._longest = max([self._longest, *(now - begun for begun in ended)])
        if self._end is None or not ended or self._begun:
            return False
        return self._end - now < self._longest * _RESERVE_FACTOR + _RESERVE_SECONDS


def seconds_left(walltime: float) -> float | None:
    """Returns the seconds until a job ends, as Slurm says, otherwise its walltime; None: neither is known."""
    end = os.environ.get(_JOB_END, "")
    left = float(end) - time.time() if end.isdecimal() else 0.0
    return left if left > 0 else walltime or None


def walltime_seconds(text: str) -> float:
    """Returns the seconds of a time limit of Slurm: minutes, MM:SS, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS."""
    days, dash, clock = text.rpartition("-")
    parts = [int(part) for part in clock.split(":")]
    if dash:
        hours, minutes, seconds = [*parts, 0, 0][:3]
    elif len(parts) == 3:
        hours, minutes, seconds = parts
    else:
        hours, minutes, seconds = 0, parts[0], [*parts, 0][1]
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60.0 + seconds
