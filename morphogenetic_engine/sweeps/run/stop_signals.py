"""Turns Ctrl-C, SIGTERM and a closed terminal into a request that the run loop reads."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED_STATUS = 130


class StopSignals:
    """While entered, a first signal sets `requested`; a second one ends the process at once.

    Signals can only be handled in the main thread; elsewhere, nothing is ever requested.
    """

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None
        """The signal that came, if any."""
        self.before_exit: Callable[[], object] | None = None
        """Called before a second signal ends the process."""
        self._before: dict[signal.Signals, signal.Handlers | int | Callable[[int, FrameType | None], object] | None] = (
            {}
        )
        self.descriptor, self._write_end = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._write_end, False)

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            self._before = {each: signal.signal(each, self._handle) for each in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)
        os.close(self.descriptor)
        os.close(self._write_end)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.requested:
            if self.before_exit is not None:
                self.before_exit()
            os._exit(INTERRUPTED_STATUS)
        self.requested = signal.Signals(number)
        os.write(self._write_end, b"!")
