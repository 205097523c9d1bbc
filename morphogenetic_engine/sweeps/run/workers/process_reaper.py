"""The process reaper: kills the workers when the process that runs the sweep has ended, however it ended.

Started as `python -m morphogenetic_engine.sweeps.run.workers.process_reaper`. Its standard input names process groups:
`+123` for one that started, `-123` for one that ended. When the input closes, the groups that are left are killed,
including a worker that is stuck in C code and the programs that a workload started.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable


def reap(lines: Iterable[str]) -> None:
    """Follow the lines to their end, then kill every group that is left."""
    groups: set[int] = set()
    for line in lines:
        sign, group = line[0], int(line[1:])
        if sign == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            continue  # it has ended


if __name__ == "__main__":
    reap(sys.stdin)
