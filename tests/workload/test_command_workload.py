"""Programs as workloads, run for real: their arguments, their output, their end."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine.errors import FailureReason, Pruned, TrialFailed, WorkloadError
from morphogenetic_engine.trial import Metrics, Params
from morphogenetic_engine.workload.command_workload import CommandWorkload
from morphogenetic_engine.workload.output_metrics import WantedMetrics
from tests.waiting import gone, until


@dataclass
class _Trial:
    dir: Path
    number: int = 7
    seed: int = 99
    prune_at: int | None = None
    reports: list[tuple[int, Mapping[str, float]]] = field(default_factory=list)

    def report(self, step: int, metrics: Metrics) -> None:
        self.reports.append((step, metrics))
        if step == self.prune_at:
            raise Pruned(f"at step {step}")


@pytest.fixture(name="trial")
def _trial(tmp_path: Path) -> _Trial:
    return _Trial(tmp_path)


def _run(script: str, trial: _Trial, params: Params, *arguments: str) -> Metrics:
    return CommandWorkload([sys.executable, "-c", script.replace("{", "{{").replace("}", "}}"), *arguments])(
        params, trial
    )


def test_a_program_is_given_its_parameters_as_text(trial: _Trial, tmp_path: Path) -> None:
    params: Params = {"lr": 1e-5, "depth": 8, "flag": True, "name": "two words; $HOME `id` {x}", "weight-decay": 0.5}
    arguments = ["--lr={lr}", "{depth}", "{flag}", "{name}", "{weight-decay}", "{number}/{seed}", "{dir}", "{{}}"]
    script = "import sys; open(sys.argv[-1], 'w').write('\\n'.join(sys.argv[1:-1]))"
    _run(script, trial, params, *arguments, "{dir}/arguments")
    assert (tmp_path / "arguments").read_text(encoding="utf-8").splitlines() == [
        "--lr=1e-05",
        "8",
        "true",
        "two words; $HOME `id` {x}",
        "0.5",
        "7/99",
        str(tmp_path),
        "{}",
    ]


def test_all_parameters_are_there_as_json_with_their_types(trial: _Trial) -> None:
    params: Params = {"lr": 1e-5, "depth": 8, "flag": True, "name": "ü"}
    script = """
import json, sys
assert json.loads(sys.argv[1]) == {"lr": 1e-5, "depth": 8, "flag": True, "name": "ü"}
print("ok=1")
"""
    assert _run(script, trial, params, "{params}") == {"ok": 1.0}


def test_lines_with_a_step_are_reports_and_the_last_value_of_each_name_wins(trial: _Trial) -> None:
    script = """
print("loading data: 5 files")
print("epoch=0 val_acc=0.5, loss=2")
print("2025-06-16T14:30:22Z step=1 val_acc=0.75")
print("lr=0.1 and so on")
print("val_acc=0.9")
print("epoch=3")
"""
    assert _run(script, trial, {}) == {"val_acc": 0.9, "loss": 2.0}
    assert trial.reports == [(0, {"val_acc": 0.5, "loss": 2.0}), (1, {"val_acc": 0.75})]


def test_what_a_program_prints_is_passed_on(trial: _Trial, capfd: pytest.CaptureFixture[str]) -> None:
    _run("import sys; print('hello'); sys.stdout.flush(); sys.stderr.write('oh\\n'); print('a=1', end='')", trial, {})
    assert capfd.readouterr() == ("hello\na=1", "oh\n")


def test_output_that_is_no_utf_8_does_not_fail_the_trial(trial: _Trial) -> None:
    script = "import sys; sys.stdout.buffer.write(b'caf\\xe9\\r10%\\rval_acc=0.5\\n')"
    assert _run(script, trial, {}) == {"val_acc": 0.5}


def test_reports_come_while_the_program_runs(trial: _Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    # The program waits for what only a report can have made.
    script = """
import os, sys, time
print("step=0 a=1")
deadline = time.monotonic() + 600
while not os.path.exists(sys.argv[1]) and time.monotonic() < deadline:
    time.sleep(0.005)
