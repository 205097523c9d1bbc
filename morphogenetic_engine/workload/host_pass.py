"""The pass of a worker's host: a file in the sweep's folder that its coordinator removes when the host must end.

A second file, beside it, says that the host's worker may still run. No two processes train a trial in one folder: who
takes a trial over withdraws the pass, and waits until the second file is gone, or for a minute. A worker that could not
notice, because it was stopped meanwhile, is killed as soon as it goes on.
"""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.workload.process_groups import kill_session

FOLDER = Path("dask") / "hosts"
"""The folder of the passes in the sweep's folder."""
PRESENT = ".present"
CHECK_SECONDS = 1.0
"""How often a host looks for its pass."""
LEASE_SECONDS = 60.0
"""The time after which a host whose pass was withdrawn, and that has not said that it is gone, is held to be gone."""


@dataclass(frozen=True)
class HostPass:
    """The files of one host."""

    file: Path

    @property
    def sweep(self) -> Path:
        """The folder of the sweep."""
        return self.file.parents[len(FOLDER.parts)]

    @property
    def presence(self) -> Path:
        """The file that is there while the host's worker may run."""
        return self.file.with_suffix(PRESENT)

    def is_valid(self) -> bool:
        """Returns False once the pass was withdrawn; opened, because what a network file system knows may be old."""
        try:
            os.close(os.open(self.file, os.O_RDONLY))
        except OSError as error:
            return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)
        return True

    def enter(self, host: str) -> bool:
        """Says that the worker may run; returns False if the pass was withdrawn.

        Raises:
            OSError: the file cannot be written.
        """
        self.presence.write_text(host, encoding="utf-8")
        if self.is_valid():  # asked after that: who withdraws it looks for the file afterwards
            return True
        self.leave()
        return False

    def leave(self) -> None:
        """Says that the worker has ended."""
        self.presence.unlink(missing_ok=True)


def end_when_withdrawn(file: str) -> None:
    """Has this process and its session killed if it was stopped, and its pass is withdrawn when it goes on."""

    def look(_signal: int, _frame: object) -> None:
        if not HostPass(Path(file)).is_valid():
            kill_session(os.getpid())

    signal.signal(signal.SIGCONT, look)
