"""Limits for the monitor's connections: how many there may be, and how long a request may take to arrive."""

from __future__ import annotations

import asyncio
import resource
import time

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 10.0
"""A request, or the rest of one that has begun, has to arrive within this time."""
_MOST_CONNECTIONS = 1000
_RESERVED_FILES = 64
"""Open files that are left for the journal, the page's files and the event loop."""


def most_connections() -> int:
    """Returns the largest number of connections, which the limit of open files allows in any case."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(8, min(_MOST_CONNECTIONS, files - _RESERVED_FILES))


class LimitedProtocol(H11Protocol):
    """A connection that is closed if it sends no whole request, at once where others wait for its place."""

    _overdue: asyncio.TimerHandle | None = None
    since = 0.0
    """The time at which the connection was made or its last request began, on the monotonic clock."""

    @property
    def is_waiting(self) -> bool:
        """True while no whole request has arrived that is still being answered."""
        return self.conn.their_state in {h11.IDLE, h11.SEND_BODY}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.since = time.monotonic()
        self._overdue = self.loop.call_later(REQUEST_SECONDS, self._close_overdue)
        if len(self.connections) > most_connections():
            idle = [each for each in self.connections if isinstance(each, LimitedProtocol) and each.is_waiting]
            min(idle, key=lambda each: each.since, default=self).transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_waiting or self not in self.connections:  # a whole request, or a WebSocket now
            self._disarm()
        elif self._overdue is None:
            self.since = time.monotonic()
            self._overdue = self.loop.call_later(REQUEST_SECONDS, self._close_overdue)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _disarm(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _close_overdue(self) -> None:
        self._overdue = None
        if self.is_waiting:
            self.transport.abort()
