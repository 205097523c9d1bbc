"""Sweeps whose workers train several trials at once give the results of those that train one after another."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
from morphogenetic_engine.sweeps.record.events import AttemptFailed, TrialInterrupted, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.tables import steady_rows

Start = Callable[[str], SweepFolder]

GRID = """
experiment: {{workload: "together:train"}}
parameters: {{x: [0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 1.0]}}
execution: {{max_parallel: {workers}, fuse: {fuse}}}
"""
PRUNED = """
sweep_type: bayesian
experiment: {{workload: "together:train"}}
parameters: {{x: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: {workers}, fuse: {fuse}}}
optimization:
  n_trials: 12
  sampler: Random
  pruner: MedianPruner
  pruner_options: {{n_startup_trials: 2, n_warmup_steps: 2}}
  lookahead: 8
"""
HALVING = """
sweep_type: bayesian
experiment: {{workload: "together:train"}}
parameters: {{x: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: {workers}, fuse: {fuse}}}
optimization: {{n_trials: 12, sampler: Random, strategy: halving, halving: {{full: 9, first_rung: 1}}}}
"""
MOODS = """
experiment: {{workload: "together:train", x: 0.5}}
parameters: {{mood: [calm, print, {mood}, still, quiet]}}
execution: {{max_parallel: 1, fuse: {fuse}, retries: {retries}}}
"""


@pytest.fixture(autouse=True)
def together(workplace: Path) -> None:
    shutil.copy(Path(__file__).parents[2] / "together.py", workplace / "together.py")


def run(folder: SweepFolder) -> SweepResult:
    run_sweep(folder)
    return read_result(folder)


def most_at_once() -> int:
    """The largest number of trials that one worker trained at once; forgotten afterwards."""
    noted = Path("many")
    count = int(noted.read_text(encoding="utf-8")) if noted.exists() else 1
    noted.unlink(missing_ok=True)
    return count


@pytest.mark.parametrize("text", [GRID, PRUNED, HALVING], ids=["grid", "pruned", "halving"])
def test_no_grouping_changes_a_result(start: Start, text: str) -> None:
    tables, counts = [], []
    for workers, fuse in ((1, "off"), (1, 3), (2, 8), (2, "auto")):
        folder = start(text.format(workers=workers, fuse=fuse))
        result = run(folder)
        tables.append((steady_rows(folder), [dict(trial.curve) for trial in result.trials]))
        counts.append(most_at_once())
    assert all(table == tables[0] for table in tables)
    assert counts[0] == 1 and counts[1] == 3 and counts[2] > 1 and counts[3] > 1


@pytest.mark.parametrize("mood", ["raise", "nan"])
def test_a_trial_that_fails_costs_only_itself(start: Start, mood: str) -> None:
    alone = run(start(MOODS.format(mood=mood, fuse="off", retries=0)))
    fused = run(start(MOODS.format(mood=mood, fuse=5, retries=0)))
    assert [trial.state for trial in fused.trials].count(TrialState.FAILED) == 1
    for one, other in zip(alone.trials, fused.trials, strict=True):
        assert (one.state, one.reason, one.message, one.metrics) == (
            other.state,
            other.reason,
            other.message,
            other.metrics,
        )


def test_output_goes_to_the_trial_that_prints(start: Start) -> None:
    folder = start(MOODS.format(mood="raise", fuse=5, retries=0))
    run(folder)
    outputs = {n: path.read_text() for n in range(5) if (path := folder.trial(n) / "output.txt").exists()}
    assert sorted(outputs) == [1, 2]
    assert outputs[1] == "hello from 1\n" and "ZeroDivisionError: no luck" in outputs[2]


def test_a_crash_costs_the_others_of_its_batch_no_attempt_of_theirs(start: Start) -> None:
    folder = start(MOODS.format(mood="crash", fuse=5, retries="{crashes: 0}"))
    result = run(folder)
    failed = [trial for trial in result.trials if trial.state is TrialState.FAILED]
    assert [(trial.params["mood"], trial.reason) for trial in failed] == [("crash", FailureReason.KILLED)]
    assert all(trial.state is TrialState.COMPLETE for trial in result.trials if trial not in failed)
    events = list(read_events(folder.journal))
    assert not any(isinstance(event, AttemptFailed) for event in events)
    assert len({event.trial for event in events if isinstance(event, TrialInterrupted)}) > 1


def test_trials_of_a_batch_that_raises_run_again_alone(start: Start) -> None:
    result = run(start(GRID.replace("together:train", "together:broken").format(workers=1, fuse=4)))
    assert [trial.state for trial in result.trials] == [TrialState.COMPLETE] * 12
    assert [trial.metrics["val_acc"] for trial in result.trials] == [trial.params["x"] for trial in result.trials]


ENDLESS = """
import time
from morphogenetic_engine.trial import declare

