"""Bayesian sweeps with real worker processes: the same table at any number of workers, pruned trials included."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialReported, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import continue_sweep
from tests.tables import steady_rows

Start = Callable[[str], SweepFolder]

XY = "x: {low: 0.0, high: 1.0}, y: {low: 0.0, high: 1.0, step: 0.1}"
CASES = {
    "Random": ("n_trials: 16, sampler: Random, pruner: SuccessiveHalvingPruner", XY),
    "QMC": ("n_trials: 16, sampler: QMC, pruner: PercentilePruner, pruner_options: {percentile: 50}", XY),
    "TPE": (
        "n_trials: 24, sampler: TPE, sampler_options: {n_startup_trials: 5}, pruner: MedianPruner",
        XY + ", kind: [a, b], z: {low: 1, high: 9, when: {kind: a}}",
    ),
    "CmaEs": ("n_trials: 20, sampler: CmaEs, sampler_options: {popsize: 4}, pruner: HyperbandPruner", XY),
    "GP": ("n_trials: 9, sampler: GP, sampler_options: {n_startup_trials: 4}", XY),
}


def sweep(case: str, *, workers: int = 4, workload: str = "uneven", seed: int = 42) -> str:
    optimization, parameters = CASES[case]
    return f"""
sweep_type: bayesian
experiment: {{workload: "toy:{workload}"}}
parameters: {{{parameters}}}
execution: {{max_parallel: {workers}}}
optimization: {{{optimization}, lookahead: 4, seed: {seed}}}
"""


def table(folder: SweepFolder) -> list[dict[str, str]]:
    run_sweep(folder)
    return steady_rows(folder)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_any_number_of_workers_up_to_lookahead_gives_the_same_trials(start: Start, case: str) -> None:
    one, two, four = (table(start(sweep(case, workers=workers))) for workers in (1, 2, 4))
    assert one == two == four
    states = {row["state"] for row in one}
    assert states == ({"complete"} if case == "GP" else {"complete", "pruned"})


def test_another_seed_gives_other_trials(start: Start) -> None:
    ones, others = (table(start(sweep("TPE", seed=seed))) for seed in (1, 2))
    assert all(one["x"] != other["x"] for one, other in zip(ones, others, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("case", ["TPE", "CmaEs"])
def test_an_interrupted_sweep_goes_on_to_the_same_table(start: Start, case: str) -> None:
    folder = start(sweep(case))
    stops = {(5, 1), (11, 0), (16, 2)}

    def interrupt(event: Event) -> None:
        if isinstance(event, TrialReported) and (event.trial, event.step) in stops:
            stops.remove((event.trial, event.step))
            os.kill(os.getpid(), signal.SIGINT)

    outcomes = [run_sweep(folder, observers=[interrupt]) for _ in range(4)]
    assert outcomes[0] is Outcome.INTERRUPTED and outcomes[-1] is Outcome.FINISHED
    assert steady_rows(folder) == table(start(sweep(case)))


def test_more_trials_are_those_that_a_longer_sweep_would_have_had(start: Start) -> None:
    text = sweep("CmaEs")
    assert table(start(text.replace("n_trials: 20", "n_trials: 12"))) == table(start(text))[:12]


def test_the_metrics_of_a_pruned_trial_are_its_last_report(start: Start) -> None:
    folder = start(sweep("TPE", workers=2))
    run_sweep(folder)
    pruned = [trial for trial in read_result(folder).trials if trial.state is TrialState.PRUNED]
    assert pruned
    for trial in pruned:
        last = max(trial.curve)
        assert trial.metrics == trial.curve[last] and trial.metrics["step"] == last < 7
        assert trial.message == f"pruned at step {last}"


def test_pruning_saves_steps_and_spares_the_best(start: Start) -> None:
    pruned, whole = start(sweep("TPE")), start(sweep("TPE").replace("pruner: MedianPruner", "pruner: none"))
    steps = []
    for folder in (pruned, whole):
        run_sweep(folder)
        steps.append(sum(len(trial.curve) for trial in read_result(folder).trials))
    assert steps[0] < steps[1] == 24 * 8
    best = read_result(pruned).best
    assert best is not None and best.metrics["val_acc"] > -0.1


def test_a_pruner_over_a_workload_that_reports_nothing_is_one_line(start: Start) -> None:
    folder = start(sweep("TPE", workers=1, workload="nothing"))
    with pytest.raises(ConfigError) as error:
        run_sweep(folder)
    assert str(error.value) == (
        "sweep.yaml: optimization.pruner: MedianPruner needs reports, but the first 3 trials made none; use none"
    )
    assert read_result(folder).outcome is Outcome.ABORTED


def test_failed_and_crashed_trials_leave_the_search_going(start: Start) -> None:
    folder = start("""
