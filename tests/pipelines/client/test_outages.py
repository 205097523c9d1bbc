"""An outage at each request of a run in turn: one run all the same, and a word within half a minute."""

from __future__ import annotations

import itertools
import time

import pytest

from morphogenetic_engine.errors import StoreError
from pipelines.client import server as server_module
from pipelines.client import submission
from pipelines.client.api_errors import ServerBusy
from pipelines.client.runs import RunState
from pipelines.client.server import Address, PipelinesServer, WantedRun
from pipelines.client.submission import Patience, Starter, wait
from tests.pipelines.client.breaking_proxy import Break, breaking_proxy
from tests.pipelines.client.stub_server import StubServer
from tests.pipelines.conftest import QUICK

STORY = [{"state": "RUNNING"}, {"state": "RUNNING"}, {"state": "SUCCEEDED"}]
REQUESTS = 9
"""Of an undisturbed run: two that say hello, experiment, its making, runs, start, runs, and three looks, less one."""


def submitted_and_followed(url: str, lines: list[str]) -> RunState:
    """Do what `pipelines submit` does, and again where it ends with an error, as a user would."""
    for _ in range(2):
        try:
            server = PipelinesServer(Address(url))
            run, _ = Starter(server, "sweeps", None, QUICK, lines.append).submit(WantedRun("pipelineInfo: {}\n"), "one")
            return wait(server, run.run_id, patience=QUICK, tell=lines.append, diagnose=lambda _: []).state
        except StoreError as error:
            lines.append(str(error))
    raise AssertionError(lines)


def test_an_undisturbed_run_takes_so_many_requests(stub: StubServer) -> None:
    stub.story = STORY
    with breaking_proxy(int(stub.url.rpartition(":")[2]), {}) as proxy:
        assert submitted_and_followed(proxy.url, []) is RunState.SUCCEEDED
    assert len(proxy.requests) >= REQUESTS, proxy.requests


@pytest.mark.parametrize(("number", "how"), list(itertools.product(range(REQUESTS + 2), Break)))
def test_an_outage_at_a_request_makes_no_second_run(stub: StubServer, number: int, how: Break) -> None:
    stub.story = STORY
    lines: list[str] = []
    with breaking_proxy(int(stub.url.rpartition(":")[2]), {number: how}) as proxy:
        state = submitted_and_followed(proxy.url, lines)
    assert state is RunState.SUCCEEDED and len(stub.runs) == 1
    assert lines or number >= len(proxy.requests)


def test_nobody_waits_longer_than_half_a_minute_for_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and says nothing: a call, and the pause after it."""
    connect, answer = server_module.TIMES
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    trying = submission.Trying(Patience(poll=10.0, outage=1e9), print)
    for _ in range(20):
        trying.again_after(ServerBusy("away"))
    assert max(slept) + connect + answer <= 30
