"""Warm start: the results of an earlier sweep for the sampler of a new one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from morphogenetic_engine.sweeps.search.warm_start import FILE, read_warm_start
from tests.tables import steady_rows

EARLIER = """
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {type: float, low: 0, high: 1}}
execution: {max_parallel: 2}
optimization: {n_trials: 40}
"""
LATER = """
sweep_type: bayesian
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {type: float, low: 0, high: 1}}
execution: {max_parallel: 2}
optimization: {n_trials: 8, seed: 7, warm_start: earlier}
"""


@pytest.fixture
def earlier(write_config: Callable[[str], ConfigFile]) -> SweepFolder:
    folder = start_sweep(write_config(EARLIER), results=Path("results"), sweep_id="earlier")
    run_sweep(folder)
    return folder


def test_a_warm_sampler_begins_where_the_earlier_sweep_was_good(
    earlier: SweepFolder, start: Callable[[str], SweepFolder]
) -> None:
    warm, cold = start(LATER), start(LATER.replace(", warm_start: earlier", ""))
    run_sweep(warm)
    run_sweep(cold)
    assert len(read_warm_start(warm)) == len(read_result(earlier).trials) == 40

    def distance(folder: SweepFolder) -> float:
        return sum(abs(float(trial.params["x"]) - 0.3) for trial in read_result(folder).trials) / 8

    assert distance(warm) < 0.15 < distance(cold)


def test_it_is_kept_with_the_sweep_so_that_the_earlier_one_may_go(
    earlier: SweepFolder, start: Callable[[str], SweepFolder]
) -> None:
    undisturbed, resumed = start(LATER), start(LATER)
    run_sweep(undisturbed)
    shutil.rmtree(earlier.path)
    run_sweep(resumed)
    assert steady_rows(resumed) == steady_rows(undisturbed)


def test_trials_outside_the_new_ranges_are_left_out(earlier: SweepFolder, start: Callable[[str], SweepFolder]) -> None:
    inside = [trial for trial in read_result(earlier).trials if float(trial.params["x"]) >= 0.5]
    folder = start(LATER.replace("low: 0", "low: 0.5"))
    assert len(read_warm_start(folder)) == len(inside) > 0


def test_trials_that_break_a_constraint_are_left_out(earlier: SweepFolder, start: Callable[[str], SweepFolder]) -> None:
    inside = [trial for trial in read_result(earlier).trials if float(trial.params["x"]) >= 0.5]
    folder = start(f"{LATER}constraints: [x >= 0.5]\n")
    assert len(read_warm_start(folder)) == len(inside) > 0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (LATER.replace("x:", "z:"), "sweep earlier searched x, but this sweep searches z"),
        (LATER.replace("low: 0, high: 1", "low: 5, high: 6"), "sweep earlier has no trial inside this sweep's ranges"),
        (LATER.replace("seed: 7", "target_metric: twice"), "sweep earlier had another objective than twice"),
        (LATER.replace("bayesian", "random"), "a random sweep does not learn; use bayesian"),
    ],
)
def test_a_warm_start_that_does_not_fit_is_one_line(
    earlier: SweepFolder, start: Callable[[str], SweepFolder], text: str, line: str
) -> None:
    with pytest.raises(ConfigError, match=f"^sweep.yaml: optimization.warm_start: .*{line}"):
        start(text)
    assert [path.name for path in earlier.path.parent.iterdir()] == ["earlier"]


def test_a_warm_start_from_nowhere(start: Callable[[str], SweepFolder]) -> None:
    with pytest.raises(SweepError, match="has no sweep 'earlier'"):
        start(LATER)


def test_a_damaged_warm_start_is_said(earlier: SweepFolder, start: Callable[[str], SweepFolder]) -> None:
    folder = start(LATER)
    (folder.path / FILE).write_text("{}")
    with pytest.raises(SweepError, match="is damaged"):
        run_sweep(folder)
    (folder.path / FILE).write_text('{"format": 2, "trials": []}')
    with pytest.raises(SweepError, match="is of format 2"):
        run_sweep(folder)
    assert earlier.path.exists()
