"""Ends a process, or fails a call, at a chosen call of many."""

from __future__ import annotations

from collections.abc import Callable


class Killed(BaseException):
    """Ends a publisher as a kill does: nothing in it handles this."""


class Saboteur:
    """Lets so many calls pass, then raises before or after the next one."""

    def __init__(self, passing: int, error: Callable[[], BaseException], *, after: bool) -> None:
        self.left = passing
        self.struck = False
        self._error = error
        self._after = after

    def wrapped(self, call: Callable[..., object]) -> Callable[..., object]:
        def sabotaged(*arguments: object, **named: object) -> object:
            self.left -= 1
            if self.left == -1 and not self._after:
                self._strike()
            result = call(*arguments, **named)
            if self.left == -1:
                self._strike()
            return result

        return sabotaged

    def _strike(self) -> None:
        self.struck = True
        raise self._error()
