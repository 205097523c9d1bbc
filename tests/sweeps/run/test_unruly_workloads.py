"""Workloads that misuse their worker: late reports, forks, stray bytes, caught decisions, a changed process."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, FailureReason
from morphogenetic_engine.sweeps.record.events import Outcome, TrialReported, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.conftest import StartSweep
from tests.tables import steady_rows
from tests.waiting import gone, until

PRUNED = "{n_trials: 6, pruner: MedianPruner, pruner_options: {n_startup_trials: 1}}"


def sweep(function: str, *, workers: int = 1, execution: str = "", optimization: str = "{}", fixed: str = "") -> str:
    kind = "bayesian" if "pruner" in optimization else "grid"
    return f"""
sweep_type: {kind}
experiment: {{workload: "toy:{function}"{fixed}}}
parameters: {{x: [0.1, 0.2, 0.3, 0.4]}}
execution: {{max_parallel: {workers}{execution}}}
optimization: {optimization}
"""


def run(folder: SweepFolder) -> SweepResult:
    run_sweep(folder)
    return read_result(folder)


@pytest.mark.parametrize("optimization", ["{}", PRUNED], ids=["no pruner", "pruner"])
def test_a_late_report_raises_and_changes_nothing_else(start: StartSweep, workplace: Path, optimization: str) -> None:
    for name in ("ended", "raised"):
        (workplace / name).mkdir()
    folder = start(sweep("late_thread", optimization=optimization))
    result = run(folder)
    total = len(result.trials)
    assert total == (4 if optimization == "{}" else 6)
    assert not [each for each in read_events(folder.journal) if isinstance(each, TrialReported) and each.step == 99]
    raised = {path.name: path.read_text(encoding="utf-8") for path in (workplace / "raised").iterdir()}
    assert len(raised) == total - 1
    assert raised["0"] == "TrialFailed: trial 0 has ended: its report of step 99 is late and not recorded"
    assert result.last_end is not None
    assert result.last_end.message == f"late messages of ended trials that were dropped: {total - 1}"


def test_a_fork_of_the_workload_neither_reports_nor_takes_the_next_trial(start: StartSweep) -> None:
    folder = start(sweep("forked"))
    result = run(folder)
    assert [trial.metrics["val_acc"] for trial in result.trials] == [0.1, 0.2, 0.3, 0.4]
    assert not any(trial.curve for trial in result.trials)
    said = (folder.trial(1) / "output.txt").read_text(encoding="utf-8")
    assert "a process that the workload forked returned from the workload; it ends here" in said


def test_stray_bytes_on_the_channel_end_that_worker_alone(start: StartSweep) -> None:
    folder = start(sweep("stray_bytes", execution=", retries: 0"))
    result = run(folder)
    assert [trial.state for trial in result.trials] == [
        TrialState.COMPLETE,
        TrialState.FAILED,
        TrialState.COMPLETE,
        TrialState.COMPLETE,
    ]
    failed = result.trials[1]
    assert failed.reason is FailureReason.KILLED
    assert failed.message == "the worker process was ended: a line that it sent is no message: b'hello'"
    inherited = (folder.trial(0) / "descriptors").read_text(encoding="utf-8").split()
    assert {int(each) for each in inherited} <= {0, 1, 2, 3}, "3 is the folder that the program lists"


def test_a_worker_that_closes_its_channel_is_ended(start: StartSweep) -> None:
    result = run(start(sweep("closing", execution=", retries: 0")))
    assert [trial.state for trial in result.trials].count(TrialState.COMPLETE) == 3
    assert result.trials[1].message == "the worker process was ended: it closed its channel to the coordinator"


@pytest.mark.parametrize(("steps", "ignored"), [(3, 2), (1000, 5)])
def test_a_workload_that_swallows_pruned_ends_as_pruned(start: StartSweep, steps: int, ignored: int) -> None:
    folder = start(sweep("swallowing", optimization=PRUNED, fixed=f", steps: {steps}"))
    pruned = [trial for trial in run(folder).trials if trial.state is TrialState.PRUNED]
    assert pruned and all(trial.attempt == 0 for trial in pruned)
    said = f"pruned at step 0; the workload caught Pruned and went on for {ignored} reports: let it pass through"
    assert [trial.message for trial in pruned] == [said] * 3
    assert [trial.curve for trial in pruned] == [{0: {"val_acc": -1.0}}] * 3


@pytest.mark.parametrize("isolate", ["false", "true"])
def test_every_trial_finds_the_process_as_the_first_one_did(start: StartSweep, workplace: Path, isolate: str) -> None:
    (workplace / "data.txt").write_text("7", encoding="utf-8")
    tables = []
    for workers in (1, 2):
        folder = start(sweep("meddling", workers=workers, execution=f", isolate: {isolate}"))
        result = run(folder)
        assert [trial.message for trial in result.trials] == [""] * 4
        assert [trial.metrics["val_acc"] for trial in result.trials] == [7 * x for x in (0.1, 0.2, 0.3, 0.4)]
        tables.append(steady_rows(folder))
    assert tables[0] == tables[1]


@pytest.mark.parametrize(("isolate", "processes"), [("false", 1), ("true", 4)])
def test_an_isolated_trial_has_a_process_of_its_own(start: StartSweep, isolate: str, processes: int) -> None:
    result = run(start(sweep("process_id", execution=f", isolate: {isolate}")))
    assert len({trial.metrics["val_acc"] for trial in result.trials}) == processes
    assert all(trial.attempt == 0 for trial in result.trials)


@pytest.mark.parametrize(("silent", "missing"), [(2, 0), (0, 2)])
def test_a_few_silent_trials_cost_only_themselves(start: StartSweep, silent: int, missing: int) -> None:
    fixed = f", silent: {silent}, missing: {missing}"
    folder = start(sweep("silent_first", optimization=PRUNED, fixed=fixed))
    assert run_sweep(folder) is Outcome.FINISHED
    assert len(read_result(folder).trials) == 6


@pytest.mark.parametrize("workers", [1, 4])
def test_a_sweep_whose_first_trials_are_all_silent_is_ended(start: StartSweep, workers: int) -> None:
    folder = start(sweep("silent_first", workers=workers, optimization=PRUNED, fixed=", silent: 100"))
    first = max(workers, 3)
    message = f"optimization.pruner: MedianPruner needs reports, but the first {first} trials made none; use none"
    with pytest.raises(ConfigError, match=message):
        run_sweep(folder)


def test_a_sweep_whose_first_trials_all_lack_the_objective_is_ended(start: StartSweep) -> None:
    folder = start(sweep("silent_first", fixed=", missing: 100"))
    with pytest.raises(ConfigError, match="the workload did not report the objective val_acc; its metrics: loss"):
        run_sweep(folder)
    assert len(read_result(folder).trials) == 3


def test_a_time_limit_ends_a_program_and_what_it_started(start: StartSweep, workplace: Path) -> None:
    (workplace / "train.py").write_text(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])\n"
        "open('child', 'w').write(str(child.pid))\n"
        "time.sleep(3600)\n",
        encoding="utf-8",
    )
    folder = start("""
