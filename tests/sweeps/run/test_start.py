"""Continuing a sweep by its id: the same search continues, another one replaces it, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.record.folder import SweepFolder, all_sweeps
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_or_continue
from tests.cli.conftest import Command, command
from tests.conftest import WriteConfig

__all__ = ["command"]

SWEEP = "experiment: {{workload: 'toy:quadratic', {0}}}\nparameters: {{x: [{1}]}}\nexecution: {{max_parallel: 1}}\n"
RESULTS = Path("results")


def _run(write_config: WriteConfig, given: str, values: str) -> SweepFolder:
    folder = start_or_continue(write_config(SWEEP.format(given, values)), results=RESULTS, sweep_id="mine")
    run_sweep(folder)
    return folder


def test_the_same_search_goes_on_and_runs_nothing_twice(write_config: WriteConfig) -> None:
    _run(write_config, "", "1, 2")
    folder = _run(write_config, "", "1, 2")
    assert [each.path.name for each in all_sweeps(RESULTS)] == ["mine"]
    assert [(trial.number, trial.attempt) for trial in read_result(folder).trials] == [(0, 0), (1, 0)]


def test_another_search_takes_its_place_and_the_old_one_stays_whole(write_config: WriteConfig) -> None:
    _run(write_config, "", "1, 2")
    _run(write_config, "", "3, 4")
    new, old = all_sweeps(RESULTS)
    assert new.sweep_id == "mine" and old.sweep_id.startswith("mine-20")
    assert [trial.params["x"] for trial in read_result(old).trials] == [1, 2]
    assert [trial.params["x"] for trial in read_result(new).trials] == [3, 4]
    assert read_result(old).info.sweep_id == old.sweep_id


def test_changed_inputs_make_it_another_sweep(workplace: Path, write_config: WriteConfig) -> None:
    for content in ("a", "b", "b"):
        (workplace / "numbers.txt").write_text(content, encoding="ascii")
        _run(write_config, "inputs: {data: numbers.txt}", "1, 2")
    assert len(all_sweeps(RESULTS)) == 2


def test_a_sweep_that_runs_stays_where_it_is(write_config: WriteConfig) -> None:
    folder = _run(write_config, "", "1, 2")
    with Journal(folder.journal):
        with pytest.raises(SweepError, match="is being run by another process"):
            start_or_continue(write_config(SWEEP.format("", "3, 4")), results=RESULTS, sweep_id="mine")
    assert [each.path.name for each in all_sweeps(RESULTS)] == ["mine"]


def test_the_command_line_needs_an_id_to_go_on_with(write_config: WriteConfig, command: Command) -> None:
    write_config(SWEEP.format("", "1, 2"))
    ran = command("sweep", "run", "--config", "sweep.yaml", "--continue")
    assert ran.status == 2 and "--continue: needs --sweep-id" in ran.err
    for _ in range(2):
        options = ["--results", "results", "--sweep-id", "mine", "--continue"]
        assert command("sweep", "run", "--config", "sweep.yaml", *options).status == 0


def test_an_id_that_leads_elsewhere_is_refused_before_anything_is_moved(write_config: WriteConfig) -> None:
    _run(write_config, "", "1, 2")
    file = write_config(SWEEP.format("", "3, 4"))
    with pytest.raises(SweepError, match="sweep id: must be letters"):
        start_or_continue(file, results=RESULTS / "here", sweep_id="../mine")
    assert [each.path.name for each in all_sweeps(RESULTS)] == ["mine"]


@pytest.mark.parametrize(
    ("pruner", "workers", "lookahead"), [("none", 3, 3), ("MedianPruner", 3, 6), ("MedianPruner", 1, 1)]
)
def test_a_sweep_with_a_pruner_looks_twice_as_far_ahead_by_default(
    start: Callable[[str], SweepFolder], pruner: str, workers: int, lookahead: int
) -> None:
    folder = start(f"""
sweep_type: random
experiment: {{workload: "toy:quadratic"}}
parameters: {{x: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: {workers}}}
optimization: {{n_trials: 4, pruner: {pruner}}}
""")
    assert folder.read_info().config.optimization.lookahead == lookahead


HALVING = """
sweep_type: bayesian
experiment: {workload: 'toy:rising'}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 60, strategy: halving, halving: {full: 9}}
"""


def test_a_halving_keeps_the_number_of_brackets_that_it_was_started_with(write_config: WriteConfig) -> None:
    file = write_config(HALVING)
    folder = start_or_continue(file, results=RESULTS, sweep_id="mine")
    info = folder.read_info()
    optimization = info.config.optimization
    assert optimization.halving.brackets == 5
    other = optimization.model_copy(update={"halving": optimization.halving.model_copy(update={"brackets": 4})})
    folder.write_info(info.with_config(info.config.model_copy(update={"optimization": other}), info.trials))
    start_or_continue(file, results=RESULTS, sweep_id="mine")
    assert folder.read_info().config.optimization.halving.brackets == 4
    assert [each.sweep_id for each in all_sweeps(RESULTS)] == ["mine"]


def test_a_record_without_a_number_of_brackets_has_that_of_its_version(write_config: WriteConfig) -> None:
    folder = start_or_continue(write_config(HALVING), results=RESULTS, sweep_id="mine")
    info = folder.read_info()
    halving = info.config.optimization.halving.model_copy(update={"brackets": "auto"})
    optimization = info.config.optimization.model_copy(update={"halving": halving, "n_trials": 18})
    folder.write_info(info.with_config(info.config.model_copy(update={"optimization": optimization}), 18))
    earlier = folder.read_info()
    assert earlier.config.optimization.halving.brackets == 2
    assert earlier.config.identity == earlier.identity != earlier.earlier_identities[-1]
    folder.write_info(earlier)
    assert folder.read_info() == earlier
