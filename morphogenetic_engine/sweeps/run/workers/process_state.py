"""The state of a process that a workload may change: restored before the next trial runs in the same process.

Restored are the working directory, the environment, signal handlers and the signal mask, the umask, the standard
streams, and the settings of PyTorch that are global. The global generators of `random`, NumPy and PyTorch start from
the trial's seed, so that a workload that uses them has the same results in any worker.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import TextIO

_NUMPY_SEEDS = 2**32
_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGALRM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGCHLD,
    signal.SIGPIPE,
)
_Handler = Callable[[int, FrameType | None], object] | int | None
_handler_of: Callable[[int], _Handler] = getattr(signal, "_signal", signal).getsignal
"""`signal.getsignal`; where CPython has it, the function that it wraps: it makes no enumeration of each answer."""


class ProcessState:
    """The state of this process when it was made; `restore` brings it back. Used in the main thread."""

    def __init__(self) -> None:
        self._directory = os.getcwd()
        self._environment = dict(_environment())
        self._umask = os.umask(0)
        os.umask(self._umask)
        self._streams = {name: _usable_stream(name, None) for name in ("stdin", "stdout", "stderr")}
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._handlers = {each: handler for each in _SIGNALS if (handler := _handler_of(each)) is not None}
        self._torch = _torch_settings()

    def restore(self) -> None:
        """Brings the state back to what it was."""
        with suppress(FileNotFoundError):  # the directory was removed
            os.chdir(self._directory)
        if _environment() != self._environment:
            os.environb.clear()
            os.environb.update(self._environment)
        os.umask(self._umask)
        for name, stream in self._streams.items():
            setattr(sys, name, _usable_stream(name, stream))
        if signal.pthread_sigmask(signal.SIG_BLOCK, ()) != self._mask:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each, handler in self._handlers.items():
            if _handler_of(each) is not handler:
                signal.signal(each, handler)
        _restore_torch(self._torch)


def seed_generators(seed: int) -> None:
    """Starts the global generators of `random`, NumPy and PyTorch from a seed, where they are imported."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % _NUMPY_SEEDS)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def flush_streams() -> None:
    """Writes out what was printed, as far as the streams still work."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):  # a full disk, or a stream that the workload closed
                stream.flush()


def children() -> frozenset[int]:
    """Returns the process ids of this process's children; empty where the system does not list them."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # a quick question, changes nothing
    except ChildProcessError:
        return frozenset()
    found: set[int] = set()
    for thread in threading.enumerate():
        with suppress(OSError), open(f"/proc/self/task/{thread.native_id}/children", encoding="ascii") as file:
            found.update(int(word) for word in file.read().split())
    return frozenset(found)


def _environment() -> Mapping[bytes, bytes]:
    """Returns the environment; where CPython keeps it in a dictionary, that one: it compares a hundred times faster."""
    kept = getattr(os.environ, "_data", None)
    return kept if isinstance(kept, dict) else dict(os.environb)


def _usable_stream(name: str, stream: TextIO | None) -> TextIO:
    """Returns the stream, or a new one on the same descriptor where it was closed or removed."""
    stream = stream or getattr(sys, name, None)
    if stream is not None and not stream.closed:
        return stream
    number = ("stdin", "stdout", "stderr").index(name)
    return open(number, "r" if number == 0 else "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _torch_settings() -> Mapping[str, object]:
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    return {"dtype": torch.get_default_dtype(), "grad": torch.is_grad_enabled(), "threads": torch.get_num_threads()}


def _restore_torch(before: Mapping[str, object]) -> None:
    torch = sys.modules.get("torch")
    if torch is None:
        return
    before = before or {"dtype": torch.float32, "grad": True}  # imported by a trial: PyTorch's own defaults
    now = _torch_settings()
    if now["dtype"] != before["dtype"]:
        torch.set_default_dtype(before["dtype"])
    if now["grad"] != before["grad"]:
        torch.set_grad_enabled(before["grad"])
    if "threads" in before and now["threads"] != before["threads"]:
        torch.set_num_threads(before["threads"])
