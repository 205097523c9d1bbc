"""An outage at each request of a run in turn: exactly one run is started, with a message within half a minute."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from morphogenetic_engine.errors import StoreError
from pipelines.client import server as server_module
from pipelines.client import submission
from pipelines.client.api_errors import ServerBusy
from pipelines.client.runs import Run, RunState
from pipelines.client.server import Address, PipelinesServer, WantedRun
from pipelines.client.submission import Patience, Starter, wait
from tests.pipelines.client.breaking_proxy import Break, breaking_proxy
from tests.pipelines.client.stub_server import Failure, StubServer
from tests.pipelines.conftest import QUICK

STORY = [{"state": "RUNNING"}, {"state": "RUNNING"}, {"state": "SUCCEEDED"}]
REQUESTS = 9
"""Of an undisturbed run: two that say hello, experiment, its making, runs, start, runs, and three looks, less one."""


def submitted_and_followed(url: str, lines: list[str]) -> RunState:
    """Do what `pipelines submit` does, and again where it ends with an error, as a user would."""
    for _ in range(4):
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


@pytest.mark.parametrize("length", [1, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("number", "how"), list(itertools.product(range(REQUESTS + 2), Break)))
def test_an_outage_at_a_request_makes_no_second_run(
    stub: StubServer, number: int, how: Break, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage of a moment, and one that goes on when the request is retried."""
    if how is Break.SILENT:
        monkeypatch.setattr(server_module, "TIMES", (1.0, 1.0))
    stub.story = STORY
    lines: list[str] = []
    breaks = {number: how, **{number + later: Break.BEFORE for later in range(1, length)}}
    with breaking_proxy(int(stub.url.rpartition(":")[2]), breaks) as proxy:
        state = submitted_and_followed(proxy.url, lines)
    assert state is RunState.SUCCEEDED and len(stub.runs) == 1
    assert lines or number >= len(proxy.requests)


class Silence:
    """The longest time between two lines: pauses, and for each failed call the time that it may take."""

    def __init__(self) -> None:
        self.now = 0.0
        self.longest = 0.0
        self._spoken = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def call(self, *_: object) -> None:
        self.now += sum(server_module.TIMES)

    def tell(self, _line: str) -> None:
        self.longest, self._spoken = max(self.longest, self.now - self._spoken), self.now


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Silence:
    silence = Silence()
    clock = SimpleNamespace(sleep=silence.sleep, monotonic=lambda: silence.now)
    monkeypatch.setattr(submission, "time", clock)
    return silence


def test_nobody_waits_longer_than_half_a_minute_for_a_word(silence: Silence) -> None:
    """A server that takes connections and says nothing: a call, and the pause after it."""
    trying = submission.Trying(Patience(poll=10.0, outage=3600.0), silence.tell)
    with pytest.raises(ServerBusy):
        while True:
            silence.call()
            trying.again_after(ServerBusy("away"))
    assert 0 < silence.longest <= 30 and silence.now >= 3600


@pytest.mark.parametrize("answers", [True, False])
def test_whoever_looks_for_a_lost_start_is_told_of_it(
    stub: StubServer, silence: Silence, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    """The server lists no run, or is away, after a start that it did not answer."""
    server = PipelinesServer(Address(stub.url))
    listed = server.runs

    def runs(experiment_id: str, name: str = "", **_: object) -> list[Run]:
        if stub.count("POST /runs"):
            silence.call()
            if not answers:
                raise ServerBusy("away")
        return listed(experiment_id, name)

    monkeypatch.setattr(server, "runs", runs)
    stub.failures.append(Failure("POST /runs", 503))
    with pytest.raises(ServerBusy, match="not started again"):
        Starter(server, "sweeps", None, Patience(), silence.tell).submit(WantedRun("pipelineInfo: {}\n"), "one")
    assert 0 < silence.longest <= 30 and silence.now >= Patience().lost
