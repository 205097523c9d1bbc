"""A pruner works with every sweep type, and gives the same trials at any number of workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialReported, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.schema.search_names import STRATEGIES
from morphogenetic_engine.sweeps.search import fitting
from morphogenetic_engine.sweeps.search.registry import strategy_of
from tests.tables import steady_rows

Start = Callable[[str], SweepFolder]
TRIALS = {"grid": "rounds: 3", "progressive": "rounds: 3"}


def sweep(sweep_type: str, *, workers: int = 4, more: str = "") -> str:
    return f"""
sweep_type: {sweep_type}
experiment: {{workload: "toy:uneven"}}
parameters: {{x: {{low: 0.0, high: 1.0}}, y: {{low: 0.0, high: 1.0, points: 4}}}}
execution: {{max_parallel: {workers}}}
optimization: {{{TRIALS.get(sweep_type, "n_trials: 18")}, lookahead: 4, pruner: MedianPruner,
  pruner_options: {{n_startup_trials: 3}}{more}}}
"""


def table(folder: SweepFolder) -> list[dict[str, str]]:
    assert run_sweep(folder) is Outcome.FINISHED
    return steady_rows(folder)


@pytest.mark.slow
@pytest.mark.parametrize("sweep_type", STRATEGIES.built_in)
def test_a_pruner_stops_trials_of_every_sweep_type_the_same_at_any_number_of_workers(
    start: Start, sweep_type: str
) -> None:
    one, four = (table(start(sweep(sweep_type, workers=workers))) for workers in (1, 4))
    assert one == four
    assert {row["state"] for row in one} == {"complete", "pruned"}


@pytest.mark.slow
def test_an_interrupted_pruned_grid_goes_on_to_the_same_table(start: Start) -> None:
    whole, folder = table(start(sweep("grid"))), start(sweep("grid"))
    stops = {(5, 1), (11, 0)}

    def interrupt(event: Event) -> None:
        if isinstance(event, TrialReported) and (event.trial, event.step) in stops:
            stops.remove((event.trial, event.step))
            os.kill(os.getpid(), signal.SIGINT)

    outcomes = [run_sweep(folder, observers=[interrupt]) for _ in range(3)]
    assert outcomes[0] is Outcome.INTERRUPTED and outcomes[-1] is Outcome.FINISHED
    assert steady_rows(folder) == whole


@pytest.mark.slow
def test_auto_prunes_its_first_points_too(start: Start) -> None:
    rows = table(start(sweep("bayesian", more=", sampler: auto")))
    assert "pruned" in {row["state"] for row in rows[:10]}


def test_designs_wait_only_where_a_pruner_decides() -> None:
    pruned = {"n_trials": 9, "lookahead": 3, "pruner": "MedianPruner"}
    for sweep_type, optimization, needs in (
        ("random", {"n_trials": 9, "lookahead": 3}, [0] * 6),
        ("random", {**pruned, "pruner": "none"}, [0] * 6),
        ("random", pruned, [0, 0, 0, 1, 2, 3]),
        ("random", {**pruned, "reproducible": False}, [0] * 6),
        ("progressive", {"lookahead": 3, "pruner": "MedianPruner"}, [0, 0, 0, 3, 3, 3]),
    ):
        strategy = strategy_of(
            parse_config(
                {
                    "sweep_type": sweep_type,
                    "experiment": {"workload": "toy:quadratic"},
                    "parameters": {"x": {"low": 0.0, "high": 1.0}},
                    "optimization": optimization,
                },
                where="sweep.yaml",
            )
        )
        assert [strategy.needs(number) for number in range(6)] == needs
        assert strategy.needs_reports == ("pruner" in optimization and optimization["pruner"] != "none")


def test_a_pruner_without_its_library_is_one_line(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="^sweep.yaml: optimization.pruner: MedianPruner needs optuna: pip install "):
        start(sweep("grid"))


@pytest.mark.slow
def test_a_pruned_design_that_need_not_be_reproducible_runs_to_its_end(start: Start) -> None:
    folder = start(sweep("random", more=", reproducible: false"))
    assert run_sweep(folder) is Outcome.FINISHED
    assert read_result(folder).counts.total() == 18
    assert read_result(folder).counts[TrialState.FAILED] == 0
