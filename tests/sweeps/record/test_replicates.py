"""Replicates: the same seeds for every configuration, their combined results, and none run twice."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialReported, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.replicates import combined_metrics, replicate_seed
from morphogenetic_engine.sweeps.record.trials import Replicate
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig
from tests.tables import steady_rows

Start = Callable[[str], SweepFolder]

LARGEST = 1.7976931348623157e308

SWEEP = """
sweep_type: {kind}
experiment: {{workload: "toy:chancy", replicates: {replicates}}}
parameters: {{x: [0.9, 0.5, 0.1]}}
execution: {{max_parallel: {workers}}}
optimization: {{{optimization}}}
"""


def sweep(replicates: int, *, kind: str = "grid", workers: int = 2, optimization: str = "seed: 1") -> str:
    return SWEEP.format(kind=kind, replicates=replicates, workers=workers, optimization=optimization)


def run(folder: SweepFolder) -> SweepResult:
    run_sweep(folder)
    return read_result(folder)


def combined(values: Sequence[float], **optimization: object) -> float:
    replicates = {
        number: Replicate(number, {"val_acc": value, "loss": value}, 0.1, {}) for number, value in enumerate(values)
    }
    return combined_metrics(replicates, OptimizationConfig.model_validate(optimization))["val_acc"]


def test_the_mean_is_what_replicates_come_to_unless_the_sweep_says_otherwise() -> None:
    assert combined([1.0, 2.0, 6.0]) == 3.0
    assert combined([1.0, 2.0, 6.0], replicate_objective="median") == 2.0


@pytest.mark.parametrize(("direction", "sign"), [("maximize", -1), ("minimize", 1)])
def test_the_confidence_bound_is_the_worse_end_of_the_interval(direction: str, sign: int) -> None:
    bound = combined([1.0, 2.0, 3.0], replicate_objective="confidence_bound", direction=direction)
    assert bound == pytest.approx(2.0 + sign * 4.302652729911275 / math.sqrt(3))  # Student's t, 2 degrees of freedom


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9), st.sampled_from(["maximize", "minimize"]))
def test_a_bound_is_never_better_than_the_mean_and_alike_replicates_have_none(
    values: list[float], direction: str
) -> None:
    mean = combined(values, direction=direction)
    bound = combined(values, replicate_objective="confidence_bound", direction=direction)
    assert bound <= mean if direction == "maximize" else bound >= mean
    alike = [values[0]] * len(values)
    assert combined(alike, replicate_objective="confidence_bound") == combined(alike)


def test_one_replicate_is_its_own_bound() -> None:
    assert combined([2.5], replicate_objective="confidence_bound") == 2.5


def test_other_metrics_are_means_and_one_that_a_replicate_lacks_is_left_out() -> None:
    first = Replicate(0, {"val_acc": 1.0, "loss": 4.0, "extra": 1.0}, 0.1, {})
    replicates = {0: first, 1: Replicate(1, {"val_acc": 2.0, "loss": 1.0}, 0.1, {})}
    replicates[2] = Replicate(2, {"val_acc": 6.0, "loss": 1.0}, 0.1, {})
    optimization = OptimizationConfig.model_validate({"replicate_objective": "median"})
    assert combined_metrics(replicates, optimization) == {"val_acc": 2.0, "loss": 2.0}


@given(st.integers(0, 2**32 - 1))
def test_replicates_have_different_seeds_that_follow_from_the_sweeps(seed: int) -> None:
    seeds = [replicate_seed(seed, number) for number in range(20)]
    assert len(set(seeds)) == 20
    assert seeds == [replicate_seed(seed, number) for number in range(20)]
    assert seeds[0] != replicate_seed(seed + 1, 0)


def test_every_configuration_meets_the_same_seeds_and_each_replicate_is_in_the_results(start: Start) -> None:
    result = run(start(sweep(3)))
    seeds = [[replicate.seed for replicate in trial.replicates.values()] for trial in result.trials]
    assert seeds == [[replicate_seed(1, number) for number in range(3)]] * 3
    for trial in result.trials:
        runs = list(trial.replicates.values())
        assert trial.metrics["val_acc"] == pytest.approx(sum(run.metrics["val_acc"] for run in runs) / 3)
        assert all(run.curve == {0: {"val_acc": trial.params["x"]}} and run.duration > 0 for run in runs)
        assert trial.curve == {number: run.metrics for number, run in trial.replicates.items()}


def test_any_number_of_workers_gives_the_same_replicates(start: Start) -> None:
    tables = []
    for workers in (1, 2):
        folder = start(sweep(2, workers=workers, optimization="seed: 1, replicate_objective: confidence_bound"))
        run(folder)
        tables.append(steady_rows(folder))
    assert tables[0] == tables[1]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_bad_configuration_is_stopped_after_a_few_replicates(start: Start, direction: str) -> None:
    best = 0.9 if direction == "maximize" else 0.1
    optimization = f"n_trials: 7, direction: {direction}, pruner: WilcoxonPruner"
    text = sweep(8, kind="bayesian", workers=1, optimization=optimization)
    result = run(start(text.replace("[0.9, 0.5, 0.1]", f"{{choices: [0.9, 0.5, 0.1], default: {best}}}")))
    later = [trial for trial in result.trials if trial.params["x"] != best]
    assert later
    for trial in later:
        assert trial.state is TrialState.PRUNED and len(trial.replicates) == 4  # 4 losses in a row: p = 1/16
        mean = sum(run.metrics["val_acc"] for run in trial.replicates.values()) / 4
        assert trial.metrics["val_acc"] == pytest.approx(mean)
    assert all(len(trial.replicates) == 8 for trial in result.trials if trial.state is TrialState.COMPLETE)


def test_after_an_interruption_only_the_missing_replicates_run(start: Start) -> None:
    folder = start(sweep(3, workers=1))

    def interrupt(event: Event) -> None:
        if isinstance(event, TrialReported) and (event.trial, event.replicate) == (1, 2):
            os.kill(os.getpid(), signal.SIGTERM)

    assert run_sweep(folder, observers=[interrupt]) is Outcome.INTERRUPTED
    assert sorted(read_result(folder).trials[1].replicates) in ([0, 1], [0, 1, 2])
    resumed = run(folder)
    runs = [len((folder.trial(1) / f"replicate_{number}" / "ran").read_text().split()) for number in range(3)]
    assert runs[:2] == [1, 1] and runs[2] in (1, 2)
    calm = run(start(sweep(3, workers=1)))
    assert [trial.metrics for trial in resumed.trials] == [trial.metrics for trial in calm.trials]


def test_a_replicate_that_fails_fails_its_trial(start: Start) -> None:
    folder = start("""
