"""The confirmation of the best configurations and the baseline: the selection, the seeds, and the results."""

from __future__ import annotations

import math
import os
import signal
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine.errors import ConfigError, FailureReason, SweepError
from morphogenetic_engine.sweeps.confirm.confirmation import (
    Confirmed,
    best_confirmed,
    candidates,
    confirmation_seed,
    confirmed,
    fresh_runs,
)
from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
from morphogenetic_engine.sweeps.record.events import ConfirmationEnded, Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal, read_events
from morphogenetic_engine.sweeps.record.trials import Confirmation, read_history
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep
from tests.reports.sweeps import sweep as sweep_of
from tests.reports.sweeps import trial as record
from tests.tables import steady_rows
from tests.waiting import gone, until

Start = Callable[[str], SweepFolder]

GRID = """
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {type: float, low: 0, high: 1, step: 0.25}}
execution: {max_parallel: 2}
"""
WITH_BASELINE = GRID.replace("step: 0.25", "step: 0.25, default: 1.0")
SLOW = GRID.replace("seconds: 0.0", "seconds: 0.05")


def swept(start: Start, text: str) -> SweepFolder:
    folder = start(text)
    run_sweep(folder)
    return folder


def ends(folder: SweepFolder) -> list[ConfirmationEnded]:
    return [event for event in read_events(folder.journal) if isinstance(event, ConfirmationEnded)]


def steady(folder: SweepFolder) -> dict[tuple[int, int], tuple[object, ...]]:
    """The part of the confirmations that must be the same however they were run."""
    return {(end.trial, end.index): (end.seed, end.state, dict(end.metrics), end.reason) for end in ends(folder)}


def test_the_best_and_the_baseline_run_with_the_same_fresh_seeds(start: Start) -> None:
    folder = swept(start, WITH_BASELINE)
    assert confirm_sweep(folder, top=2, seeds=3) is Outcome.FINISHED
    seeds = [confirmation_seed(42, index) for index in range(3)]
    best, second = read_result(folder).ranked[:2]
    assert {best.params["x"], second.params["x"]} == {0.25, 0.5}
    for number in (best.number, second.number, 0):
        runs = read_result(folder).trials[number].confirmations
        assert [runs[index].seed for index in range(3)] == seeds
        assert all(run.state is TrialState.COMPLETE and run.duration >= 0 for run in runs.values())
    assert len(ends(folder)) == 9
    assert not set(seeds) & {trial.seed for trial in read_result(folder).trials}


def test_the_objective_of_a_confirmation_is_that_of_its_seed(start: Start) -> None:
    folder = swept(start, GRID)
    confirm_sweep(folder, top=1, seeds=4)
    best = confirmed(read_result(folder), top=1, seeds=4)[0]
    expected = [-(0.05**2) + confirmation_seed(42, index) % 1000 / 1e6 for index in range(4)]
    assert list(best.values) == pytest.approx(expected, abs=1e-12)
    assert best.mean == pytest.approx(statistics.fmean(expected))
    assert best.deviation == pytest.approx(statistics.stdev(expected))
    assert best.search_value == best.trial.metrics["val_acc"]


def test_without_defaults_there_is_no_baseline(start: Start) -> None:
    folder = swept(start, GRID)
    result = read_result(folder)
    assert [trial.number for trial in candidates(result, 3)] == [trial.number for trial in result.ranked[:3]]
    assert not any(each.baseline for each in confirmed(result, top=9, seeds=1))


def test_a_baseline_among_the_best_is_there_once(start: Start) -> None:
    folder = swept(start, GRID.replace("step: 0.25", "step: 0.25, default: 0.25"))
    chosen = confirmed(read_result(folder), top=2, seeds=1)
    assert [(each.trial.number, each.baseline) for each in chosen][0] == (0, True)
    assert [each.baseline for each in chosen] == [True, False]


def test_a_baseline_that_failed_is_confirmed_too_and_the_search_has_no_value_for_it(start: Start) -> None:
    folder = swept(
        start,
        """
experiment: {workload: "toy:moody"}
parameters: {mood: {choices: [fine, print, raise], default: raise}}
""",
    )
    confirm_sweep(folder, top=1, seeds=2)
    found = confirmed(read_result(folder), top=1, seeds=2)
    fine, baseline = found[0], found[1]
    assert (baseline.trial.number, baseline.search_value, baseline.mean, baseline.failed) == (0, None, None, 2)
    assert (fine.values, fine.deviation, fine.failed) == ([1.0, 1.0], 0.0, 0)
    failed = baseline.trial.confirmations[0]
    assert (failed.state, failed.reason) == (TrialState.FAILED, FailureReason.EXCEPTION)
    assert failed.message.startswith("ZeroDivisionError: no luck (toy.py:")


def test_equal_configurations_are_confirmed_once(start: Start) -> None:
    folder = swept(start, GRID)
    result = read_result(folder)
    copy = result.ranked[0]
    for trial in result.ranked[1:3]:
        trial.params = copy.params
    assert [trial.number for trial in candidates(result, 2)] == [copy.number, result.ranked[3].number]


