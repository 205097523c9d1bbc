"""The guardian: ends the workers when the process that runs the sweep is gone, however it went.

Started as `python -m morphogenetic_engine.sweeps.run.process_reaper`. Its standard input names process groups, `+123` for one
that began and `-123` for one that ended. When the input closes, the groups that are left are killed: also a worker
that is stuck in C code, and the programs that a workload started.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable


def guard(lines: Iterable[str]) -> None:
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
            continue  # it ended by itself, or is somebody else's by now


if __name__ == "__main__":
    guard(sys.stdin)
