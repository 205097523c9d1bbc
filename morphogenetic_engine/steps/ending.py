"""How a step ends that cannot go on: with one line and a status that is not 0, never with a traceback."""

from __future__ import annotations

import functools
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn, ParamSpec, TypeVar

from morphogenetic_engine.errors import ConfigError, MorphogeneticError, SweepError, WorkloadError

_P = ParamSpec("_P")
_R = TypeVar("_R")

TERMINATION_LOG = Path("/dev/termination-log")
"""What a container says of its end: Argo adds it to the message that retries are decided by."""
FINAL = "will not be tried again"
"""In the message of an attempt whose next one would fail in the same way; the retry expression looks for it."""
_TERMINATED = 128 + signal.SIGTERM


class StepFailed(SweepError):
    """A step came to its end without a result; another attempt would come to the same end."""


def step(name: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Make a function the body of the component `name`: what it raises on purpose ends the process with one line.

    SIGTERM ends it as an exception does, so that what it has so far is kept.
    """

    def wrap(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(function)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, _end)
            try:
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
    """Leave a line where Kubernetes looks for the reason of a container's end; elsewhere there is no such file."""
    if TERMINATION_LOG.exists():
        with suppress(OSError):
            TERMINATION_LOG.write_text(line[:2000], encoding="utf-8")


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is being kept is kept to its end
    sys.exit(_TERMINATED)