def test_what_is_in_the_journal_is_not_run_again(start: Start) -> None:
    folder = swept(start, GRID)
    confirm_sweep(folder, top=2, seeds=2)
    before = folder.journal.read_bytes()
    assert confirm_sweep(folder, top=2, seeds=2) is Outcome.FINISHED
    assert folder.journal.read_bytes() == before


def test_more_seeds_and_more_configurations_add_to_what_is_there(start: Start) -> None:
    folder, at_once = swept(start, GRID), swept(start, GRID)
    confirm_sweep(folder, top=1, seeds=2)
    first = ends(folder)
    confirm_sweep(folder, top=1, seeds=4)
    confirm_sweep(folder, top=3, seeds=4)
    assert ends(folder)[: len(first)] == first
    assert max(Counter((end.trial, end.index) for end in ends(folder)).values()) == 1
    confirm_sweep(at_once, top=3, seeds=4)
    assert steady(folder) == steady(at_once)


def test_any_number_of_workers_gives_the_same_confirmation(start: Start) -> None:
    folders = [swept(start, GRID) for _ in range(2)]
    for folder, workers in zip(folders, (1, 3), strict=True):
        confirm_sweep(folder, top=2, seeds=3, parallel=workers)
    assert steady(folders[0]) == steady(folders[1])


def test_a_confirmation_changes_nothing_about_the_sweep(start: Start) -> None:
    folder = swept(start, GRID)
    rows, before = steady_rows(folder), read_result(folder)
    seconds = read_history(folder).seconds
    confirm_sweep(folder, top=2, seeds=2)
    after = read_result(folder)
    assert steady_rows(folder) == rows
    assert (after.outcome, after.counts, after.best and after.best.number) == (
        before.outcome,
        before.counts,
        before.best and before.best.number,
    )
    assert read_history(folder).seconds == seconds
    assert run_sweep(folder) is Outcome.FINISHED
    assert steady_rows(folder) == rows


def test_a_sweep_that_went_on_is_confirmed_anew_where_its_best_changed(start: Start) -> None:
    folder = swept(start, GRID + "optimization: {n_trials: 1}")
    confirm_sweep(folder, top=1, seeds=1)
    continue_sweep(folder.sweep_id, results=folder.path.parent, overrides={"optimization.n_trials": 5})
    run_sweep(folder)
    confirm_sweep(folder, top=1, seeds=1)
    assert [(end.trial, end.index) for end in ends(folder)] == [(0, 0), (1, 0)]


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ('experiment: {workload: "toy:nothing", x: 1, seed: 7}', "must be left out .* but got seed=7"),
        ('experiment: {workload: "toy:nothing", x: 1, seed: [1, 2]}', "is searched"),
        ('experiment: {workload: "toy:nothing", x: 1}\nparameters: {seed: [1, 2]}', "is searched"),
    ],
)
def test_a_sweep_that_fixes_the_seed_cannot_be_confirmed(start: Start, sweep: str, message: str) -> None:
    folder = swept(start, sweep)
    with pytest.raises(ConfigError, match=rf"^sweep {folder.sweep_id}: seed: {message}"):
        confirm_sweep(folder, top=1, seeds=1)


def test_a_sweep_without_a_complete_trial_has_nothing_to_confirm(start: Start) -> None:
    folder = swept(start, 'experiment: {workload: "toy:moody", mood: raise}')
    with pytest.raises(SweepError, match=rf"^sweep {folder.sweep_id}: has no complete trial to confirm$"):
        confirm_sweep(folder, top=1, seeds=1)


def test_a_running_sweep_is_not_confirmed(start: Start) -> None:
    folder = swept(start, GRID)
    with Journal(folder.journal), pytest.raises(SweepError, match="is being run by process"):
        confirm_sweep(folder, top=1, seeds=1)


def test_crashes_are_retried_as_those_of_trials_are(start: Start) -> None:
    folder = swept(start, 'experiment: {workload: "toy:moody"}\nparameters: {mood: [crash_once]}')
    confirm_sweep(folder, top=1, seeds=2)
    assert [end.state for end in ends(folder)] == [TrialState.COMPLETE] * 2
    assert len(list(folder.confirmation(0, 0).glob("attempt-*"))) == 2


def test_a_run_that_fails_for_good_is_recorded_and_run_again_only_when_asked(start: Start) -> None:
    text = 'experiment: {workload: "toy:moody"}\nparameters: {mood: [raise_once]}\nexecution: {retries: 1}'
    folder = swept(start, text)
    continue_sweep(folder.sweep_id, results=folder.path.parent, overrides={"execution.retries": 0})
    confirm_sweep(folder, top=1, seeds=1)
    confirm_sweep(folder, top=1, seeds=1)
    assert [(end.state, end.reason) for end in ends(folder)] == [(TrialState.FAILED, FailureReason.EXCEPTION)]
    confirm_sweep(folder, top=1, seeds=1, retry_failed=True)
    assert read_result(folder).trials[0].confirmations[0].state is TrialState.COMPLETE


