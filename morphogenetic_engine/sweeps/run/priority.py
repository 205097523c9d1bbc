"""The priority of helper processes: they run at low CPU priority beside a sweep."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

LOWEST = 19
LOW = 10
"""About a tenth of the share of a busy process: for helpers that a person waits for."""


def lower_priority(pid: int, niceness: int = LOWEST) -> None:
    """Gives a process a low priority; if it leads a session, also the session, which Linux schedules as a group.

    One that has a lower priority already keeps it.
    """
    with suppress(OSError):  # a sandbox may forbid it; the sweep is then merely slowed a little
        niceness = max(niceness, os.getpriority(os.PRIO_PROCESS, pid))
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
        if os.getsid(pid) == pid:  # a terminal's session is its user's: a sweep may run in it
            Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")
