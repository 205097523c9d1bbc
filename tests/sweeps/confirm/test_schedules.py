"""The schedule that a population found is trained from the start, on fresh seeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from morphogenetic_engine.cli.views.confirmation_table import confirmation_json
from morphogenetic_engine.sweeps.confirm.confirmation import candidates, confirmation_seed, confirmed
from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.trials import TrialRecord, line_of
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.toy import scheduled_value

SWEEP = """
sweep_type: random
experiment: {{workload: "toy:scheduled"{fixed}}}
parameters: {{lr: {{type: float, low: 0.01, high: 1.0, log: true{default}}}}}
execution: {{max_parallel: 2}}
optimization:
  strategy: pbt
  n_trials: 16
  pbt: {{change: [lr], population: 4, {length}}}
"""
Start = Callable[[str], SweepFolder]


def swept(start: Start, *, fixed: str = "", default: str = "", length: str = "full: 8") -> SweepFolder:
    folder = start(SWEEP.format(fixed=fixed, default=default, length=length))
    run_sweep(folder)
    return folder


def rates_of(result: SweepResult, trial: TrialRecord) -> list[float]:
    """Returns the rates of a trial's line of descent, two steps of each."""
    line = line_of(trial, {each.number: each for each in result.trials})
    return [float(each.params["lr"]) for each in line for _ in range(2)]


@pytest.mark.parametrize("length", ["full: 8", "generation: 2"])
def test_the_best_line_of_descent_is_trained_from_the_start_with_its_schedule(start: Start, length: str) -> None:
    folder = swept(start, length=length)
    assert confirm_sweep(folder, top=1, seeds=3) is Outcome.FINISHED
    result = read_result(folder)
    best = result.best
    assert best is not None and len(set(rates_of(result, best))) > 1
    runs = best.confirmations
    expected = [scheduled_value(rates_of(result, best), confirmation_seed(42, index)) for index in range(3)]
    assert [runs[index].metrics["val_acc"] for index in range(3)] == expected
    summary = confirmed(result, top=1, seeds=3)[0]
    assert list(summary.line) == [each.number for each in line_of(best, {each.number: each for each in result.trials})]
    assert summary.search_value == best.metrics["val_acc"]
    assert "line" in str(confirmation_json(result, [summary]))


def test_a_crash_begins_the_schedule_anew_and_changes_no_result(start: Start) -> None:
    folder, undisturbed = swept(start, fixed=", crash_at: 5"), swept(start, fixed=", crash_at: 99")
    for each in (folder, undisturbed):
        assert confirm_sweep(each, top=2, seeds=2) is Outcome.FINISHED
    assert list((folder.path / "confirmations").rglob("crashed-*"))
    found, expected = (
        [{index: run.metrics for index, run in trial.confirmations.items()} for trial in read_result(each).trials]
        for each in (folder, undisturbed)
    )
    assert found == expected


def test_a_schedule_that_was_cut_short_begins_anew(start: Start) -> None:
    folder = swept(start)
    best = read_result(folder).best
    assert best is not None
    place = folder.confirmation(best.number, 0)
    place.mkdir(parents=True)
    (place / "rates").write_text("0.5 0.5 0.5", encoding="utf-8")
    confirm_sweep(folder, top=1, seeds=1)
    result = read_result(folder)
    value = result.trials[best.number].confirmations[0].metrics["val_acc"]
    assert value == scheduled_value(rates_of(result, best), confirmation_seed(42, 0))


def test_the_baseline_has_its_rate_over_the_whole_length(start: Start) -> None:
    folder = swept(start, default=", default: 0.02", length="generation: 2")
    confirm_sweep(folder, top=1, seeds=1)
    result = read_result(folder)
    run = result.trials[0].confirmations[0]
    assert run.metrics["val_acc"] == scheduled_value([0.02] * 8, confirmation_seed(42, 0))
    baseline = confirmed(result, top=1, seeds=1)[-1]
    assert baseline.baseline and baseline.search_value is None and not baseline.line


def test_one_trial_stands_for_its_line_of_descent(start: Start) -> None:
    result = read_result(swept(start))
    trials = {each.number: each for each in result.trials}
    chosen = candidates(result, 16)
    lines = [{each.number for each in line_of(trial, trials)} for trial in chosen]
    assert len(chosen) > 1 and chosen[0] is result.best
    for one in chosen:
        assert sum(one.number in line for line in lines) == 1