def test_a_run_that_takes_too_long_is_ended(start: Start) -> None:
    folder = swept(start, 'experiment: {workload: "toy:held", x: 0.5}')
    Path("hold").write_text("0", encoding="utf-8")
    continue_sweep(folder.sweep_id, results=folder.path.parent, overrides={"execution.timeout_per_trial": 0.1})
    confirm_sweep(folder, top=1, seeds=1)
    (end,) = ends(folder)
    assert (end.state, end.reason, end.message) == (TrialState.FAILED, FailureReason.TIMEOUT, "ran longer than 0.1 s")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_the_same_call_goes_on(start: Start, sent: signal.Signals) -> None:
    folder, undisturbed = swept(start, SLOW), swept(start, GRID)
    left: list[int] = []

    def interrupt(_end: ConfirmationEnded, still: int) -> None:
        left.append(still)
        if len(left) == 3:
            os.kill(os.getpid(), sent)

    others = set(psutil.Process().children(recursive=True))
    assert confirm_sweep(folder, top=2, seeds=5, observers=[interrupt]) is Outcome.INTERRUPTED
    assert left[:3] == [9, 8, 7] and len(ends(folder)) < 10
    assert set(psutil.Process().children(recursive=True)) <= others
    assert confirm_sweep(folder, top=2, seeds=5) is Outcome.FINISHED
    confirm_sweep(undisturbed, top=2, seeds=5)
    assert {place: values[:2] for place, values in steady(folder).items()} == {
        place: values[:2] for place, values in steady(undisturbed).items()
    }
    assert len(ends(folder)) == 10


@pytest.mark.slow
@pytest.mark.faults
def test_killed_in_the_middle_it_goes_on_where_it_was(start: Start) -> None:
    folder, undisturbed = swept(start, SLOW), swept(start, SLOW)
    command = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", "confirm", "--sweep-id", folder.sweep_id]
    command += ["--results", str(folder.path.parent), "--top", "2", "--seeds", "6"]
    with subprocess.Popen(command, cwd=Path.cwd(), stdout=subprocess.DEVNULL) as process:
        until(lambda: len(ends(folder)) >= 3)
        members = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
    until(lambda: all(gone(member.pid) for member in members))
    before = ends(folder)
    assert 3 <= len(before) < 12
    confirm_sweep(folder, top=2, seeds=6)
    confirm_sweep(undisturbed, top=2, seeds=6)
    assert ends(folder)[: len(before)] == before
    assert steady(folder) == steady(undisturbed)
    assert len(ends(folder)) == 12


@pytest.mark.parametrize(("direction", "number"), [("maximize", 1), ("minimize", 2)])
def test_the_best_over_fresh_seeds_is_by_the_mean_of_the_runs_that_ended_well(direction: str, number: int) -> None:
    known = {0: [0.5, 0.5], 1: [0.9, 0.2], 2: [0.1, 0.8], 3: []}
    trials = [record(each, {"x": each / 10}, 0.5) for each in (*known, 4)]
    trials[4].state = TrialState.PRUNED
    for each, values in known.items():
        for index, value in enumerate(values):
            trials[each].confirmations[index] = Confirmation(index, TrialState.COMPLETE, {"val_acc": value}, 1.0)
    for place, value in ((0, 99.0), (4, -99.0)):
        trials[place].confirmations[2] = Confirmation(2, TrialState.FAILED, {"val_acc": value}, 1.0)
    trials[4].confirmations[0] = Confirmation(0, TrialState.COMPLETE, {"val_acc": 99.0}, 1.0)
    found = best_confirmed(sweep_of(trials, {"x": [0.0, 0.1, 0.2, 0.3, 0.4]}, direction=direction))
    assert found is not None and (found[0].number, found[1]) == (number, known[number])
    assert best_confirmed(sweep_of([record(0, {"x": 0.5}, 0.5)])) is None


def test_runs_are_open_seed_by_seed_and_failed_ones_when_asked() -> None:
    one, other = record(0, {"x": 0.1}, 0.5), record(1, {"x": 0.2}, 0.5)
    one.confirmations[0] = Confirmation(7, TrialState.COMPLETE, {"val_acc": 0.5}, 1.0)
    other.confirmations[0] = Confirmation(7, TrialState.FAILED, {}, 1.0)
    runs = fresh_runs([one, other], 2, 42)
    assert [(run.trial.number, run.index) for run in runs] == [(0, 1), (1, 1)]
    assert {run.seed for run in runs} == {confirmation_seed(42, 1)}
    again = fresh_runs([one, other], 1, 42, retry_failed=True)
    assert [(run.trial.number, run.index) for run in again] == [(1, 0)]


def test_one_value_has_a_mean_and_no_deviation() -> None:
    known = Confirmed(record(0, {"x": 0.1}, 0.5), False, 0.5, [0.25], 0)
    assert (known.mean, known.deviation) == (0.25, None)
    assert replace(known, values=[0.0, 1.0]).deviation == pytest.approx(math.sqrt(0.5))
    assert (replace(known, values=[]).mean, replace(known, values=[]).deviation) == (None, None)
