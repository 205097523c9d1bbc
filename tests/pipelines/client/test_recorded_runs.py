"""`pipelines submit` against recorded responses of a real server, call by call; docs/pipelines.md shows its output.

WRITE_OUTPUTS=1 writes the outputs into the page anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pipelines.client.progress import PENDING_SECONDS, Progress
from pipelines.client.runs import Run, RunState
from pipelines.client.server import Address, PipelinesServer
from tests.pipelines.client.recordings import looks, replaying
from tests.pipelines.client.stub_server import StubServer, serving
from tests.pipelines.test_cli import IMAGES, run

PAGE = Path(__file__).parents[3] / "docs" / "pipelines.md"
HASH = "7d0c52f1ab93"


def printed(stub: StubServer, name: str) -> tuple[str, int]:
    """Returns what a user sees: addresses and the hash of the compiled pipeline made the same every time."""
    words = ("submit", "--config", "examples/smoke.yaml", "--pipeline", "local-sweep", "--host", stub.url)
    ended = run(*words, "--poll", "0.01", *IMAGES)
    text = (
        f"$ make submit-sweep CONFIG=examples/smoke.yaml PIPELINE=local-sweep  # {name}\n{ended.stdout}{ended.stderr}"
    )
    text = re.sub(r"(local-sweep-smoke)-[0-9a-f]{12}", rf"\1-{HASH}", text.replace(stub.url, "http://localhost:8080"))
    return text, ended.returncode


@pytest.mark.slow
@pytest.mark.parametrize(("name", "status"), [("succeeded", 0), ("failed", 1), ("terminated", 1)])
def test_the_page_shows_what_is_printed(name: str, status: int) -> None:
    with serving(replaying(name)) as stub:
        text, returncode = printed(stub, name)
    assert returncode == status, text
    block = re.compile(rf"(<!-- output: {name} -->\n```\n).*?(```\n)", re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    if os.environ.get("WRITE_OUTPUTS"):
        page = block.sub(lambda found: f"{found[1]}{text}{found[2]}", page)
        PAGE.write_text(page, encoding="utf-8")
    shown = block.search(page)
    assert shown is not None and shown[0] == f"{shown[1]}{text}{shown[2]}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["succeeded", "failed", "terminated"])
def test_a_run_that_is_over_is_shown_with_its_steps_and_why_they_failed(name: str) -> None:
    last = looks(name)[-1]
    with serving(StubServer(story=[last])) as stub:
        stub.experiments.append({"experiment_id": "e", "display_name": "morphogenetic sweeps"})
        stub.runs.append({"run_id": last["run_id"], "display_name": "nightly", "experiment_id": "e", "looks": 0})
        shown = run("show", "nightly", "--host", stub.url)
    lines = shown.stdout.splitlines()
    words = {"succeeded": "succeeded", "failed": "failed", "terminated": "stopped"}[name]
    assert (shown.returncode, lines[0].startswith(f"nightly: {words}, since 2026-11-28 ")) == (0, True), shown
    assert f"report: {'succeeded' if name == 'succeeded' else 'not started'}" in lines
    why = [line for line in lines if line.startswith(("failed: ", "log: ", "archived log: "))]
    assert [line.partition(":")[0] for line in why] == (["failed", "log", "archived log"] if name == "failed" else [])


def followed(name: str) -> tuple[list[str], Run]:
    lines: list[str] = []
    with serving(replaying(name)) as stub:
        server = PipelinesServer(Address(stub.url))
        stub.runs.append({"run_id": stub.run_ids[0], "display_name": "one", "experiment_id": "e", "looks": 0})
        progress = Progress(lambda _: [])
        for _ in looks(name):
            ended = server.run(stub.run_ids[0])
            lines += progress.news(ended)
    return lines, ended


@pytest.mark.parametrize("name", ["succeeded", "failed", "terminated"])
def test_a_line_comes_once_and_is_of_a_task_of_ours(name: str) -> None:
    lines, _ = followed(name)
    assert len(lines) == len(set(lines))
    assert not [line for line in lines if re.search(r"executor|driver|onExit|root|exit-handler|morphogenetic-", line)]


def test_after_the_end_no_task_is_pending() -> None:
    for name in ("failed", "terminated"):
        lines, ended = followed(name)
        assert ended.state is RunState.FAILED
        assert {f"{title}: not started" for title in ("train the best", "evaluate", "report")} <= set(lines)


def test_a_terminated_run_is_said_to_be_stopped() -> None:
    lines, ended = followed("terminated")
    assert ended.stopped and lines[-1] == "run: stopped"
    assert "sweep in one pod: stopped" in lines and not any(": failed" in line for line in lines)


def test_a_failed_task_says_how_often_it_was_tried_and_which_pod_knows_why() -> None:
    _, ended = followed("failed")
    assert [(task.title, task.attempts) for task in ended.failed_tasks] == [("sweep in one pod", 3)]
    (pod,) = ended.failed_pods
    assert re.fullmatch(r"morphogenetic-local-sweep-\w+-retry-system-container-impl-\d+", pod)


def test_a_pod_that_does_not_start_is_explained_once() -> None:
    now = 0.0
    asked: list[str] = []

    def diagnose(run_: Run) -> list[str]:
        asked.append(run_.run_id)
        return ['sweep in one pod: CreateContainerConfigError: secret "store" not found (pod p-1)']

    pending = next(
        each for each in looks("succeeded") if len(each.get("run_details", {}).get("task_details", ())) == 28
    )
    stub = StubServer(story=[pending])
    with serving(stub):
        stub.runs.append({"run_id": "run-0", "display_name": "one", "experiment_id": "e", "looks": 0})
        progress = Progress(diagnose, clock=lambda: now)
        answered = PipelinesServer(Address(stub.url)).run("run-0")
        progress.news(answered)
        now = PENDING_SECONDS - 1
        assert progress.news(answered) == []
        now = PENDING_SECONDS + 1
        said = progress.news(answered)
        assert progress.news(answered) == []
    assert said[0].endswith("not started for 3 minutes:")
    assert said[1] == '  sweep in one pod: CreateContainerConfigError: secret "store" not found (pod p-1)'
    assert len(asked) == 1