experiment: {workload: "toy:moody", replicates: 2}
parameters: {mood: [fine, raise]}
""")
    fine, failed = run(folder).trials
    assert (fine.state, len(fine.replicates)) == (TrialState.COMPLETE, 2)
    assert (failed.state, failed.replicates) == (TrialState.FAILED, {})


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        ("replicates: 2, seed: 3", "replicates give each run a seed of its own; leave seed out"),
        ("replicates: 0", "experiment.replicates: must be >= 1, but got 0"),
    ],
)
def test_replicates_that_cannot_be_are_one_line(start: Start, experiment: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        start(f'experiment: {{workload: "toy:chancy", {experiment}}}\nparameters: {{x: [1, 2]}}')
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("rule", "values", "wanted"),
    [
        ("mean", [LARGEST, LARGEST], LARGEST),
        ("median", [LARGEST, LARGEST], LARGEST),
        ("median", [LARGEST, -LARGEST, 3.0], 3.0),
        ("median", [0.1, 0.7, 0.2, 0.5], 0.35),
        ("confidence_bound", [LARGEST, LARGEST], LARGEST),
        ("confidence_bound", [LARGEST, -LARGEST], -LARGEST),
    ],
    ids=str,
)
def test_what_replicates_come_to_is_finite_as_they_are(rule: str, values: Sequence[float], wanted: float) -> None:
    assert combined(values, replicate_objective=rule) == wanted