experiment: {command: [python3, train.py, "{x}"]}
parameters: {x: [1]}
execution: {max_parallel: 1, timeout_per_trial: 3}
""")
    (trial,) = run(folder).trials
    assert (trial.state, trial.reason) == (TrialState.FAILED, FailureReason.TIMEOUT)
    until(lambda: gone(int((workplace / "child").read_text(encoding="utf-8"))))


def test_files_beside_a_workload_that_are_called_as_modules_of_python_end_no_worker(
    workplace: Path, start: StartSweep
) -> None:
    for name in ("json", "random", "types", "logging", "contextlib", "threading"):
        (workplace / f"{name}.py").write_text("raise SystemError('a file of the user')\n", encoding="utf-8")
    folder = start('experiment: {workload: "toy:nothing"}\nparameters: {x: [0.25]}\nexecution: {max_parallel: 1}\n')
    run_sweep(folder)
    assert [trial.metrics for trial in read_result(folder).trials] == [{"val_acc": 0.25}]


def test_an_endless_message_costs_neither_the_journal_nor_the_disk(start: StartSweep, workplace: Path) -> None:
    (workplace / "endless.py").write_text(
        "def train(params, trial):\n    raise ValueError('first ' + 20_000_000 * 'x')\n", encoding="utf-8"
    )
    folder = start(sweep("train").replace("toy:", "endless:"))
    result = run(folder)
    assert all(trial.message.startswith("ValueError: first xxx") for trial in result.trials)
    said = (folder.trial(0) / "output.txt").read_text(encoding="utf-8")
    assert "ValueError: first xxx" in said and said.endswith("more characters are left out)\n")
    assert len(said) < 100_000 and folder.journal.stat().st_size < 100_000
