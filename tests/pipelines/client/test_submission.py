"""Submitting and waiting: exactly one run, followed to its end through outages."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from morphogenetic_engine.errors import StoreError
from pipelines.client.api_errors import ServerBusy, ServerFailed
from pipelines.client.runs import Run, RunState
from pipelines.client.server import Address, PipelinesServer, WantedRun
from pipelines.client.submission import Patience, Starter, Tell, run_name, wait
from tests.pipelines.client.stub_server import Failure, StubServer, serving
from tests.pipelines.conftest import QUICK

PACKAGE = "pipelineInfo: {name: one}\n"


def submitted(server: PipelinesServer, name: str = "one") -> tuple[Run, bool]:
    return starter(server).submit(WantedRun(PACKAGE), name)


def starter(server: PipelinesServer, tell: Tell = print) -> Starter:
    return Starter(server, "sweeps", None, QUICK, tell)


def waited(server: PipelinesServer, patience: Patience = QUICK) -> tuple[Run, list[str]]:
    lines: list[str] = []
    return wait(server, "run-0", patience=patience, tell=lines.append, diagnose=lambda _: []), lines


def at(state: str, **tasks: str) -> dict[str, object]:
    details = [{"display_name": name, "state": each} for name, each in tasks.items()]
    return {"state": state, "run_details": {"task_details": details}}


def test_the_same_pipeline_is_not_started_twice(stub: StubServer, server: PipelinesServer) -> None:
    first, known = submitted(server)
    assert not known
    stub.runs[0]["state"] = "RUNNING"
    assert submitted(server)[1]
    assert submitted(server)[0].run_id == first.run_id
    assert len(stub.runs) == 1


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "CANCELED", "ERROR", "SKIPPED"])
def test_a_pipeline_that_has_ended_is_started_anew(stub: StubServer, server: PipelinesServer, state: str) -> None:
    submitted(server)
    stub.runs[0]["state"] = state
    assert submitted(server)[0].run_id == "run-1"


def test_another_pipeline_has_a_run_of_its_own(stub: StubServer, server: PipelinesServer) -> None:
    submitted(server)
    submitted(server, "other")
    assert len(stub.runs) == 2


def test_the_name_of_a_run_follows_from_the_pipeline() -> None:
    assert run_name("sweep-spirals", PACKAGE) == run_name("sweep-spirals", PACKAGE)
    assert run_name("sweep-spirals", PACKAGE) != run_name("sweep-spirals", PACKAGE + "# other")
    assert run_name("sweep-spirals", PACKAGE).startswith("sweep-spirals-")


def test_a_start_whose_answer_got_lost_is_found_again(stub: StubServer, server: PipelinesServer) -> None:
    stub.failures.append(Failure("POST /runs", 503, after=True))
    run, known = submitted(server)
    assert (run.run_id, known, len(stub.runs)) == ("run-0", False, 1)


def test_a_start_that_failed_after_it_made_the_run_is_found_and_not_retried(
    stub: StubServer, server: PipelinesServer
) -> None:
    stub.failures.append(Failure("POST /runs", 500, "Failed to create a new run: InternalServerError", after=True))
    run, _ = submitted(server)
    assert (run.run_id, stub.count("POST /runs")) == ("run-0", 1)


@pytest.mark.parametrize(("status", "kind"), [(500, ServerFailed), (503, ServerBusy), (504, ServerBusy)])
def test_a_start_that_may_have_made_a_workflow_that_no_page_lists_is_not_retried(
    stub: StubServer, server: PipelinesServer, status: int, kind: type[StoreError]
) -> None:
    stub.failures.append(Failure("POST /runs", status))
    lines: list[str] = []
    with pytest.raises(kind, match=r"no run one shows up, and it is not started again, .*kubectl --namespace kubeflow"):
        starter(server, lines.append).submit(WantedRun(PACKAGE), "one")
    assert stub.count("POST /runs") == 1
    assert lines[0].endswith("checking whether the run was started nevertheless")


def test_of_two_submits_in_one_moment_one_run_goes_on(stub: StubServer, server: PipelinesServer) -> None:
    stub.barrier = threading.Barrier(2)  # both have seen that there is no run
    lines: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        patient = [starter(server, lines.append), starter(PipelinesServer(Address(stub.url)), lines.append)]
        found = [
            future.result() for future in [pool.submit(each.submit, WantedRun(PACKAGE), "one") for each in patient]
        ]
    assert [run.run_id for run, _ in found] == ["run-0", "run-0"] and sorted(known for _, known in found) == [
        False,
        True,
    ]
    assert lines == ["the same was started a moment earlier: run-1 is ended"]
    assert [run["state"] for run in stub.runs] == ["PENDING", "CANCELING"]


@pytest.mark.parametrize("call", ["GET /experiments", "POST /experiments", "GET /runs"])
def test_a_server_that_fails_for_a_moment_is_asked_again(stub: StubServer, server: PipelinesServer, call: str) -> None:
    stub.failures += [Failure(call, 503), Failure(call, 502)]
    assert submitted(server)[0].run_id == "run-0"
    assert (len(stub.experiments), len(stub.runs)) == (1, 1)


def test_what_is_forbidden_is_not_retried(stub: StubServer, server: PipelinesServer) -> None:
    stub.failures.append(Failure("POST /runs", 403, "robot may not"))
    with pytest.raises(StoreError, match="forbidden"):
        submitted(server)
    assert stub.count("POST /runs") == 1


def test_progress_is_told_once(stub: StubServer, server: PipelinesServer) -> None:
    submitted(server)
    stub.story = [
        at("PENDING"),
        at("RUNNING", sweep="RUNNING"),
        at("RUNNING", sweep="RUNNING"),
        at("RUNNING", sweep="SUCCEEDED", report="RUNNING"),
        at("SUCCEEDED", sweep="SUCCEEDED", report="SUCCEEDED"),
    ]
    run, lines = waited(server)
    assert run.state is RunState.SUCCEEDED
    assert lines == [
        "run: pending",
        "sweep on Katib: started",
        "run: running",
        "sweep on Katib: succeeded",
        "report: started",
        "report: succeeded",
        "run: succeeded",
    ]


def test_two_nodes_of_one_name_are_told_apart_by_their_ids(stub: StubServer, server: PipelinesServer) -> None:
    """A step that was cloned with the run, or a later server's nodes for attempts: neither is told at every look."""
    submitted(server)
    nodes = [{"display_name": "train", "task_id": number, "state": "RUNNING"} for number in ("1", "2")]
    first = {"state": "RUNNING", "run_details": {"task_details": nodes}}
    later = {"state": "RUNNING", "run_details": {"task_details": [nodes[0], {**nodes[1], "state": "SUCCEEDED"}]}}
    stub.story = [first, later, later, later, {"state": "SUCCEEDED"}]
    _, lines = waited(server)
    assert lines.count("train the best: started") == 2
    assert lines.count("train the best: succeeded") == 1


