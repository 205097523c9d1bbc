"""The worker process as a program: its messages, and the files in a trial's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.search.pruners.thresholds import StepThresholds, thresholds_json

WORKLOADS = """
import ctypes, os, sys
from morphogenetic_engine.errors import ConfigError, Pruned, TrialFailed
from morphogenetic_engine.trial import declare

LOADED = []

def good(params, trial):
    if "from_step" not in params:
        trial.report(0, {"val_acc": 0.25})
    trial.report(1, {"val_acc": 1})
    LOADED.append(trial.number)
    return {"val_acc": params["x"] / 2, "seed": trial.seed, "runs": len(LOADED)}

def printing(params, trial):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    os.system("echo from a program")
    ctypes.CDLL(None).puts(b"from C")
    ctypes.CDLL(None).fflush(None)
    return {"val_acc": 0.0}

def moody(params, trial):
    mood = params["mood"]
    if mood == "raise":
        raise ZeroDivisionError("no\\nluck")
    if mood == "deep":
        return json_error()
    if mood == "exit":
        sys.exit("leaving")
    if mood == "pruned":
        raise Pruned("not worth it")
    if mood == "failed":
        raise TrialFailed("gone", reason="killed")
    if mood == "nan":
        return {"val_acc": float("nan")}
    if mood == "report inf":
        trial.report(0, {"loss": float("inf")})
    if mood == "missing":
        return {"loss": 1.0, "acc": 2.0}
    if mood == "empty":
        return {}
    if mood == "none":
        return None
    if mood == "stdin":
        return {"val_acc": float(len(sys.stdin.read()))}
    return {"val_acc": 1.0}

def json_error():
    import json
    return json.loads("{")

def leaving(params, trial):
    import atexit, tempfile
    LOADED.append(open("unclosed.txt", "w"))
    LOADED[0].write("flushed at the end")
    LOADED.append(tempfile.TemporaryDirectory(dir="."))
    atexit.register(lambda: open("exit.txt", "w").write("called"))
    return {"val_acc": 1.0}

def check(params):
    if params["x"] > 9:
        raise ConfigError("x: must be <= 9, but got 10")

@declare(parameters=frozenset({"x"}), metrics=frozenset({"val_acc"}), check=check)
def declared(params, trial):
    return {"val_acc": 0.0}
"""


KEY = {"trial": 0, "attempt": 0}
COMPLETE = {"kind": "ended", "state": "complete", "metrics": {"val_acc": 1.0}, **KEY}


def _line(text: str) -> int:
    """Returns the number of the first line of the workloads that has this text."""
    return next(number for number, line in enumerate(WORKLOADS.splitlines(), start=1) if text in line)


class Driver:
    """The coordinator's side of one worker process, as plain as can be."""

    def __init__(self, commands: IO[str], messages: IO[str], place: Path) -> None:
        self.commands = commands
        self.messages = messages
        self.place = place

    def send(self, command: dict[str, object]) -> None:
        self.commands.write(json.dumps(command) + "\n")
        self.commands.flush()

    def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.messages.readline())
        return message

    def run(self, number: int = 0, **params: object) -> dict[str, Any]:
        self.task(number, params)
        return self.hear()

    def task(self, number: int, params: Mapping[str, object], **members: object) -> None:
        task = {"trial": number, "attempt": 0, "seed": 5, "params": params, "dir": str(self.place / str(number))}
        task |= {"objectives": ["val_acc"], "named": ["loss"], "constrained": [], "pause_after": None}
        self.send({"kind": "run", "tasks": [{"decides": False, "replicates": [], **task, **members}]})

    def output(self, number: int = 0) -> str:
        return (self.place / str(number) / "output.txt").read_text(encoding="utf-8")


