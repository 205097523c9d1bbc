"""The process reaper: kills the workers when the process that runs the sweep has ended, however it ended.

Started as `python -m morphogenetic_engine.sweeps.run.workers.process_reaper [PASS]`. Its standard input names process
groups: `+123` for one that started, `-123` for one that ended. When the input closes, the groups that are left are
killed, including a worker that is stuck in C code and the programs that a workload started. With the pass of a host, it
also ends when the pass is withdrawn, and says that the host is gone when its workers are.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from morphogenetic_engine.workload.host_pass import CHECK_SECONDS, HostPass
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


def lines_while_valid(descriptor: int, host: HostPass) -> Iterator[str]:
    """Yields the lines of a pipe to its end, or until a pass is withdrawn."""
    unread = b""
    is_valid = True
    while is_valid:
        if select.select([descriptor], [], [], CHECK_SECONDS)[0]:
            chunk = os.read(descriptor, 4096)
            if not chunk:
                return
            *lines, unread = (unread + chunk).split(b"\n")
            yield from (line.decode() for line in lines)
        is_valid = host.is_valid()


def main(files: list[str]) -> None:
    """Reaps; a signal to all processes of a job does not end it before its work is done."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if not files:
        reap(sys.stdin)
        return
    host = HostPass(Path(files[0]))
    reap(lines_while_valid(0, host))
    host.leave()


if __name__ == "__main__":
    main(sys.argv[1:])
