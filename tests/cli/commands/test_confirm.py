"""`morphogenetic sweep confirm` as a user types it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.cli.conftest import Command

SWEEP = """
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {choices: [0.2, 0.7, 0.3], default: 0.7}}
execution: {max_parallel: 2}
"""


@pytest.fixture(autouse=True)
def folder(workplace: Path, command: Command) -> SweepFolder:
    (workplace / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    assert command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "s").status == 0
    return SweepFolder(Path("results/sweeps/s"))


def test_it_shows_each_run_and_a_table_beside_what_the_search_reported(command: Command) -> None:
    ran = command(*"sweep confirm --sweep-id s --top 1 --seeds 3".split())
    assert (ran.status, ran.err) == (0, "")
    assert "[0 left] trial" in ran.out
    header = next(line for line in ran.out.splitlines() if line.startswith("trial "))
    assert header.split() == "trial mean deviation min max seeds failed in the search parameters".split()
    assert any(line.split()[1] == "baseline" and line.endswith("x=0.7") for line in _rows(ran.out))
    assert "val_acc of trial 2: the search reported " in ran.out
    assert ", the mean over 3 fresh seeds is " in ran.out


def test_json_has_the_numbers_of_every_seed_and_nothing_else_is_printed(command: Command) -> None:
    ran = command(*"sweep confirm --sweep-id s --top 2 --seeds 2 --json".split())
    told = json.loads(ran.out)
    assert (told["sweep_id"], told["metric"], told["direction"]) == ("s", "val_acc", "maximize")
    assert [(each["trial"], each["baseline"]) for each in told["configurations"]] == [(2, False), (1, False), (0, True)]
    for each in told["configurations"]:
        assert [run["metrics"]["val_acc"] for run in each["runs"].values()] == each["values"]
        assert each["min"] <= each["mean"] <= each["max"]


def test_the_page_in_the_folder_knows_the_fresh_seeds(command: Command, folder: SweepFolder) -> None:
    ran = command(*"sweep confirm --sweep-id s --top 1 --seeds 2".split())
    assert "report: results/sweeps/s/report.html" in ran.out
    assert "fresh seeds gave" in (folder.path / "report.html").read_text(encoding="utf-8")


def test_a_second_time_nothing_runs_and_the_table_is_the_same(command: Command) -> None:
    first = command(*"sweep confirm --sweep-id s --top 1 --seeds 2".split())
    again = command(*"sweep confirm --sweep-id s --top 1 --seeds 2".split())
    assert "left]" not in again.out
    assert _rows(again.out) == _rows(first.out)


def test_a_mistake_is_one_line(command: Command, workplace: Path) -> None:
    assert command(*"sweep confirm --sweep-id t".split()).err == "morphogenetic: results/sweeps: has no sweep 't'\n"
    (workplace / "sweep.yaml").write_text('experiment: {workload: "toy:nothing", x: 1, seed: 3}', encoding="utf-8")
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "fixed")
    ran = command(*"sweep confirm --sweep-id fixed".split())
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "morphogenetic: sweep fixed: seed: must be left out to confirm with fresh seeds, but got seed=3\n"


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_says_how_to_go_on(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text(SWEEP.replace("toy:quadratic", "toy:held"), encoding="utf-8")
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "slow")
    (workplace / "hold").write_text("5", encoding="utf-8")
    confirm = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", "confirm", "--sweep-id", "slow", "--seeds", "9"]
    with subprocess.Popen(confirm, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert "left] trial" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.stderr.read() == "interrupted: run the same command again to continue\n"
        assert process.wait() == 130
    assert "not all 9 seeds are complete for trial" in rest


def _rows(out: str) -> list[str]:
    lines = [line.rstrip() for line in out.splitlines()]
    return [line for line in lines if line.split() and line.split()[0].isdigit()]
