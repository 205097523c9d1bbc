"""The command line of the pipelines: mistakes are one line, and the exit status says how a run ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.stub_server import Failure, StubServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
IMAGES = ("--train-image", "train:1", "--report-image", "report:1")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", *arguments]
    given = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=given, check=False)


def submit(stub: StubServer, *more: str) -> subprocess.CompletedProcess[str]:
    given = ("submit", "--config", "examples/smoke.yaml", "--host", stub.url, "--poll", "0.01", *IMAGES)
    return run(*given, *more)


def test_a_run_that_succeeds(stub: StubServer) -> None:
    stub.story = [{"state": "RUNNING"}, {"state": "SUCCEEDED"}]
    ended = submit(stub)
    assert ended.returncode == 0, ended.stderr
    first, link, report, *progress = ended.stdout.splitlines()
    assert first.startswith("started: sweep-smoke-")
    assert link == f"run: {stub.url}/#/runs/details/run-0"
    assert report == "report: s3://mlpipeline/morphogenetic/reports/run-0/index.html"
    assert progress == ["run: running", "run: succeeded"]


@pytest.mark.parametrize("state", ["FAILED", "CANCELED"])
def test_a_run_that_fails_or_is_cancelled(stub: StubServer, state: str) -> None:
    details = [{"display_name": "sweep", "state": "FAILED", "error": {"message": "no trial is complete"}}]
    stub.story = [{"state": state, "run_details": {"task_details": details}}]
    ended = submit(stub)
    assert ended.returncode == 1
    assert ended.stderr == "failed: sweep: no trial is complete\n"


def test_a_refusal_makes_no_run(stub: StubServer) -> None:
    stub.failures.append(Failure("POST /runs", 403, "robot may not"))
    ended = submit(stub)
    assert (ended.returncode, ended.stdout, stub.runs) == (2, "", [])
    assert ended.stderr == f"pipelines: {stub.url}: the run cannot be started: forbidden (403): robot may not\n"


def test_without_an_image_nothing_is_asked(stub: StubServer) -> None:
    ended = run("submit", "--config", "examples/smoke.yaml", "--host", stub.url)
    assert ended.returncode == 2 and not stub.calls
    expected = "--train-image: must be given (or TRAIN_IMAGE set); `make images` builds and names them"
    assert ended.stderr == f"pipelines: {expected}\n"


def test_a_password_does_not_travel(stub: StubServer, tmp_path: Path) -> None:
    config = tmp_path / "sweep.yaml"
    config.write_text("parameters: {lr: [0.1]}\ntracking: {mlflow_uri: 'https://me:hush@host/'}\n", encoding="utf-8")
    ended = run("submit", "--config", str(config), "--host", stub.url, *IMAGES)
    assert (ended.returncode, stub.calls) == (2, []) and "hush" not in ended.stderr
    assert ended.stderr.startswith(f"pipelines: {config}: tracking.mlflow_uri: holds a password, which many could read")


def test_a_schedule(stub: StubServer) -> None:
    given = ("schedule", "--config", "examples/smoke.yaml", "--host", stub.url, *IMAGES, "--cron", "0 0 2 * * *")
    assert run(*given).stdout == "sweep-smoke: at 0 0 2 * * * (UTC)\n"
    assert run(*given).stdout == "sweep-smoke: at 0 0 2 * * * (UTC), in place of 1 of the name\n"


def test_containers_need_an_engine(tmp_path: Path) -> None:
    given = ("local", "--runner", "docker", "--results", str(tmp_path))
    without = run(*given)
    assert without.returncode == 2
    assert without.stderr.startswith("pipelines: --train-image: must be given")
    ended = run(*given, *IMAGES, DOCKER_HOST="tcp://127.0.0.1:1")
    assert (ended.returncode, ended.stdout, list(tmp_path.rglob("pipeline.log"))) == (2, "", [])
    assert ended.stderr.startswith("pipelines: --runner docker: neither podman nor Docker answers here;")
