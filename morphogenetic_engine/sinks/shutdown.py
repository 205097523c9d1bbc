"""What ends a follower: a SIGTERM, or the end of its standard input."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Endings:
    """Waits for the end of the following, and bounds the time after it. Enter `listening` around its use."""

    def __init__(self, drain: float) -> None:
        self.gone = False
        """The process that started this one has left, or waits for the rest to be sent."""
        self.told = False
        """There was a SIGTERM."""
        self._drain = drain
        self._reader, self._writer = os.pipe()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle SIGTERM for a while."""
        before = signal.signal(signal.SIGTERM, self._hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.close(self._reader)
            os.close(self._writer)

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until something ends the following."""
        if self.gone or self.told:
            return
        stdin = sys.stdin.fileno()
        ready, _, _ = select.select([stdin, self._reader], [], [], seconds)
        if stdin in ready and not os.read(stdin, 4096):
            self.gone = True
            self._bound_the_rest()

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if not self.told:
            self.told = True
            os.write(self._writer, b"!")
            self._bound_the_rest()

    def _bound_the_rest(self) -> None:
        """Have the system end this process, which may be killed anywhere, should a call to the server hang."""
        signal.setitimer(signal.ITIMER_REAL, max(self._drain, 0.1))