def train_many(batch):
    steps = {}
    while trials := batch.running():
        time.sleep(0.01)
        for trial in trials:
            with trial:
                steps[trial.number] = steps.get(trial.number, -1) + 1
                trial.report(steps[trial.number], {"val_acc": trial.params["x"]})
                if trial.params["x"] != 2 and steps[trial.number] == 150:
                    trial.complete({"val_acc": trial.params["x"]})

@declare(fused=train_many)
def train(params, trial):
    while params["x"] == 2:
        time.sleep(0.01)
    return {"val_acc": params["x"]}
"""


def test_a_time_limit_costs_only_the_trial_that_is_late(start: Start, workplace: Path) -> None:
    (workplace / "endless.py").write_text(ENDLESS, encoding="utf-8")
    folder = start(
        "experiment: {workload: 'endless:train'}\nparameters: {x: [1, 2, 3, 4]}\n"
        "execution: {max_parallel: 1, timeout_per_trial: 3}\n"
    )
    result = run(folder)
    assert [trial.reason for trial in result.trials] == [None, FailureReason.TIMEOUT, None, None]
    interrupted = {event.trial for event in read_events(folder.journal) if isinstance(event, TrialInterrupted)}
    assert interrupted == {1}, "it left its batch, and ran alone up to the limit"
    assert all(len(trial.curve) == 151 for trial in result.trials if trial.number != 1)


def test_a_worker_that_hangs_is_stopped_and_its_batch_runs_again(start: Start, workplace: Path) -> None:
    (workplace / "waits.py").write_text(
        "import time\nfrom morphogenetic_engine.trial import declare\n"
        "def train_many(batch):\n"
        "    for trial in batch.running():\n"
        "        with trial:\n"
        "            trial.complete(train(trial.params, trial))\n"
        "@declare(fused=train_many)\n"
        "def train(params, trial):\n"
        "    while params['x'] == 2:\n"
        "        time.sleep(0.01)\n"
        "    return {'val_acc': params['x']}\n",
        encoding="utf-8",
    )
    result = run(
        start(
            "experiment: {workload: 'waits:train'}\nparameters: {x: [1, 2, 3, 4]}\n"
            "execution: {max_parallel: 1, fuse: 4, timeout_per_trial: 1}\n"
        )
    )
    assert [trial.reason for trial in result.trials] == [None, FailureReason.TIMEOUT, None, None]


@pytest.mark.parametrize("fuse", ["off", "auto"])
def test_each_fresh_seed_of_a_confirmation_has_its_own_result(start: Start, fuse: str) -> None:
    folder = start(GRID.format(workers=1, fuse=fuse))
    run_sweep(folder)
    most_at_once()
    confirm_sweep(folder, top=2, seeds=5)
    assert (most_at_once() > 1) is (fuse == "auto")
    for trial in read_result(folder).ranked[:2]:
        for run in trial.confirmations.values():
            height = -((float(trial.params["x"]) - 0.3) ** 2)
            assert run.metrics["val_acc"] == pytest.approx(height - 1 / (11 + run.seed % 5))
