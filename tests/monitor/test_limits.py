"""The monitor survives any number of viewers, and no viewer blocks the others."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from morphogenetic_engine.monitor import limits
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.monitor.conftest import SWEEP, Monitor, monitoring, received
from tests.waiting import DEADLINE_SECONDS


@pytest.fixture(name="folder")
def _folder(start: Callable[[str], SweepFolder]) -> SweepFolder:
    return start(SWEEP)


@contextmanager
def connections(monitor: Monitor, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            opened.append(stack.enter_context(socket.create_connection(("127.0.0.1", monitor.port))))
            if sent:
                opened[-1].sendall(sent)
        yield opened


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0", b"POST /stop HTTP/1.1\r\nContent-Length: 9\r\n\r\n"]
)
def test_more_idle_or_half_open_connections_than_allowed_keep_nobody_out(
    folder: SweepFolder, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(limits, "most_connections", lambda: 20)
    with monitoring(folder) as monitor, connections(monitor, 60, sent):
        assert monitor.ask("/").status == 200
        with monitor.watch() as viewer:
            assert received(viewer)["sweep"]


def test_a_request_that_does_not_arrive_is_ended(folder: SweepFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_SECONDS", 0.2)
    with monitoring(folder) as monitor, connections(monitor, 1, b"GET / HT") as [half]:
        half.settimeout(DEADLINE_SECONDS)
        with pytest.raises(ConnectionResetError):
            while half.recv(100):
                pass
            raise ConnectionResetError  # closed, which is as good
        with monitor.watch() as viewer:  # a WebSocket outlives the limit
            received(viewer)
            assert received(viewer)


def test_the_limit_leaves_open_files_for_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 100))
    assert limits.most_connections() == 36
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert limits.most_connections() == 1000


def test_what_is_no_origin_and_no_number_is_refused(folder: SweepFolder) -> None:
    with monitoring(folder) as monitor:
        assert monitor.ask("/", headers={"Origin": "http://["}).status == 403
        assert monitor.ask("/trials/" + "1" * 5000).status == 404
        assert monitor.ask("/trials/x").status == 404


def test_a_sweep_json_that_is_damaged_while_it_is_shown_is_a_problem_and_not_the_end(folder: SweepFolder) -> None:
    whole = folder.info.read_bytes()
    with monitoring(folder) as monitor, monitor.watch() as viewer:
        received(viewer)
        folder.info.write_text("{", encoding="utf-8")
        folder.journal.write_bytes(b"")
        folder.journal.write_bytes(b"x\n")
        message = received(viewer)
        while not message["problem"]:
            message = received(viewer)
        folder.info.write_bytes(whole)
        assert monitor.ask("/").status == 200
