"""The run loop with real worker processes."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine.errors import ConfigError, FailureReason, SweepError, WorkloadError
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialReported, TrialStarted, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal, read_events
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep, start_sweep
from tests.sweeps.record.earlier import info_of_format_1
from tests.tables import steady_rows
from tests.waiting import gone, until

Start = Callable[[str], SweepFolder]

QUADRATIC = """
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {type: float, low: 0, high: 1, step: 0.05}}
execution: {max_parallel: 2}
"""


def moods(*names: str, execution: str = "max_parallel: 2") -> str:
    return f"""
experiment: {{workload: "toy:moody"}}
parameters: {{mood: [{', '.join(names)}]}}
execution: {{{execution}}}
"""


def run(folder: SweepFolder) -> SweepResult:
    run_sweep(folder)
    return read_result(folder)


def test_every_trial_of_the_grid_runs_once(start: Start) -> None:
    folder = start(QUADRATIC)
    result = run(folder)
    assert result.outcome is Outcome.FINISHED
    assert [trial.number for trial in result.trials] == list(range(21))
    assert all(trial.state is TrialState.COMPLETE and len(trial.curve) == 3 for trial in result.trials)
    assert result.best is not None and result.best.params["x"] == 0.3
    started = [event.trial for event in read_events(folder.journal) if isinstance(event, TrialStarted)]
    assert sorted(started) == list(range(21))


@pytest.mark.parametrize("workload", ["toy:quadratic", "toy:slow_first"])
def test_any_number_of_workers_gives_the_same_table(workplace: Path, start: Start, workload: str) -> None:
    tables = []
    for workers in (1, 2, 4):
        text = QUADRATIC.replace("toy:quadratic", workload).replace("max_parallel: 2", f"max_parallel: {workers}")
        folder = start(text)
        run(folder)
        tables.append(steady_rows(folder))
    assert workplace.exists() and len(tables[0]) == 21
    assert tables[0] == tables[1] == tables[2]


def test_early_stopping_gives_the_same_table_at_any_number_of_workers_up_to_lookahead(start: Start) -> None:
    tables = []
    for workers in (1, 2, 4):
        folder = start(f"""
experiment: {{workload: "toy:slow_first"}}
parameters: {{x: {{type: float, low: 0, high: 1, step: 0.01}}}}
execution: {{max_parallel: {workers}, early_stopping: {{threshold: 0.1}}}}
optimization: {{lookahead: 4}}
""")
        assert run_sweep(folder) is Outcome.EARLY_STOPPED
        tables.append(steady_rows(folder))
    assert [row["number"] for row in tables[0]] == [str(number) for number in range(14)]
    assert tables[0] == tables[1] == tables[2]


def test_an_early_stopped_sweep_that_is_resumed_runs_nothing_more(start: Start) -> None:
    folder = start(QUADRATIC.replace("max_parallel: 2", "max_parallel: 1, early_stopping: {patience: 3}"))
    before = run(folder)
    assert before.outcome is Outcome.EARLY_STOPPED
    assert len(before.trials) == 10  # 0.3 is number 6, three worse ones follow
    assert run(folder).trials == before.trials


def test_states_and_reasons_are_kept_apart(start: Start) -> None:
    folder = start(moods("fine", "raise", "crash", "nan", "missing", "prune"))
    trials = {trial.params["mood"]: trial for trial in run(folder).trials}
    assert {mood: (trial.state, trial.reason) for mood, trial in trials.items()} == {
        "fine": (TrialState.COMPLETE, None),
        "raise": (TrialState.FAILED, FailureReason.EXCEPTION),
        "crash": (TrialState.FAILED, FailureReason.KILLED),
        "nan": (TrialState.FAILED, FailureReason.NON_FINITE_METRIC),
        "missing": (TrialState.FAILED, FailureReason.MISSING_METRIC),
        "prune": (TrialState.PRUNED, None),
    }
    assert trials["raise"].message.startswith("ZeroDivisionError: no luck (toy.py:")
    assert "ZeroDivisionError" in (folder.trial(trials["raise"].number) / "output.txt").read_text()


def test_crashes_are_retried_once_and_exceptions_not_at_all_by_default(start: Start) -> None:
    folder = start(moods("crash_once", "raise_once"))
    crashed, raised = run(folder).trials
    assert (crashed.state, crashed.attempt) == (TrialState.COMPLETE, 1)
    assert (raised.state, raised.attempt) == (TrialState.FAILED, 0)


def test_retries_of_exceptions_when_asked_for(start: Start) -> None:
    folder = start(moods("raise_once", "raise", execution="retries: {exceptions: 2}"))
    once, always = run(folder).trials
    assert (once.state, once.attempt) == (TrialState.COMPLETE, 1)
    assert (always.state, always.attempt) == (TrialState.FAILED, 2)


@pytest.mark.slow
def test_timeout_ends_a_trial_that_is_stuck_in_c(start: Start) -> None:
    folder = start(moods("stuck_in_c", "fine", execution="max_parallel: 1, timeout_per_trial: 2"))
    stuck, fine = run(folder).trials
    assert (stuck.state, stuck.reason, stuck.message) == (
        TrialState.FAILED,
        FailureReason.TIMEOUT,
        "ran longer than 2 s",
    )
    assert fine.state is TrialState.COMPLETE
    assert stuck.duration >= 2


def test_what_a_trial_prints_is_in_its_folder(start: Start) -> None:
    folder = start(moods("print", "fine"))
    run(folder)
    assert (folder.trial(0) / "output.txt").read_text() == "hello from the trial\n"
    assert not (folder.trial(1) / "output.txt").exists()


def test_a_command_is_swept_without_a_shell(start: Start, workplace: Path) -> None:
    (workplace / "train.py").write_text(
        "import sys\nlr, name = float(sys.argv[1]), sys.argv[2]\n"
        "for step in range(2): print(f'step={step} val_acc={lr * step}')\n"
        "print('talk; of $HOME'); print(f'val_acc={lr} length={len(name)}')\n"
    )
    folder = start("""