print("a=2" if time.monotonic() < deadline else "a=3")
"""
    made = trial.dir / "made"

    class Answering(_Trial):
        def report(self, step: int, metrics: Metrics) -> None:
            made.touch()

    assert _run(script, Answering(trial.dir), {}, str(made)) == {"a": 2.0}


@pytest.mark.parametrize(
    ("script", "message", "reason"),
    [
        ("import sys; print('a=1'); sys.exit(3)", f"{sys.executable} ended with status 3", FailureReason.EXCEPTION),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            f"{sys.executable} was killed by SIGKILL; out of memory?",
            FailureReason.KILLED,
        ),
        ("import os; os.kill(os.getpid(), 40)", f"{sys.executable} was killed by signal 40", FailureReason.KILLED),
    ],
)
def test_a_program_that_fails_says_how(trial: _Trial, script: str, message: str, reason: FailureReason) -> None:
    with pytest.raises(TrialFailed) as caught:
        _run(script, trial, {})
    assert str(caught.value) == message
    assert caught.value.reason is reason


def test_a_program_that_is_not_there_is_told_before_any_trial() -> None:
    with pytest.raises(WorkloadError) as caught:
        CommandWorkload(["a-program-nobody-has", "{lr}"])
    assert str(caught.value) == f"there is no program 'a-program-nobody-has' (looked in {os.getcwd()} and PATH)"


def test_a_program_that_cannot_be_run_is_named(trial: _Trial) -> None:
    program = trial.dir / "program"
    program.write_bytes(b"\x00no program at all")
    program.chmod(0o755)
    for command in ([str(program)], ["{program}"]):
        with pytest.raises(WorkloadError) as caught:
            CommandWorkload(command)({"program": str(program)}, trial)
        assert str(caught.value) == f"{program}: cannot be run: Exec format error"


def _script(folder: Path, content: bytes, mode: int = 0o755) -> str:
    script = folder / "train.sh"
    script.write_bytes(content)
    script.chmod(mode)
    return str(script)


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (
            b"#!/bin/sh\necho a=1\n",
            0o644,
            "{} is not executable: chmod +x {}, or put its interpreter before it ([python3, {}])",
        ),
        (
            b"#!/usr/bin/env python3\r\nprint('a=1')\r\n",
            0o755,
            "the first line of {} (#!/usr/bin/env python3) has a Windows line ending:"
            " sed -i 's/\\r$//' {} removes them",
        ),
        (
            b"#!/no/such/bash\necho a=1\n",
            0o755,
            "the first line of {} (#!/no/such/bash) names an interpreter that does not exist",
        ),
        (b"#! \necho a=1\n", 0o755, "the first line of {} (#! ) names no interpreter"),
    ],
)
def test_a_script_that_cannot_be_started_says_exactly_why(
    trial: _Trial, content: bytes, mode: int, message: str
) -> None:
    script = _script(trial.dir, content, mode)
    with pytest.raises(WorkloadError) as caught:
        CommandWorkload([script])
    assert str(caught.value) == message.replace("{}", script)
    with pytest.raises(WorkloadError) as caught:
        CommandWorkload(["{program}"])({"program": script}, trial)
    assert str(caught.value) == message.replace("{}", script)


def test_a_script_without_a_first_line_for_the_system_is_told_to_have_one(trial: _Trial) -> None:
    script = _script(trial.dir, b"echo a=1\n")
    with pytest.raises(WorkloadError) as caught:
        CommandWorkload([script])({}, trial)
    assert str(caught.value) == f"{script} names no interpreter in its first line, such as #!/usr/bin/env bash"


def test_a_folder_and_a_file_of_this_folder_are_no_programs_of_path(
    trial: _Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trial.dir)
    _script(trial.dir, b"#!/bin/sh\necho a=1\n")
    with pytest.raises(WorkloadError, match="^'train.sh' is a file of .*, not a program of PATH: write ./train.sh$"):
        CommandWorkload(["train.sh"])
    monkeypatch.setenv("HOME", "/home/me")
    with pytest.raises(WorkloadError, match="^no shell replaces the ~ of ~/train.sh: write /home/me/train.sh$"):
        CommandWorkload(["~/train.sh"])
    with pytest.raises(WorkloadError, match=f"^{trial.dir} is a folder$"):
        CommandWorkload([str(trial.dir)])


def test_an_argument_that_is_a_list_is_left_out_where_a_parameter_of_it_is_not_there(trial: _Trial) -> None:
    script = "import sys; print(f'count={len(sys.argv) - 1}')".replace("{", "{{").replace("}", "}}")
    command = CommandWorkload([sys.executable, "-c", script, "{lr}", ["--momentum", "{momentum}"], ["a", "b"]])
    assert command({"lr": 0.1}, trial) == {"count": 3.0}
    assert command({"lr": 0.1, "momentum": 0.9}, trial) == {"count": 5.0}


def test_a_missing_objective_is_told_with_the_lines_that_came_nearest(trial: _Trial) -> None:
    script = "print('val acc: 0.5'); print('acc=50%'); print('loss=1')".replace("{", "{{").replace("}", "}}")
    with pytest.raises(TrialFailed) as caught:
        CommandWorkload([sys.executable, "-c", script], WantedMetrics(["acc"]))({}, trial)
    assert caught.value.reason is FailureReason.MISSING_METRIC
    assert str(caught.value) == (
        "the workload did not report the objective acc; its metrics: loss; the nearest lines of its output:"
        " `val acc: 0.5` (it may be another metric: name 'val acc' in the file, or print acc=0.5),"
        " `acc=50%` ('50%' is no plain number)"
    )
    with pytest.raises(TrialFailed, match="its metrics: none; metrics are read from standard output$"):
        CommandWorkload([sys.executable, "-c", "import sys; sys.stderr.write('acc=1')"], WantedMetrics(["acc"]))(
            {}, trial
        )


def test_a_pruned_trial_ends_its_program(trial: _Trial) -> None:
    trial.prune_at = 1
    script = """
