"""Sweep folders of format 1: listed, shown, summarised, exported, compared, replayed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.frozen.conftest import FROZEN, SWEEPS, Command

NO_VALUES = {"number", "state", "reason", "seed", "message", "attempts", "started", "duration"}
IDS = sorted(path.name for path in (FROZEN / SWEEPS).iterdir())

pytestmark = pytest.mark.usefixtures("project")


def recorded(table: Path) -> list[dict[str, str]]:
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number_of(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def test_each_is_listed_with_its_state(command: Command) -> None:
    listed = {each["sweep_id"]: each["state"] for each in json.loads(command("sweep", "list", "--json").out)}
    assert sorted(listed) == IDS
    killed = {sweep_id for sweep_id, state in listed.items() if state == "killed"}
    assert killed == {"interrupted", "auto_interrupted", "engine_interrupted"}
    assert all(state == "finished" for sweep_id, state in listed.items() if sweep_id not in killed)


@pytest.mark.parametrize("sweep_id", IDS)
def test_its_trials_are_those_that_were_written(command: Command, sweep_id: str) -> None:
    ran = command("sweep", "show", "--sweep-id", sweep_id, "--json")
    assert (ran.status, ran.err) == (0, "")
    shown = {trial["number"]: trial for trial in json.loads(ran.out)["trials"]}
    rows = recorded(FROZEN / SWEEPS / sweep_id / "trials.csv")
    assert rows
    for row in rows:
        trial = shown[int(row["number"])]
        assert (str(trial["seed"]), trial["message"]) == (row["seed"], row["message"])
        assert row["state"] in {trial["state"], "running"}
        told = {**trial["params"], **trial["metrics"]}
        written = {name: number_of(cell) for name, cell in row.items() if cell and name not in NO_VALUES}
        assert written and written == {name: told[name] for name in written}


def test_curves_replicates_and_fresh_seeds_are_read(command: Command) -> None:
    shown = json.loads(command("sweep", "show", "--sweep-id", "grid_replicates", "--json").out)
    best = shown["trials"][shown["best_trial"]]
    assert (best["number"], best["metrics"]) == (3, {"val_acc": 0.54, "luck": 4.0})
    assert len(best["replicates"]) == 3 and len(best["curve"]) == 3
    assert [each["metrics"]["val_acc"] for each in best["confirmations"].values()][:3] == [0.51, 0.51, 0.51]


@pytest.mark.parametrize("sweep_id", IDS)
def test_it_is_summarised_and_its_report_is_written(command: Command, sweep_id: str) -> None:
    summary = command("report", "summary", "--sweep-id", sweep_id)
    assert (summary.status, summary.err) == (0, "")
    formats = [f"--format={name}" for name in ("html", "csv", "metrics", "ipynb")]
    written = command("report", "export", "--sweep-id", sweep_id, "--to", f"exports/{sweep_id}", *formats)
    assert (written.status, written.err) == (0, "")
    page = Path(f"exports/{sweep_id}/report.html").read_text(encoding="utf-8")
    assert f"{sweep_id}</" in page


def test_the_exported_table_has_the_values_of_the_recorded_one(command: Command) -> None:
    command("report", "export", "--sweep-id", "tpe_pruned", "--to", "exports", "--format=csv")
    before, now = recorded(SWEEPS / "tpe_pruned/trials.csv"), recorded(Path("exports/trials.csv"))
    shared = ("state", "reason", "seed", "x", "y", "val_acc", "step", "message")
    assert [row["trial"] for row in now] == [row["number"] for row in before]
    assert [[row[name] for name in shared] for row in now] == [[row[name] for name in shared] for row in before]


def test_sweeps_are_compared(command: Command) -> None:
    ran = command("report", "compare", "tpe_pruned", "warm_started", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert "tpe_pruned" in ran.out and "warm_started" in ran.out


def test_recorded_trials_are_replayed(command: Command) -> None:
    ran = command(*"sweep replay --sweep-id tpe_pruned --seeds 2 --json".split())
    assert (ran.status, ran.err) == (0, "")
    as_it_ran = json.loads(ran.out)[0]
    assert (as_it_ran["trials_to_best"], as_it_ran["steps_to_best"]) == (23, 124)


def test_a_baseline_is_a_reference(command: Command) -> None:
    ran = command(*"sweep regress --sweep-id grid_replicates --baseline baseline.json".split())
    assert (ran.status, ran.err) == (0, "")
    assert "val_acc" in ran.out


def test_a_mirrored_sweep_has_nothing_to_send(command: Command) -> None:
    ran = command(*"sweep publish --sweep-id tpe_pruned".split())
    assert ran.status == 0 and "0 trials sent to the study tpe_pruned" in ran.out
