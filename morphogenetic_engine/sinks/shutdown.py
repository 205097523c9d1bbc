"""The shutdown of a forwarder: at SIGTERM, or at the end of its standard input."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Endings:
    """Waits for the signal to shut down, and bounds the time after it. Use it inside `listening`."""

    def __init__(self, drain: float) -> None:
        self.gone = False
        """True if the parent process exited or is waiting for the flush."""
        self.told = False
        """True after a SIGTERM."""
        self._drain = drain
        self._reader, self._writer = os.pipe()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handles SIGTERM inside the block."""
        before = signal.signal(signal.SIGTERM, self._hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.close(self._reader)
            os.close(self._writer)

    def wait(self, seconds: float) -> None:
        """Waits for some seconds, or until the shutdown begins."""
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
        """Sets an alarm that kills this process if a call to the server hangs; it may be killed anywhere."""
        signal.setitimer(signal.ITIMER_REAL, max(self._drain, 0.1))