@pytest.mark.parametrize("state", ["FAILED", "CANCELED", "ERROR", "SKIPPED"])
def test_waiting_ends_at_every_end(stub: StubServer, server: PipelinesServer, state: str) -> None:
    submitted(server)
    stub.story = [{"state": "RUNNING"}, {"state": state, "error": {"message": "why"}}]
    run, lines = waited(server)
    assert run.state == state
    assert lines[-1] == f"run: {'stopped' if state == 'CANCELED' else state.lower()}: why"


def test_a_run_that_is_stopped_is_waited_for(stub: StubServer, server: PipelinesServer) -> None:
    submitted(server)
    server.stop("run-0")
    run, lines = waited(server)
    assert (run.state, run.stopped, lines[-1]) == (RunState.FAILED, True, "run: stopped")
    assert stub.count("POST /runs/run-0:terminate") == 1


def test_waiting_survives_a_server_that_fails_for_a_moment(stub: StubServer, server: PipelinesServer) -> None:
    submitted(server)
    stub.failures += [Failure("GET /runs/run-0", 503, "upgrading"), Failure("GET /runs/run-0", 429)]
    run, lines = waited(server)
    assert run.state is RunState.SUCCEEDED
    assert lines[0] == f"{stub.url}: run run-0: the server failed (503): upgrading; asking again"


def test_waiting_survives_a_restart_of_the_server(stub: StubServer) -> None:
    with serving(StubServer(story=[{"state": "RUNNING"}])) as before:
        server = PipelinesServer(Address(before.url))
        submitted(server)
        port = int(before.url.rsplit(":", maxsplit=1)[1])
    kept = StubServer(runs=before.runs, story=[{"state": "RUNNING"}] * 2 + [{"state": "SUCCEEDED"}])
    lines: list[str] = []

    def restart_then_tell(line: str) -> None:
        lines.append(line)
        if len(lines) == 1:
            stack.enter_context(serving(kept, port=port))

    with ExitStack() as stack:
        run = wait(server, "run-0", patience=QUICK, tell=restart_then_tell, diagnose=lambda _: [])
    assert run.state is RunState.SUCCEEDED
    assert "cannot be reached" in lines[0]
    assert not stub.runs


def test_a_server_that_stays_away_is_given_up(stub: StubServer, server: PipelinesServer) -> None:
    submitted(server)
    stub.failures += [Failure("GET /runs/run-0", 503) for _ in range(1000)]
    with pytest.raises(ServerBusy):
        waited(server, Patience(poll=0.01, outage=0.1))


def test_a_run_that_is_deleted_meanwhile_is_an_error(stub: StubServer, server: PipelinesServer) -> None:
    submitted(server)
    stub.runs.clear()
    with pytest.raises(StoreError, match="Run run-0 not found"):
        waited(server)
