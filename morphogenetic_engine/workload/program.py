"""Runs a program for one trial: yields its output line by line, and ends all processes that it started."""

from __future__ import annotations

import codecs
import io
import os
import selectors
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from morphogenetic_engine.workload.process_groups import end_group

_GRACE_SECONDS = 5.0
_TICK_SECONDS = 0.1
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 20
"""A line of more characters is passed on in pieces, so that no output fills the memory."""
_LAST_CHUNKS = 32
"""The number of chunks to read after the program's end: more than a pipe holds."""


class Program:
    """A running program. It leads its own process group, which ends with it."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts the program.

        Raises:
            OSError: it cannot be run.
        """
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with  # outlives this call
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=environment,
            process_group=0,
            bufsize=0,
        )
        self._exit_fd = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else None

    def lines(self) -> Iterator[str]:
        """Yields the lines of standard output until the program ends, even if its children keep the output open."""
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
        unread: list[str] = []
        length = 0
        for chunk in self._chunks():
            first, *others = decoder.decode(chunk).split("\n")
            unread.append(first)
            length += len(first)
            for line in others:
                yield f"{''.join(unread)}\n"
                unread, length = [line], len(line)
            if length > _LONGEST_LINE:
                yield "".join(unread)
                unread, length = [], 0
        rest = "".join(unread) + decoder.decode(b"", final=True)
        if rest:
            yield rest

    def status(self) -> int:
        """Waits for the end and returns the exit status as subprocess gives it (negative: the signal)."""
        return self._process.wait()

    def end(self) -> None:
        """Ends the program, if it still runs, and the processes that it left behind: SIGTERM first, then SIGKILL."""
        assert self._process.stdout is not None
        end_group(self._process.pid, _GRACE_SECONDS, poll=self._process.poll)
        self._process.wait()
        self._process.stdout.close()
        if self._exit_fd is not None:
            os.close(self._exit_fd)

    def _chunks(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        os.set_blocking(output, False)
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            if self._exit_fd is not None:
                selector.register(self._exit_fd, selectors.EVENT_READ)
            while not self._has_ended():
                if any(key.fd == output for key, _ in selector.select(None if self._exit_fd else _TICK_SECONDS)):
                    chunk = _read(output)
                    if chunk is None:
                        return  # every writer has closed the pipe
                    yield chunk
        for _ in range(_LAST_CHUNKS):
            chunk = _read(output)
            if not chunk:
                return
            yield chunk

    def _has_ended(self) -> bool:
        """Returns True if the program has ended; does not reap it, so its process id is not reused."""
        if self._process.returncode is not None:
            return True
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, flags) is not None


def _read(descriptor: int) -> bytes | None:
    """Returns the available output; None if every writer has closed the pipe."""
    try:
        return os.read(descriptor, _CHUNK) or None
    except BlockingIOError:
        return b""
