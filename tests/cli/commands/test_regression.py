"""`sweep baseline`, `regress` and `trend` on real, confirmed sweeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morphogenetic_engine.cli.commands.regression import NO_VERDICT, REGRESSION
from morphogenetic_engine.reports.regression.reference import read_reference
from morphogenetic_engine.sweeps.record.machine import this_machine
from tests.cli.conftest import Command

SWEEP = """
experiment: {workload: "toy:chancy"}
parameters: {x: {type: float, low: 0, high: 1, points: 16}}
execution: {max_parallel: 2}
"""


@pytest.fixture
def confirmed(workplace: Path, command: Command) -> Path:
    """The sweep `one`, its configurations confirmed with eight seeds; gives the working directory."""
    (workplace / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    assert command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "one").status == 0
    assert command("sweep", "confirm", "--sweep-id", "one", "--seeds", "8", "--top", "1").status == 0
    assert command("sweep", "baseline", "--sweep-id", "one", "base.json").status == 0
    return workplace


def test_a_reference_holds_machine_versions_seeds_and_values(confirmed: Path) -> None:
    reference = read_reference(confirmed / "base.json")
    assert reference.origin.machine == this_machine()
    assert "numpy" in reference.origin.versions
    assert len(reference.measurements.seeds) == 8
    assert {each.metric: len(each.values) for each in reference.measurements.metrics} == {
        "val_acc": 8,
        "training_seconds": 8,
        "trials_per_hour": 8,
    }


def test_a_reference_is_not_overwritten_unasked(confirmed: Path, command: Command) -> None:
    before = (confirmed / "base.json").read_bytes()
    refused = command("sweep", "baseline", "--sweep-id", "one", "base.json")
    assert (refused.status, refused.err) == (2, "morphogenetic: base.json: already exists; --update replaces it\n")
    assert (confirmed / "base.json").read_bytes() == before
    assert command("sweep", "baseline", "--sweep-id", "one", "base.json", "--update").status == 0


def test_a_sweep_is_no_regression_against_itself(confirmed: Path, command: Command) -> None:
    assert confirmed.exists()
    ran = command("sweep", "regress", "--sweep-id", "one", "--baseline", "base.json")
    assert ran.status == 0
    assert "sweep one: no regression against sweep one" in ran.out


def test_a_regression_is_an_exit_status_and_two_files(confirmed: Path, command: Command) -> None:
    reference = json.loads((confirmed / "base.json").read_text())
    for metric in reference["measurements"]["metrics"]:
        if metric["metric"] == "val_acc":
            metric["values"] = [value + 0.2 for value in metric["values"]]
    (confirmed / "better.json").write_text(json.dumps(reference), encoding="utf-8")
    given = ["--baseline", "better.json", "--json", "out/verdict.json", "--markdown", "out/verdict.md"]
    ran = command("sweep", "regress", "--sweep-id", "one", *given)
    assert ran.status == REGRESSION
    assert "sweep one: regression: val_acc is worse by 0.2" in ran.out
    assert json.loads((confirmed / "out/verdict.json").read_text())["metrics"][0]["change"] == "regression"
    assert "❌ regression" in (confirmed / "out/verdict.md").read_text()
    assert command("sweep", "regress", "--sweep-id", "one", *given, "--tolerance", "val_acc=0.5").status == 0
    trend = command("sweep", "trend", "out/verdict.json", "results/sweeps/one")
    assert (trend.status, "val_acc" in trend.out) == (0, True)


def test_too_few_seeds_are_no_verdict(workplace: Path, command: Command) -> None:
    (workplace / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "one")
    unconfirmed = command("sweep", "baseline", "--sweep-id", "one", "base.json")
    assert unconfirmed.status == 2
    assert "run `morphogenetic sweep confirm --sweep-id one --seeds 8`" in unconfirmed.err
    command("sweep", "confirm", "--sweep-id", "one", "--seeds", "2", "--top", "1")
    command("sweep", "baseline", "--sweep-id", "one", "base.json")
    ran = command("sweep", "regress", "--sweep-id", "one", "--baseline", "base.json")
    assert ran.status == NO_VERDICT
    assert "no verdict: val_acc: not enough seeds: 2 and 2 values cannot be told apart" in ran.out


def test_a_reference_of_another_search_is_an_error(confirmed: Path, command: Command) -> None:
    (confirmed / "other.yaml").write_text(SWEEP.replace("16", "15"), encoding="utf-8")
    command("sweep", "run", "--config", "other.yaml", "--sweep-id", "two")
    ran = command("sweep", "regress", "--sweep-id", "two", "--baseline", "base.json")
    assert ran.status == 2
    assert "sweep two: has a different search configuration than the reference, sweep one" in ran.err


@pytest.mark.parametrize("tolerance", ["val_acc", "val_acc=much", "=1"])
def test_a_tolerance_must_be_a_metric_and_a_number(confirmed: Path, command: Command, tolerance: str) -> None:
    assert confirmed.exists()
    ran = command("sweep", "regress", "--sweep-id", "one", "--baseline", "base.json", "--tolerance", tolerance)
    assert ran.status == 2
    assert ran.err.startswith("morphogenetic: --tolerance")
