"""`sweep check` of a halving: the rungs, what they cost, and what follows from the settings."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

SWEEP = """
sweep_type: {kind}
experiment: {{workload: "toy:rising"}}
parameters: {{x: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: 2}}
optimization: {{strategy: halving, {more}}}
"""


def test_check_prints_the_rungs_and_their_cost(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text(SWEEP.format(kind="random", more="n_trials: 27, halving: {full: 27}"))
    ran = command("sweep", "check", "--config", "sweep.yaml", "--watch", "0")
    assert "rung  steps  bracket 1: trials 0-26  full trainings" in ran.out
    assert [line.split() for line in ran.out.splitlines() if line[:1] in "123"] == [
        ["1", "3", "27", "3.0"],
        ["2", "9", "9", "2.0"],
        ["3", "27", "3", "2.0"],
    ]
    assert "cost: 27 configurations for 7.0 full trainings (189 steps); 3 reach the full length" in ran.out


def test_check_has_the_rungs_as_json(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text(SWEEP.format(kind="bayesian", more="halving: {full: 9, budget: 6}"))
    (checked,) = json.loads(command("sweep", "check", "--config", "sweep.yaml", "--watch", "0", "--json").out)
    halving = checked["halving"]
    assert halving["rungs"] == [3, 9] and halving["full_trainings"] <= 6
    assert sum(bracket["sizes"][0] for bracket in halving["brackets"]) == checked["trials"]


def test_check_learns_the_full_length_from_trial_0(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text(SWEEP.format(kind="random", more="n_trials: 20"))
    ran = command("sweep", "check", "--config", "sweep.yaml", "--watch", "600")
    assert "optimization.halving.full: not given (9 reports, those of trial 0)" in ran.out
    assert ["2", "9", "6", "4.0"] in [line.split() for line in ran.out.splitlines()]
    unwatched = command("sweep", "check", "--config", "sweep.yaml", "--watch", "0")
    assert "not given (unknown); the first complete trial runs alone and gives it" in unwatched.out


def test_check_lists_that_katib_runs_every_trial_to_its_end(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text(SWEEP.format(kind="random", more="n_trials: 20, halving: {full: 9}"))
    ran = command("sweep", "check", "--config", "sweep.yaml", "--watch", "0", "--for", "katib")
    assert "katib: optimization.strategy: Katib pauses no trials" in ran.out
