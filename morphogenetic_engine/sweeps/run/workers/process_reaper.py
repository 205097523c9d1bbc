"""The process reaper: kills the workers when the process that runs the sweep has ended, however it ended.

Started as `python -m morphogenetic_engine.sweeps.run.workers.process_reaper`. Its standard input names process groups:
`+123` for one that started, `-123` for one that ended. When the input closes, the groups that are left are killed,
including a worker that is stuck in C code and the programs that a workload started.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from morphogenetic_engine.workload.process_groups import kill_session


def reap(lines: Iterable[str]) -> None:
    """Follows the lines to their end, then kill every group that is left, with its session."""
    groups: set[int] = set()
    for line in lines:
        sign, group = line[0], int(line[1:])
        if sign == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        kill_session(group)


if __name__ == "__main__":
    reap(sys.stdin)
