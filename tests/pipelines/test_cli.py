"""The command line of the pipelines: mistakes are one line, and the exit status says how a run ended."""

from __future__ import annotations

import json
import os
import re
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml

from morphogenetic_engine.cli.main import run as run_command
from morphogenetic_engine.steps.pipeline_run import experiment_name
from pipelines.cli import pipelines
from tests.pipelines.client.stub_server import Failure, StubServer
from tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
IMAGES = ("--train-image", "train:1", "--report-image", "report:1")


@dataclass(frozen=True)
class Ended:
    """The output of a command, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, **environment: str) -> Ended:
    """Runs a command of `python -m pipelines` in the repository, without a process of its own."""
    out, err = StringIO(), StringIO()
    with patch.dict(os.environ, environment), chdir(ROOT), redirect_stdout(out), redirect_stderr(err):
        status = run_command(pipelines, arguments, name="pipelines")
    return Ended(status, out.getvalue(), err.getvalue())


def submit(stub: StubServer, *more: str) -> Ended:
    given = ("submit", "--config", "examples/smoke.yaml", "--host", stub.url, "--poll", "0.01", *IMAGES)
    return run(*given, *more)


def test_a_run_that_succeeds(stub: StubServer) -> None:
    stub.story = [{"state": "RUNNING"}, {"state": "SUCCEEDED"}]
    ended = submit(stub)
    assert ended.returncode == 0, ended.stderr
    first, link, report, experiment, *progress = ended.stdout.splitlines()
    assert re.fullmatch(r"experiment: morphogenetic/smoke-[0-9a-f]{8}", experiment)
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
    assert "sweep on Katib: failed: no trial is complete" in ended.stdout
    report = "s3://mlpipeline/morphogenetic/reports/run-0/index.html"
    assert ended.stderr == f"failed: sweep on Katib\nwhat there is: {report}\n"


def test_make_tells_less_of_the_end_than_the_command_does(stub: StubServer) -> None:
    """docs/pipelines.md says so: a script that wants to know whether a run failed runs the command itself."""
    stub.story = [{"state": "FAILED"}]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    images = {"TRAIN_IMAGE": "train:1", "REPORT_IMAGE": "report:1"}
    made = subprocess.run(
        ["make", "--old-file=.venv/development", "submit-sweep", "CONFIG=examples/smoke.yaml", f"HOST={stub.url}"],
        cwd=ROOT,
        env={**environment, **images},
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (made.returncode, submit(stub).returncode) == (2, 1), made.stderr
    assert "run: failed" in made.stdout and "Error 1" in made.stderr


def test_a_refusal_makes_no_run(stub: StubServer) -> None:
    stub.failures.append(Failure("POST /runs", 403, "robot may not"))
    ended = submit(stub)
    assert (ended.returncode, ended.stdout, stub.runs) == (2, "", [])
    assert ended.stderr == f"pipelines: {stub.url}: the run cannot be started: forbidden (403): robot may not\n"


def test_the_help_says_what_each_command_is_for_in_a_whole_sentence() -> None:
    shown = run("--help").stdout
    commands = [line for line in shown.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    described = {line.split()[0]: line for line in commands[2:]}
    assert described.keys() == pipelines.commands.keys()
    assert all(line.endswith(".") and "..." not in line for line in described.values()), shown


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


def on(stub: StubServer, *words: str) -> Ended:
    return run(*words, "--host", stub.url)


def test_schedules_are_listed_and_ended(stub: StubServer) -> None:
    assert on(stub, "schedules", "list").stdout == "there is no schedule in 'morphogenetic sweeps'\n"
    for name in ("nightly", "weekly"):
        on(stub, "schedule", "--config", "examples/smoke.yaml", *IMAGES, "--cron", "0 0 2 * * *", "--name", name)
    listed = on(stub, "schedules", "list").stdout
    assert listed == "nightly: at 0 0 2 * * * (UTC)\nweekly: at 0 0 2 * * * (UTC)\n"
    assert on(stub, "schedules", "end", "nightly").stdout.startswith("nightly: ended")
    assert [each["display_name"] for each in stub.recurring] == ["weekly"]
    wrong = on(stub, "schedules", "end", "weakly")
    assert wrong.returncode == 2 and wrong.stderr.endswith("did you mean 'weekly'?\n")


def test_a_schedule_has_the_parameters_of_its_runs(stub: StubServer) -> None:
    on(stub, "schedule", "--config", "examples/smoke.yaml", *IMAGES, "--cron", "0 0 2 * * *")
    assert stub.recurring[0]["runtime_config"]["parameters"]["target"] == "maximize val_acc"


def test_runs_are_listed_with_their_places(stub: StubServer) -> None:
    nothing = on(stub, "runs")
    assert (
        nothing.stdout == "nothing runs in 'morphogenetic sweeps'; --all shows what has run\n" and not stub.experiments
    )
    submit(stub, "--no-wait")
    stub.runs[0].update(state="RUNNING", created_at="2026-11-28T05:49:18Z")
    shown = on(stub, "runs").stdout.splitlines()
    assert re.fullmatch(r"sweep-smoke-\w{12}: running, since 2026-11-28 05:49 UTC", shown[0])
    assert shown[1:] == [
        "  what: smoke.yaml: grid, 4 trials, maximize val_acc",
        f"  run: {stub.url}/#/runs/details/run-0",
        "  report: s3://mlpipeline/morphogenetic/reports/run-0/index.html",
        f"  experiment: morphogenetic/{experiment_name('smoke', 'run-0')}",
    ]


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_run_is_stopped(stub: StubServer, by: str) -> None:
    stub.story = [{"state": "RUNNING"}]
    submit(stub, "--no-wait")
    ended = on(stub, "stop", "run-0" if by == "id" else stub.runs[0]["display_name"], "--poll", "0.01")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        f"{stub.runs[0]['display_name']}: is being stopped",
        "run: is being stopped",
        "run: stopped",
        "report: s3://mlpipeline/morphogenetic/reports/run-0/index.html",
    ]
    assert on(stub, "stop", "run-0").stdout.endswith(": has already ended: failed\n")


def test_a_run_that_is_not_there_cannot_be_stopped_but_its_experiment_can(stub: StubServer) -> None:
    ended = on(stub, "stop", "run-7")
    assert ended.returncode == 2
    assert ended.stderr.endswith(
        "kubectl delete experiments --namespace NAMESPACE --selector morphogenetic.dev/run=run-7\n"
    )


def test_a_started_run_is_told_apart_in_the_pages_of_kubeflow(stub: StubServer) -> None:
    submit(stub, "--no-wait")
    started = stub.runs[0]
    assert started["description"] == "smoke.yaml: grid, 4 trials, maximize val_acc"
    parameters = started["runtime_config"]["parameters"]
    assert json.loads(parameters.pop("config"))["experiment"]["problem_type"] == "moons"
    assert parameters == {
        "name": "smoke",
        "target": "maximize val_acc",
        "trials": "4",
        "image": "train:1",
        "storage": "s3://mlpipeline/morphogenetic",
        "namespace": "morphogenetic",
    }
    defaults = started["pipeline_spec"]["pipeline_spec"]["root"]["inputDefinitions"]["parameters"]
    assert {name: defaults[name]["defaultValue"] for name in parameters} == parameters


@pytest.mark.parametrize("kind", ["sweep", "local-sweep"])
def test_trials_on_katib_get_the_secret_with_which_they_upload(stub: StubServer, kind: str) -> None:
    ended = submit(stub, "--no-wait", "--pipeline", kind, "--trial-secret", "object-store")
    config = json.loads(stub.runs[0]["runtime_config"]["parameters"]["config"])
    assert (config.get("resources", {}).get("secrets") == ["object-store"]) is (kind == "sweep")
    assert ended.stderr == ""


def test_a_file_with_an_odd_name_starts_a_run_that_the_server_can_store(stub: StubServer, tmp_path: Path) -> None:
    """A text that its database cannot store leaves a workflow that no page lists."""
    file = tmp_path / "größe {{workflow.name}} $(HOME) 🙂.yaml"
    file.write_text("experiment: {problem_type: moons}\nparameters: {lr: [0.1]}\n", encoding="utf-8")
    ended = submit(stub, "--config", str(file), "--no-wait")
    (started,) = stub.runs
    name = "größe { {workflow.name}} $ (HOME) ?"
    assert started["runtime_config"]["parameters"]["name"] == name
    assert started["description"].startswith(f"{name}.yaml: grid, 1 trials, ")
    assert started["display_name"].startswith(f"sweep-{name}-")
    assert f"experiment: morphogenetic/{experiment_name(name, 'run-0')}\n" in ended.stdout


def test_a_run_without_the_cache(stub: StubServer) -> None:
    image = f"registry/train@sha256:{'a' * 64}"
    for words in ([], ["--no-cache"]):
        submit(stub, "--no-wait", "--train-image", image, *words)
    cached = [
        "enableCache: true" in yaml.safe_dump(each["pipeline_spec"]["pipeline_spec"]["components"])
        for each in stub.runs
    ]
    assert cached == [True, False]


def test_containers_need_an_engine(tmp_path: Path) -> None:
    given = ("local", "--runner", "docker", "--results", str(tmp_path))
    without = run(*given)
    assert without.returncode == 2
    assert without.stderr.startswith("pipelines: --train-image: must be given")
    ended = run(*given, *IMAGES, DOCKER_HOST="tcp://127.0.0.1:1")
    assert (ended.returncode, ended.stdout, list(tmp_path.rglob("pipeline.log"))) == (2, "", [])
    assert ended.stderr.startswith("pipelines: --runner docker: neither podman nor Docker answers here;")