@contextmanager
def _worker(place: Path, function: str, **setup: object) -> Iterator[Driver]:
    (place / "workloads.py").write_text(WORKLOADS, encoding="utf-8")
    read_end, write_end = os.pipe()
    command = [sys.executable, "-m", "morphogenetic_engine.sweeps.run.workers.worker_process", str(write_end)]
    with (
        (place / "log").open("wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=[write_end], cwd=place, text=True
        ) as process,
    ):
        os.close(write_end)
        assert process.stdin is not None
        with os.fdopen(read_end, encoding="utf-8") as messages:
            driver = Driver(process.stdin, messages, place)
            first = {"workload": {"workload": f"workloads:{function}"}, "metrics": ["val_acc"], "probe": []}
            first["wanted"] = {"objectives": ["val_acc"], "others": []}
            driver.send({**first, **setup})
            yield driver
            process.stdin.close()
            assert messages.read() == ""
        assert process.wait() == 0


def test_a_worker_runs_trial_after_trial_in_one_process_until_its_input_ends(tmp_path: Path) -> None:
    with _worker(tmp_path, "good") as driver:
        assert driver.hear() == {"kind": "ready", "most": 1}
        for number in (3, 4):
            reported = {"kind": "reported", "replicate": None, "trial": number, "attempt": 0}
            assert driver.run(number, x=0.5) == {**reported, "step": 0, "metrics": {"val_acc": 0.25}}
            assert driver.hear() == {**reported, "step": 1, "metrics": {"val_acc": 1.0}}
            metrics = {"val_acc": 0.25, "seed": 5.0, "runs": number - 2.0}
            assert driver.hear() == {"kind": "ended", "state": "complete", "metrics": metrics, **KEY, "trial": number}
    assert (tmp_path / "3").is_dir()
    assert not os.listdir(tmp_path / "3"), "a trial that printed nothing leaves no output.txt"


@pytest.mark.parametrize(("limits", "reported", "steps"), [({1: 2.0}, [], [0, 1]), ({0: 2.0}, [[0, 0.5]], [1])])
def test_a_worker_that_has_thresholds_waits_for_no_answer(
    tmp_path: Path, limits: dict[int, float], reported: list[list[float]], steps: list[int]
) -> None:
    with _worker(tmp_path, "good") as driver:
        driver.hear()
        thresholds = thresholds_json(StepThresholds(maximize=True, limits=limits))
        first = {"from_step": 1} if reported else {}
        driver.task(0, {"x": 0.5, **first}, decides=True, thresholds=thresholds, reported=reported)
        assert [driver.hear()["step"] for _ in steps] == steps
        pruned = {"kind": "ended", "state": "pruned", "message": f"pruned at step {steps[-1]}"}
        assert driver.hear() == {**pruned, **KEY}


def test_whatever_a_trial_prints_is_in_its_output_txt(tmp_path: Path) -> None:
    with _worker(tmp_path, "printing") as driver:
        driver.hear()
        driver.run(0)
        first = driver.output(0)
        driver.run(0)
        driver.run(1)
        lines = ["from C", "from a program", "to stderr", "to stdout"]
        assert sorted(first.splitlines()) == lines
        assert sorted(driver.output(1).splitlines()) == lines
        assert sorted(driver.output(0).splitlines()) == sorted(lines * 2), "a second attempt appends"
    assert (tmp_path / "log").read_bytes() == b""


@pytest.mark.parametrize(
    ("mood", "reason", "message"),
    [
        (
            "raise",
            FailureReason.EXCEPTION,
            f"ZeroDivisionError: no luck (workloads.py:{_line('raise ZeroDivisionError')})",
        ),
        (
            "deep",
            FailureReason.EXCEPTION,
            "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) (decoder.py:",
        ),
        ("exit", FailureReason.EXCEPTION, f"SystemExit: leaving (workloads.py:{_line('sys.exit')})"),
        ("failed", FailureReason.KILLED, "gone"),
        ("nan", FailureReason.NON_FINITE_METRIC, "metric val_acc must be finite, but got nan"),
        ("report inf", FailureReason.NON_FINITE_METRIC, "metric loss must be finite, but got inf"),
        (
            "missing",
            FailureReason.MISSING_METRIC,
            "the workload did not report the objective val_acc; its metrics: acc, loss",
        ),
        ("empty", FailureReason.MISSING_METRIC, "the workload did not report the objective val_acc; its metrics: none"),
        ("none", FailureReason.EXCEPTION, "metrics must be a mapping of names to numbers, but got NoneType"),
    ],
)
def test_a_trial_that_fails_says_why_in_one_line_and_the_worker_goes_on(
    tmp_path: Path, mood: str, reason: FailureReason, message: str
) -> None:
    with _worker(tmp_path, "moody") as driver:
        driver.hear()
        ended = driver.run(0, mood=mood)
        assert (ended["kind"], ended["state"], ended["reason"]) == ("ended", "failed", reason)
        assert ended["message"].startswith(message)
        assert len(ended["message"].splitlines()) == 1
        assert driver.run(1, mood="good") == {**COMPLETE, "trial": 1}
        if reason is not FailureReason.MISSING_METRIC:
            assert driver.output(0).startswith("Traceback (most recent call last):\n")