experiment: {command: [python3, train.py, "{lr}", "{name}"], name: "a b; $HOME"}
parameters: {lr: [1e-3, 0.5]}
""")
    small, large = run(folder).trials
    assert small.metrics == {"val_acc": 0.001, "length": 10.0}
    assert large.curve == {0: {"val_acc": 0.0}, 1: {"val_acc": 0.5}}


def test_a_killed_worker_costs_only_its_own_trial(start: Start) -> None:
    folder = start(moods("fine", "crash", "print", execution="max_parallel: 1, retries: 0"))
    states = [trial.state for trial in run(folder).trials]
    assert states == [TrialState.COMPLETE, TrialState.FAILED, TrialState.COMPLETE]


def test_a_finished_sweep_that_is_resumed_runs_nothing(start: Start) -> None:
    folder = start(QUADRATIC)
    before = run(folder)
    assert run(folder).trials == before.trials


def test_trials_is_the_total_when_a_sweep_goes_on(start: Start) -> None:
    text = "sweep_type: random\noptimization: {n_trials: 5}" + QUADRATIC
    folder = start(text)
    first = run(folder)
    continue_sweep(folder.sweep_id, results=folder.path.parent, overrides={"optimization.n_trials": 8})
    assert [trial.params for trial in run(folder).trials][:5] == [trial.params for trial in first.trials]
    assert len(run(folder).trials) == 8


def test_failed_trials_run_again_only_when_asked(start: Start) -> None:
    folder = start(moods("raise_once", "fine"))
    assert run(folder).counts[TrialState.FAILED] == 1
    assert run(folder).counts[TrialState.FAILED] == 1
    run_sweep(folder, retry_failed=True)
    assert read_result(folder).counts[TrialState.COMPLETE] == 2


def test_a_time_budget_starts_no_new_trial_and_finishes_the_running_ones(start: Start) -> None:
    text = QUADRATIC.replace("seconds: 0.0", "seconds: 0.2") + "optimization: {timeout: 0.5}\n"
    folder = start(text)
    assert run_sweep(folder) is Outcome.TIME_IS_UP
    result = read_result(folder)
    assert len(result.trials) < 21
    assert all(trial.state is TrialState.COMPLETE for trial in result.trials)
    assert run_sweep(folder) is Outcome.TIME_IS_UP
    assert len(read_result(folder).trials) == len(result.trials)


def test_the_table_is_current_while_the_sweep_runs(start: Start) -> None:
    folder = start(QUADRATIC)
    seen: list[tuple[int, int]] = []

    def compare(event: Event) -> None:
        if isinstance(event, TrialStarted):
            ended = sum(trial.state.final for trial in read_result(folder).trials)
            seen.append((ended, len(folder.table.read_text().splitlines()) - 1))

    run_sweep(folder, observers=[compare])
    assert max(ended for ended, _ in seen) > 10
    assert all(ended == rows for ended, rows in seen)


def test_a_second_runner_of_the_same_sweep_is_refused(start: Start) -> None:
    folder = start(QUADRATIC)
    with Journal(folder.journal):
        with pytest.raises(SweepError, match=r"is being run by process \d+"):
            run_sweep(folder)
        with pytest.raises(SweepError, match="is being run by another process"):
            continue_sweep(folder.sweep_id, results=folder.path.parent)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('experiment: {workload: "toy:nowhere"}', r"experiment.workload: toy has no function 'nowhere'"),
        ('experiment: {workload: "tow:nothing"}', r"experiment.workload: there is no module 'tow'"),
        ('experiment: {workload: "toy:declared", z: 1}', r"experiment.z: unknown parameter"),
        (
            'experiment: {workload: "toy:declared", x: 1}\noptimization: {target_metric: val_ac}',
            r"metric val_ac: the workload does not report it; did you mean 'val_acc'\?",
        ),
        (
            'experiment: {workload: "toy:nothing", x: 1}\noptimization: {target_metric: accuracy}',
            r"optimization.target_metric: the workload did not report the objective accuracy; its metrics: val_acc",
        ),
        (
            "experiment: {command: [no-such-program-here]}",
            r"experiment.command: there is no program 'no-such-program-here'",
        ),
    ],
)
def test_a_sweep_that_cannot_work_ends_with_one_line(start: Start, text: str, message: str) -> None:
    folder = start(text)
    with pytest.raises((ConfigError, WorkloadError), match=f"^sweep.yaml: .*{message}"):
        run_sweep(folder)
    assert read_result(folder).outcome is Outcome.ABORTED


def test_a_workload_that_kills_its_process_at_import_is_an_error(start: Start, workplace: Path) -> None:
    (workplace / "deadly.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    with pytest.raises(WorkloadError, match="die before they are ready"):
        run_sweep(start('experiment: {workload: "deadly:train"}'))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_records_what_runs_as_interrupted_and_resume_finishes(start: Start, sent: signal.Signals) -> None:
    held = QUADRATIC.replace("toy:quadratic", "toy:held")
    folder = start(held)
    Path("hold").write_text("6", encoding="utf-8")

    def interrupt(event: Event) -> None:
        if isinstance(event, TrialReported) and (event.trial, event.step) == (6, 1):
            os.kill(os.getpid(), sent)

    others = set(psutil.Process().children(recursive=True))
    assert run_sweep(folder, observers=[interrupt]) is Outcome.INTERRUPTED
    stopped = read_result(folder)
    assert stopped.counts[TrialState.RUNNING] == 0
    assert stopped.counts[TrialState.INTERRUPTED] >= 1
    assert set(psutil.Process().children(recursive=True)) <= others
    Path("hold").unlink()
    run_sweep(folder)
    undisturbed = start(held)
    run_sweep(undisturbed)
    assert steady_rows(folder) == steady_rows(undisturbed)


def test_a_sweep_can_run_outside_the_main_thread(start: Start) -> None:
    folder = start(QUADRATIC)
    thread = threading.Thread(target=run_sweep, args=(folder,))
    thread.start()
    thread.join()
    assert read_result(folder).counts[TrialState.COMPLETE] == 21


def test_workers_share_the_cores(start: Start, workplace: Path) -> None:
    (workplace / "cores.py").write_text(
        "import os\ndef train(params, trial): return {'val_acc': float(os.environ['OMP_NUM_THREADS'])}\n"
    )
    folder = start('experiment: {workload: "cores:train"}\nexecution: {max_parallel: 64}')
    assert run(folder).trials[0].metrics == {"val_acc": 1.0}
    folder = start('experiment: {workload: "cores:train"}\nexecution: {threads_per_trial: 3}')
    assert run(folder).trials[0].metrics == {"val_acc": 3.0}


def test_resume_refuses_another_search_and_takes_other_execution_settings(
    start: Start, write_config: Callable[[str], ConfigFile]
) -> None:
    folder = start(QUADRATIC)
    results = folder.path.parent
    other = write_config(QUADRATIC.replace("step: 0.05", "step: 0.1"))
    message = r"sweep.yaml: parameters.x.step: is 0.05 in this sweep, but got 0.1; a resumed sweep keeps its search"
    with pytest.raises(SweepError, match=message):
        continue_sweep(folder.sweep_id, results=results, file=other)
    slower = write_config(QUADRATIC.replace("max_parallel: 2", "max_parallel: 1, timeout_per_trial: 9"))
    continue_sweep(folder.sweep_id, results=results, file=slower)
    assert folder.read_info().config.execution.timeout_per_trial == 9
    assert folder.read_info().config.optimization.lookahead == 2


def test_a_folder_of_a_newer_format_is_refused(start: Start) -> None:
    folder = start(QUADRATIC)
    info = json.loads(info_of_format_1(folder.info.read_bytes()))
    folder.info.write_text(json.dumps({**info, "format": 3}))
    with pytest.raises(SweepError, match="is of format 3"):
        run_sweep(folder)


def test_grandchildren_end_with_an_interrupted_sweep(start: Start) -> None:
    folder = start('experiment: {workload: "toy:with_grandchild"}')

    def interrupt(event: Event) -> None:
        if isinstance(event, TrialReported):
            os.kill(os.getpid(), signal.SIGTERM)

    run_sweep(folder, observers=[interrupt])
    grandchild = int((folder.trial(0) / "grandchild").read_text())
    until(lambda: gone(grandchild))


def test_two_sweeps_of_the_same_second_have_folders_of_their_own(write_config: Callable[[str], ConfigFile]) -> None:
    file = write_config(QUADRATIC)
    assert len({start_sweep(file, results=Path("results")).sweep_id for _ in range(5)}) == 5
