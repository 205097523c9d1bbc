"""Waiting in tests: until something happens, and for processes to end.

A wait ends as soon as the thing happens. The deadline is for a test that would never end, not for a slow machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

DEADLINE_SECONDS = 600.0
"""The longest wait of any test; a test's own time limit (`timeout` in pyproject.toml) is longer."""


def until(condition: Callable[[], object], what: str = "what the test waits for") -> None:
    """Polls a condition until it holds.

    Raises:
        AssertionError: it does not hold after ten minutes.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {DEADLINE_SECONDS:g} s"
        time.sleep(0.005)


def gone(pid: int) -> bool:
    """Returns whether a process has ended; one whose parent has not asked yet counts."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