import os, signal, sys, time
print(f"pid={os.getpid()}")
print("step=0 pid=0")
print("step=1 pid=0")
time.sleep(3600)
"""
    children = set(psutil.Process().children())
    with pytest.raises(Pruned, match="at step 1"):
        _run(script, trial, {})
    assert [step for step, _ in trial.reports] == [0, 1]
    assert set(psutil.Process().children()) <= children


def test_a_program_that_does_not_listen_is_killed(trial: _Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("morphogenetic_engine.workload.program._GRACE_SECONDS", 0.05)
    trial.prune_at = 0
    script = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("step=0 a=0")
time.sleep(3600)
"""
    children = set(psutil.Process().children())
    with pytest.raises(Pruned):
        _run(script, trial, {})
    assert set(psutil.Process().children()) <= children


def test_a_program_gets_no_input(trial: _Trial) -> None:
    assert _run("import sys; print(f'read={len(sys.stdin.read())}')", trial, {}) == {"read": 0.0}


def test_a_trial_ends_with_its_program_although_a_child_holds_its_output(trial: _Trial, tmp_path: Path) -> None:
    script = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])
open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))
print('acc=0.5', flush=True)
"""
    assert _run(script, trial, {}) == {"acc": 0.5}
    until(lambda: gone(int((tmp_path / "child").read_text(encoding="utf-8"))))


def test_children_of_a_program_end_with_it_politely(trial: _Trial, tmp_path: Path) -> None:
    polite = f"""
import signal, sys, time
def leave(*_): open({str(tmp_path / 'cleaned')!r}, 'w').write('yes'); sys.exit()
signal.signal(signal.SIGTERM, leave)
open({str(tmp_path / 'ready')!r}, 'w').close()
time.sleep(3600)
"""
    script = f"""
import os, subprocess, sys, time
subprocess.Popen([sys.executable, '-c', {polite!r}], stdout=subprocess.DEVNULL)
while not os.path.exists({str(tmp_path / 'ready')!r}): time.sleep(0.01)
print('acc=1', flush=True)
"""
    assert _run(script, trial, {}) == {"acc": 1.0}
    assert (tmp_path / "cleaned").read_text(encoding="utf-8") == "yes"


def test_children_of_a_pruned_program_end_with_it(trial: _Trial, tmp_path: Path) -> None:
    trial.prune_at = 0
    script = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])
open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))
print('epoch=0 acc=1', flush=True)
time.sleep(3600)
"""
    with pytest.raises(Pruned):
        _run(script, trial, {})
    until(lambda: gone(int((tmp_path / "child").read_text(encoding="utf-8"))))


def test_a_line_of_any_length_is_passed_on_and_costs_time_in_proportion(
    trial: _Trial, capfd: pytest.CaptureFixture[str]
) -> None:
    script = "import sys; sys.stdout.write('x' * 5_000_000 + chr(10) + 'acc=1')"
    assert _run(script, trial, {}) == {"acc": 1.0}
    assert capfd.readouterr().out == "x" * 5_000_000 + "\nacc=1"


def test_everything_that_a_program_printed_before_its_end_is_read(trial: _Trial) -> None:
    script = "print('x' * 30_000, flush=True); print('acc=0.25', end='')"
    assert _run(script, trial, {}) == {"acc": 0.25}


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (137, FailureReason.KILLED, "ended with status 137: SIGKILL killed what it ran; out of memory?"),
        (143, FailureReason.KILLED, "ended with status 143: SIGTERM killed what it ran"),
        (3, FailureReason.EXCEPTION, "ended with status 3"),
        (128, FailureReason.EXCEPTION, "ended with status 128"),
        (255, FailureReason.EXCEPTION, "ended with status 255"),
    ],
)
def test_a_status_of_128_and_a_signal_is_a_killed_process(
    trial: _Trial, status: int, reason: FailureReason, message: str
) -> None:
    with pytest.raises(TrialFailed) as caught:
        _run(f"import sys; sys.exit({status})", trial, {})
    assert caught.value.reason is reason
    assert str(caught.value) == f"{sys.executable} {message}"
