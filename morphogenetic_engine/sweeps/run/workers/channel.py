"""The worker's end of its channel to the coordinator: commands in, messages out, one JSON object a line.

The channel belongs to one process. A process that a workload forks has it closed, and cannot send on it; a program that
a workload starts does not inherit it. Only the standard library is imported here, so that a worker starts quickly.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Mapping

from morphogenetic_engine.errors import TrialFailed

_CHUNK = 1 << 16


class Channel:
    """Reads commands from one descriptor and writes messages to another; both are closed in forked processes."""

    def __init__(self, commands: int, messages: int) -> None:
        self.lock = threading.RLock()
        """Held while a message is sent and its answer is awaited."""
        self._commands = commands
        self._messages = messages
        self._unread = b""
        self._put_aside: deque[dict[str, object]] = deque()
        self._owner = os.getpid()
        for descriptor in (commands, messages):
            os.set_inheritable(descriptor, False)
        os.register_at_fork(after_in_child=self._close)

    @property
    def is_forked(self) -> bool:
        """True in a process that was forked from the worker."""
        return os.getpid() != self._owner

    def send(self, message: Mapping[str, object]) -> None:
        """Writes one message.

        Raises:
            TrialFailed: this is a forked process.
        """
        if self.is_forked:
            raise TrialFailed("a process that the workload forked cannot report; report in the trial's own process")
        line = memoryview(json.dumps(message, allow_nan=False).encode() + b"\n")
        with self.lock:
            while line:
                line = line[os.write(self._messages, line) :]

    def receive(self) -> dict[str, object] | None:
        """Waits for one command; None: there will be no more."""
        return self._put_aside.popleft() if self._put_aside else self._read()

    def waiting(self) -> dict[str, object] | None:
        """Returns a command that has arrived; None: there is none now."""
        if not self._put_aside and b"\n" not in self._unread and not select.select([self._commands], [], [], 0)[0]:
            return None
        return self.receive()

    def put_back(self, command: dict[str, object]) -> None:
        """Keeps a command for the next `receive`."""
        self._put_aside.appendleft(command)

    def _read(self) -> dict[str, object] | None:
        while b"\n" not in self._unread:
            chunk = os.read(self._commands, _CHUNK)
            if not chunk:
                return None
            self._unread += chunk
        line, self._unread = self._unread.split(b"\n", maxsplit=1)
        command: dict[str, object] = json.loads(line)
        return command

    def decision(self, trial: int, attempt: int) -> str:
        """Waits for the decision about the report that was sent last: `go_on`, `stop` or `pause`.

        Leaves the process when the coordinator is gone: nothing waits for the trial any more.
        """
        while (command := self._read()) is not None:
            if "tasks" in command:
                self._put_aside.append(command)
            elif (command["kind"], command.get("trial"), command.get("attempt")) == ("decide", trial, attempt):
                return str(command["decision"])
        sys.exit(0)

    def _close(self) -> None:
        for descriptor in (self._commands, self._messages):
            try:
                os.close(descriptor)
            except OSError:
                continue  # the workload closed it