def test_a_pruned_trial_is_no_failure(tmp_path: Path) -> None:
    with _worker(tmp_path, "moody") as driver:
        driver.hear()
        assert driver.run(mood="pruned") == {"kind": "ended", "state": "pruned", "message": "not worth it", **KEY}


def test_a_workload_cannot_read_the_commands(tmp_path: Path) -> None:
    with _worker(tmp_path, "moody") as driver:
        driver.hear()
        assert driver.run(mood="stdin")["metrics"] == {"val_acc": 0.0}


@pytest.mark.parametrize(
    ("workload", "setup", "error", "message"),
    [
        ("goood", {}, "WorkloadError", "workloads has no function 'goood'; did you mean 'good'?"),
        ("good", {"workload": {"workload": "nowhere:train"}}, "WorkloadError", "there is no module 'nowhere'"),
        (
            "good",
            {"workload": {"command": ["nowhere-program"]}},
            "WorkloadError",
            "there is no program 'nowhere-program'",
        ),
        ("declared", {"metrics": ["val_loss"]}, "ConfigError", "metric val_loss: the workload does not report it"),
        ("declared", {"probe": [{"x": 1}, {"y": 1}]}, "ConfigError", "y: unknown parameter"),
        ("declared", {"probe": [{"x": 1}, {"x": 10}]}, "ConfigError", "x: must be <= 9, but got 10"),
    ],
)
def test_a_sweep_that_its_workload_does_not_take_is_rejected_with_the_reason(
    tmp_path: Path, workload: str, setup: dict[str, object], error: str, message: str
) -> None:
    with _worker(tmp_path, workload, **setup) as driver:
        heard = driver.hear()
        assert (heard["kind"], heard["error"]) == ("rejected", error)
        assert heard["message"].startswith(message)
    assert (tmp_path / "log").read_text(encoding="utf-8").startswith("Traceback")


def test_a_command_is_run_in_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import sys; print('val_acc=' + sys.argv[1])", encoding="utf-8")
    with _worker(tmp_path, "good", workload={"command": [sys.executable, "program.py", "{x}"]}) as driver:
        assert driver.hear() == {"kind": "ready", "most": 1}
        assert driver.run(x=0.5) == {**COMPLETE, "metrics": {"val_acc": 0.5}}
        assert driver.output() == "val_acc=0.5\n"


def test_at_its_end_exit_functions_run_and_open_files_are_flushed(tmp_path: Path) -> None:
    with _worker(tmp_path, "leaving") as driver:
        assert driver.hear() == {"kind": "ready", "most": 1}
        assert driver.run(x=0.5) == COMPLETE
    assert (tmp_path / "unclosed.txt").read_text(encoding="utf-8") == "flushed at the end"
    assert (tmp_path / "exit.txt").read_text(encoding="utf-8") == "called"
    assert not list(tmp_path.glob("tmp*")), "a temporary folder is removed"


def test_a_worker_that_is_told_nothing_leaves_in_peace() -> None:
    read_end, write_end = os.pipe()
    command = [sys.executable, "-m", "morphogenetic_engine.sweeps.run.workers.worker_process", str(write_end)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, pass_fds=[write_end], capture_output=True, check=False)
    os.close(write_end)
    with os.fdopen(read_end) as messages:
        assert (messages.read(), done.returncode, done.stderr) == ("", 0, b"")
