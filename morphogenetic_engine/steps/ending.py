"""Ends a failed step with one line and a nonzero status, never with a traceback."""

from __future__ import annotations

import functools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn, ParamSpec, TypeVar

from morphogenetic_engine.errors import ConfigError, MorphogeneticError, SweepError, WorkloadError

_P = ParamSpec("_P")
_R = TypeVar("_R")

TERMINATION_LOG = Path("/dev/termination-log")
"""The termination message of a container: Argo adds it to the message that its retry expression reads."""
FINAL = "will not be tried again"
"""The marker for failures that a retry would repeat; the retry expression looks for it."""
_TERMINATED = 128 + signal.SIGTERM


class StepFailed(SweepError):
    """A step ended without a result; a retry would end in the same way."""


def step(name: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Decorates the body of the component `name`: errors of the package end the process with one line.

    SIGTERM raises an exception in it, so that partial results are kept.
    """

    def wrap(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(function)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                with _sigterm_raises():
                    return function(*args, **kwargs)
            except (ConfigError, WorkloadError, StepFailed) as error:
                say_at_end(f"{name}: {error} ({FINAL})")
                sys.exit(f"{name}: {error}")
            except MorphogeneticError as error:
                say_at_end(f"{name}: {error}")
                sys.exit(f"{name}: {error}")
            except Exception as error:  # of the workload, whose author needs the traceback
                say_at_end(f"{name}: {type(error).__name__}: {error}")
                raise

        return run

    return wrap


def say_at_end(line: str) -> None:
    """Writes the termination message, if the process runs in a container of Kubernetes."""
    if TERMINATION_LOG.exists():
        with suppress(OSError):
            TERMINATION_LOG.write_text(line[:2000], encoding="utf-8")


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Lets SIGTERM raise SystemExit while the block runs; elsewhere than in the main thread it cannot."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # an upload in progress is completed
    sys.exit(_TERMINATED)
