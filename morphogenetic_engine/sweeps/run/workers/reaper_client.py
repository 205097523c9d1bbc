"""The coordinator's side of the process reaper: tells it the running process groups, replaces a killed one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from morphogenetic_engine.workload.host_pass import HostPass


class ProcessReaper:
    """A reaper process that knows all groups that were added and not removed, also after it was replaced."""

    def __init__(self, host: HostPass | None = None) -> None:
        """`host`: the pass by which the groups may run, if they are on another machine than the coordinator."""
        self._groups: set[int] = set()
        self._files = [] if host is None else [str(host.file)]
        self._process = _started(self._files)

    def add(self, group: int) -> None:
        """Have this process group killed when the coordinator ends without removing it."""
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forgets a process group that has ended."""
        self._groups.discard(group)
        self._tell(f"-{group}\n")

    def revive(self) -> None:
        """Starts another reaper if this one was killed."""
        if self._process.poll() is None:
            return
        self._close_input()
        self._process = _started(self._files)
        for group in self._groups:
            self._tell(f"+{group}\n")

    def close(self) -> None:
        """Ends the reaper, which kills the groups that are left."""
        self.revive()
        self._close_input()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it was killed; `revive` tells its successor
            os.write(self._process.stdin.fileno(), line.encode())

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()


def _started(files: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "morphogenetic_engine.sweeps.run.workers.process_reaper", *files],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
    )