sweep_type: bayesian
experiment: {workload: "toy:moody"}
parameters: {mood: [fine, raise, crash, nan, prune], x: {low: 0.0, high: 1.0}}
execution: {max_parallel: 3, retries: 0}
optimization: {n_trials: 18, lookahead: 3, seed: 3, sampler_options: {n_startup_trials: 8}}
""")
    run_sweep(folder)
    counts = read_result(folder).counts
    assert counts.total() == 18
    assert all(counts[state] for state in (TrialState.COMPLETE, TrialState.FAILED, TrialState.PRUNED))


def test_a_sampler_that_does_not_fit_is_one_line_before_there_is_a_folder(start: Start, workplace: Path) -> None:
    with pytest.raises(ConfigError) as error:
        start(sweep("CmaEs").replace("y: {", "kind: [a, b], y: {"))
    assert str(error.value) == (
        "sweep.yaml: optimization.sampler: CmaEs cannot search choices, but kind has them; use TPE, or make it a range"
    )
    assert not (workplace / "results").exists()


def test_failed_trials_that_run_again_go_with_the_search(start: Start) -> None:
    text = """
sweep_type: bayesian
experiment: {workload: "toy:moody"}
parameters: {mood: [fine, raise_once], x: {low: 0.0, high: 1.0}}
execution: {max_parallel: 2, retries: 0}
optimization: {n_trials: 8, lookahead: 2, sampler: NSGAII, sampler_options: {population_size: 3}}
"""
    folder = start(text)
    run_sweep(folder)
    assert read_result(folder).counts[TrialState.FAILED]
    continue_sweep(folder.sweep_id, results=folder.path.parent, overrides={"optimization.n_trials": 14})
    run_sweep(folder, retry_failed=True)
    numbers = [
        trial.number for trial in read_result(folder).trials if trial.number < 8 and trial.state is TrialState.FAILED
    ]
    assert not numbers
    assert len(read_result(folder).trials) == 14


FREE = """
sweep_type: bayesian
experiment: {workload: "toy:patient"}
parameters: {x: {low: 0.0, high: 1.0}}
execution: {max_parallel: 2}
optimization: {n_trials: 8, lookahead: 2, pruner: MedianPruner, reproducible: false}
"""


def test_a_sweep_that_need_not_be_reproducible_waits_for_no_trial(start: Start, workplace: Path) -> None:
    (workplace / "begun").mkdir()
    folder = start(FREE)
    assert run_sweep(folder) is Outcome.FINISHED
    trials = read_result(folder).trials
    assert [trial.state for trial in trials].count(TrialState.FAILED) == 0 and len(trials) == 8
    assert trials[0].started + trials[0].duration > trials[6].started


def test_only_a_search_that_learns_can_do_without_being_reproducible(start: Start) -> None:
    with pytest.raises(ConfigError) as error:
        start(FREE.replace("bayesian", "random").replace(", pruner: MedianPruner", ""))
    assert (
        str(error.value)
        == "sweep.yaml: optimization.reproducible: a random sweep without a pruner always is; leave it out"
    )
