"""`morphogenetic sweep replay` as a user types it."""

from __future__ import annotations

import json

import pytest

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.cli.conftest import Command
from tests.conftest import StartSweep


@pytest.fixture
def folder(start: StartSweep, monkeypatch: pytest.MonkeyPatch) -> SweepFolder:
    """A finished sweep of twelve trials with three reports each."""
    monkeypatch.setenv("COLUMNS", "200")
    folder = start("""
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {low: 0.0, high: 1.0}, kind: [a, b]}
optimization: {n_trials: 12}
""")
    run_sweep(folder)
    return folder


def test_strategies_stand_beside_the_sweep_as_it_ran_and_chance(folder: SweepFolder, command: Command) -> None:
    asked = ("--sampler", "TPE", "--sampler", "QMC", "--pruner", "MedianPruner", "--seeds", "2")
    ran = command("sweep", "replay", "--sweep-id", folder.sweep_id, "--results", "results", *asked)
    assert ran.status == 0, ran.err
    lines = ran.out.splitlines()
    assert [line.split("  ")[0].strip() for line in lines[1:5]] == [
        "as it ran", "Random", "TPE + MedianPruner", "QMC + MedianPruner"
    ]  # fmt: skip
    assert "among 12 trials of 36 steps" in lines[5]


def test_json_has_the_same_numbers(folder: SweepFolder, command: Command) -> None:
    ran = command("sweep", "replay", "--sweep-id", folder.sweep_id, "--results", "results", "--seeds", "3", "--json")
    as_it_ran, chance, tpe = json.loads(ran.out)
    assert [row["search"] for row in (as_it_ran, chance, tpe)] == ["as it ran", "Random", "TPE"]
    assert (as_it_ran["seeds"], tpe["seeds"]) == (1, 3)
    assert as_it_ran["steps_to_best"] == 3 * as_it_ran["trials_to_best"]
    assert tpe["best_missed"] == 0 and 1 <= tpe["trials_to_best"] <= 12


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ("--sampler", "TPF"),
            "optimization.sampler: must be one of TPE, CmaEs, Random, QMC, GP, NSGAII, auto, but got",
        ),
        (("--pruner", "Median"), "did you mean 'MedianPruner'?"),
        (("--sampler", "CmaEs"), "CmaEs cannot search choices, but kind has them"),
    ],
)
def test_a_strategy_that_is_not_there_or_does_not_fit_is_one_line(
    folder: SweepFolder, command: Command, asked: tuple[str, str], said: str
) -> None:
    ran = command("sweep", "replay", "--sweep-id", folder.sweep_id, "--results", "results", *asked)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err and ran.err.count("\n") == 1
