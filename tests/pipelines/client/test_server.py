"""The client of a Kubeflow Pipelines server, against a stub over real HTTP."""

from __future__ import annotations

import socket
import time

import pytest

from morphogenetic_engine.errors import ConfigError, StoreError
from pipelines.client import server as server_module
from pipelines.client.api_errors import ServerBusy, ServerFailed
from pipelines.client.runs import RunState
from pipelines.client.server import Address, PipelinesServer, WantedRun
from tests.pipelines.client.recordings import recorded
from tests.pipelines.client.stub_server import Failure, StubServer

PACKAGE = "pipelineInfo: {name: one}\n"
ONE = WantedRun(PACKAGE)
WITH_PLATFORM = "pipelineInfo: {name: one}\n---\nplatforms: {kubernetes: {}}\n"


def test_without_any_server_the_message_says_how_to_name_one() -> None:
    with pytest.raises(ConfigError, match=r"^no Kubeflow Pipelines server is known: give --host \(or HOST=\.\.\.\)"):
        PipelinesServer(Address())


@pytest.mark.parametrize("host", ["localhost:8888", "ftp://x", "http://"])
def test_a_host_that_is_no_url_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match=r"^--host: must be http://\.\.\. or https://\.\.\., but got "):
        PipelinesServer(Address(host))


def test_a_host_that_is_not_there_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits, as kfp's own client does for half a minute"))
    with pytest.raises(ServerBusy, match=rf"^http://127.0.0.1:{port}: cannot be reached: .*Connection refused$"):
        PipelinesServer(Address(f"http://127.0.0.1:{port}"))


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "TIMES", (5.0, 0.3))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(ServerBusy, match="cannot be reached: .*timed out"):
            PipelinesServer(Address(f"http://127.0.0.1:{listener.getsockname()[1]}"))


def test_the_host_may_be_in_the_environment(stub: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KF_PIPELINES_ENDPOINT", stub.url)
    assert PipelinesServer(Address()).experiment("sweeps") == "experiment-0"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "rejects the credentials (401): give a token in KFP_TOKEN or cookies in KFP_COOKIES"),
        (403, "the run cannot be started: forbidden (403): no"),
        (400, "the run cannot be started: refused (400): no"),
    ],
)
def test_a_refusal_is_one_line(stub: StubServer, server: PipelinesServer, status: int, message: str) -> None:
    stub.failures.append(Failure("POST /runs", status, "no"))
    with pytest.raises(StoreError) as caught:
        server.start(ONE, name="one", experiment_id="e", service_account=None)
    assert str(caught.value) == f"{stub.url}: {message}"
    assert not isinstance(caught.value, ServerBusy) and not stub.runs


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_server_that_cannot_now_may_be_asked_again(stub: StubServer, server: PipelinesServer, status: int) -> None:
    stub.failures.append(Failure("GET /runs/run-9", status))
    with pytest.raises(ServerBusy, match=rf"run run-9: the server failed \({status}\)$"):
        server.run("run-9")


def test_a_server_that_failed_may_have_done_what_it_was_asked_for(stub: StubServer, server: PipelinesServer) -> None:
    stub.failures.append(Failure("GET /runs/run-9", 500, "Internal Server Error"))
    with pytest.raises(ServerFailed, match=r"run run-9: the server failed \(500\): Internal Server Error$"):
        server.run("run-9")


def test_a_run_that_is_not_there(server: PipelinesServer) -> None:
    with pytest.raises(StoreError, match=r"run run-9: refused \(404\): Failed to get a run: .*Run run-9 not found$"):
        server.run("run-9")


def test_token_and_cookies_are_sent(stub: StubServer) -> None:
    PipelinesServer(Address(stub.url, token="secret", cookies="session=1"))
    assert stub.headers[-1]["authorization"] == "Bearer secret"
    assert stub.headers[-1]["cookie"] == "session=1"


