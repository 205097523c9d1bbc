"""One trial by itself: the same as in a sweep, however it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, FailureReason, WorkloadError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import Event, TrialReported, TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.single_trial.planned_trial import trial_of_number
from morphogenetic_engine.sweeps.single_trial.trial_run import run_one_trial
from tests.conftest import StartSweep
from tests.waiting import gone, until

RunTrial = Callable[..., TrialRecord]


@pytest.fixture
def run(workplace: Path) -> RunTrial:
    """Run trial 0 of a sweep by itself."""

    def run(written: dict[str, object], observe: Callable[[Event], None] = lambda event: None) -> TrialRecord:
        config = parse_config(written, where="sweep.yaml")
        folder = workplace / "trial"
        folder.mkdir()
        planned = trial_of_number(config, 0)
        return run_one_trial(config, planned, where="sweep.yaml", folder=folder, observers=[observe])

    return run


@pytest.mark.parametrize(
    "text",
    [
        'experiment: {workload: "toy:quadratic"}\nparameters: {x: [0.1]}',
        'experiment: {workload: "toy:chancy", replicates: 3}\nparameters: {x: [0.1]}',
    ],
    ids=["one run", "replicates"],
)
def test_the_same_trial_by_itself_and_in_a_sweep(start: StartSweep, run: RunTrial, text: str) -> None:
    folder = start(text)
    run_sweep(folder)
    (local,) = read_result(folder).trials
    alone = run(folder.read_info().config.model_dump(mode="json"))
    for name in ("number", "seed", "params", "state", "metrics", "curve"):
        assert getattr(alone, name) == getattr(local, name)
    assert {n: each.metrics for n, each in alone.replicates.items()} == {
        n: each.metrics for n, each in local.replicates.items()
    }


@pytest.mark.parametrize(
    ("mood", "state", "reason"),
    [
        ("fine", TrialState.COMPLETE, None),
        ("raise", TrialState.FAILED, FailureReason.EXCEPTION),
        ("crash", TrialState.FAILED, FailureReason.KILLED),
        ("crash_once", TrialState.COMPLETE, None),
        ("nan", TrialState.FAILED, FailureReason.NON_FINITE_METRIC),
        ("missing", TrialState.FAILED, FailureReason.MISSING_METRIC),
        ("prune", TrialState.PRUNED, None),
    ],
)
def test_each_end_is_told_from_the_others(
    run: RunTrial, mood: str, state: TrialState, reason: FailureReason | None
) -> None:
    record = run({"experiment": {"workload": "toy:moody", "mood": mood}, "parameters": {"x": [1]}})
    assert (record.state, record.reason) == (state, reason)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import sys; print('CUDA error: out of memory', file=sys.stderr); sys.exit(1)", "out_of_gpu_memory"),
        ("import sys; print('out of patience', file=sys.stderr); sys.exit(1)", "exception"),
        ("print('val_acc=1'); print('CUDA out of memory, so with a smaller batch')", None),
    ],
)
def test_a_program_that_finds_no_memory_on_its_gpu_is_told_from_others(
    run: RunTrial, program: str, reason: str | None
) -> None:
    record = run({"experiment": {"command": [sys.executable, "-c", program, "{x}"]}, "parameters": {"x": [1]}})
    assert record.reason == reason


def test_a_trial_that_takes_too_long_is_ended(run: RunTrial) -> None:
    written = {
        "experiment": {"workload": "toy:moody", "mood": "stuck_in_c"},
        "parameters": {"x": [1]},
        "execution": {"timeout_per_trial": 0.2},
    }
    assert run(written).reason is FailureReason.TIMEOUT


def stop_at_first_report(number: signal.Signals) -> Callable[[Event], None]:
    def observe(event: Event) -> None:
        if isinstance(event, TrialReported):
            os.kill(os.getpid(), number)

    return observe


GRANDCHILD = {"experiment": {"workload": "toy:with_grandchild"}, "parameters": {"x": [1]}}


def test_sigterm_prunes_with_what_was_reported_and_keeps_the_files(run: RunTrial, workplace: Path) -> None:
    record = run(GRANDCHILD, stop_at_first_report(signal.SIGTERM))
    assert (record.state, record.metrics) == (TrialState.PRUNED, {"val_acc": 0.0})
    grandchild = int((workplace / "trial/grandchild").read_text(encoding="utf-8"))
    until(lambda: gone(grandchild))


def test_ctrl_c_interrupts(run: RunTrial) -> None:
    assert run(GRANDCHILD, stop_at_first_report(signal.SIGINT)).state is TrialState.INTERRUPTED


def test_what_the_workload_does_not_take_is_the_user_s_to_mend(run: RunTrial) -> None:
    with pytest.raises(ConfigError, match="sweep.yaml: parameters.z: unknown parameter"):
        run({"experiment": {"workload": "toy:declared"}, "parameters": {"z": [1]}})


def test_a_workload_that_is_not_there(run: RunTrial) -> None:
    with pytest.raises(WorkloadError, match="sweep.yaml: experiment.workload: toy has no function 'nohting'"):
        run({"experiment": {"workload": "toy:nohting"}, "parameters": {"z": [1]}})
