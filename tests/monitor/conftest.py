"""A monitor that serves a sweep of the test's own, and sweeps written event by event."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import orjson
import pytest
from websockets.sync.client import ClientConnection, connect

from morphogenetic_engine.monitor.access import Access, access_of
from morphogenetic_engine.monitor.listener import address_of, listen
from morphogenetic_engine.monitor.server import serve
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.conftest import StartSweep
from tests.waiting import DEADLINE_SECONDS

SWEEP = """
experiment: {workload: "toy:quadratic"}
parameters: {x: {type: float, low: 0, high: 1, points: 8}}
execution: {max_parallel: 2}
optimization: {target_metric: val_acc}
"""
Json = dict[str, object]


@dataclass(frozen=True)
class Answer:
    """The monitor's answer to a request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Monitor:
    """A monitor that runs."""

    port: int
    access: Access
    leave: Callable[[], None] = field(compare=False)
    """Tell it that the sweep's command has ended."""

    def ask(self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def watch(self, query: str = "", **headers: str) -> ClientConnection:
        """Opens the WebSocket; `query` says what the viewer knows."""
        uri = f"ws://127.0.0.1:{self.port}/events{query}"
        return connect(uri, additional_headers=headers, max_size=None, open_timeout=DEADLINE_SECONDS, proxy=None)


def received(viewer: ClientConnection) -> Json:
    """Returns the next message."""
    message: Json = orjson.loads(viewer.recv(timeout=DEADLINE_SECONDS))
    return message


def received_until(viewer: ClientConnection, wanted: Callable[[Json], bool]) -> Json:
    """Returns the first message that is wanted."""
    while True:
        message = received(viewer)
        if wanted(message):
            return message


@contextmanager
def monitoring(folder: SweepFolder, *, token: str | None = None, bound: str = "127.0.0.1") -> Iterator[Monitor]:
    """Serves a sweep in a thread; `bound` is the address that the rules are made for."""
    reader, writer = os.pipe()
    listener = listen(port=0)
    port = address_of(listener)[1]
    access = access_of(bound, port, allowed=["monitor.example"], token=token)
    thread = threading.Thread(target=serve, args=(folder, listener, access), kwargs={"leave_with": reader})
    with ExitStack() as stack:
        leave = stack.enter_context(open(writer, "wb")).close
        thread.start()
        try:
            yield Monitor(port, access, leave)
        finally:
            leave()
            thread.join(DEADLINE_SECONDS)
            os.close(reader)
    assert not thread.is_alive()


@pytest.fixture
def folder(start: StartSweep) -> SweepFolder:
    """A sweep that has not begun."""
    return start(SWEEP)