def test_a_started_run_has_the_pipeline_and_what_it_asks_of_kubernetes(
    stub: StubServer, server: PipelinesServer
) -> None:
    server.start(ONE, name="one", experiment_id="e", service_account="robot")
    server.start(WantedRun(WITH_PLATFORM), name="two", experiment_id="e", service_account=None)
    assert stub.runs[0]["pipeline_spec"] == {"pipeline_spec": {"pipelineInfo": {"name": "one"}}}
    assert stub.runs[0]["service_account"] == "robot"
    assert stub.runs[1]["pipeline_spec"]["platform_spec"] == {"platforms": {"kubernetes": {}}}
    assert "service_account" not in stub.runs[1]


def test_runs_are_found_by_name_over_all_pages(stub: StubServer, server: PipelinesServer) -> None:
    for _ in range(5):
        server.start(ONE, name="one", experiment_id="e", service_account=None)
    server.start(ONE, name="other", experiment_id="e", service_account=None)
    server.start(ONE, name="one", experiment_id="elsewhere", service_account=None)
    assert [run.run_id for run in server.runs("e", "one")] == [f"run-{number}" for number in (4, 3, 2, 1, 0)]
    assert stub.count("GET /runs") == 3


def test_an_experiment_is_made_once(stub: StubServer, server: PipelinesServer) -> None:
    assert server.experiment("sweeps") == server.experiment("sweeps") == "experiment-0"
    assert stub.count("POST /experiments") == 1


def test_a_state_of_a_later_server_counts_as_pending(stub: StubServer, server: PipelinesServer) -> None:
    server.start(ONE, name="one", experiment_id="e", service_account=None)
    stub.story = [{"state": "RUNTIME_STATE_UNSPECIFIED"}]
    assert server.run("run-0").state is RunState.PENDING


def test_tasks_are_those_of_the_pipeline_alone(stub: StubServer, server: PipelinesServer) -> None:
    server.start(ONE, name="one", experiment_id="e", service_account=None)
    names = ["root", "root-driver", "sweep-driver", "executor", "sweep"]
    details = [{"display_name": name, "state": "FAILED", "error": {"message": "it\nbroke"}} for name in names]
    stub.story = [{"state": "FAILED", "run_details": {"task_details": details}}]
    found = [(task.title, task.error) for task in server.run("run-0").failed_tasks]
    assert found == [("sweep on Katib", "it broke")]


def test_the_link_leads_to_the_user_interface(stub: StubServer) -> None:
    assert PipelinesServer(Address(stub.url)).link("run-0") == f"{stub.url}/#/runs/details/run-0"
    seen = PipelinesServer(Address(stub.url, ui="http://localhost:8080/")).link("run-0")
    assert seen == "http://localhost:8080/#/runs/details/run-0"


def test_a_started_run_has_parameters_and_a_description(stub: StubServer, server: PipelinesServer) -> None:
    """The pages of Kubeflow show and compare what a run was given, not what its pipeline has as defaults."""
    wanted = WantedRun(PACKAGE, {"target": "maximize val_acc"}, "toy.yaml: grid, 4 trials, maximize val_acc")
    server.start(wanted, name="one", experiment_id=server.experiment("sweeps"), service_account=None)
    assert stub.runs[0]["runtime_config"] == {"parameters": {"target": "maximize val_acc"}}
    assert stub.runs[0]["description"] == "toy.yaml: grid, 4 trials, maximize val_acc"
    assert stub.experiments[0]["description"].startswith("Sweeps: ")


@pytest.mark.parametrize("number", range(4))
def test_a_refusal_of_a_real_server_is_one_line(stub: StubServer, server: PipelinesServer, number: int) -> None:
    call = recorded("errors")[number]
    said = str(call.answer["message"])
    stub.failures.append(Failure("GET /runs/run-9", call.status, said))
    with pytest.raises(StoreError) as caught:
        server.run("run-9")
    assert str(caught.value) == f"{stub.url}: run run-9: refused ({call.status}): {said[:300]}"
    assert not isinstance(caught.value, (ServerBusy, ServerFailed))  # also where it is a 500: it is for good
