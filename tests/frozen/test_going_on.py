"""Sweep folders of format 1 are resumed, confirmed and extended; ended trials stay unchanged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.frozen.conftest import SWEEPS, Command
from tests.frozen.test_reading import recorded

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("project")]

CLOCK = {"attempts", "started", "duration", "runtime"}


def steady(table: Path) -> list[dict[str, str]]:
    """Returns the rows without the columns that depend on the run."""
    return [{name: cell for name, cell in row.items() if name not in CLOCK} for row in recorded(table)]


def ended(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in rows if row["state"] in {"complete", "pruned", "failed"}]


@pytest.mark.parametrize("sweep_id", ["interrupted", "auto_interrupted"])
def test_a_killed_sweep_is_resumed_to_the_table_that_it_would_have_had(command: Command, sweep_id: str) -> None:
    ran = command("sweep", "resume", "--sweep-id", sweep_id)
    assert ran.status == 0
    assert steady(SWEEPS / sweep_id / "trials.csv") == steady(Path(f"expected/{sweep_id}.csv"))


def test_a_killed_network_goes_on_from_its_checkpoint(command: Command) -> None:
    folder = SWEEPS / "engine_interrupted"
    before = ended(recorded(folder / "trials.csv"))
    known = len((folder / "journal.jsonl").read_text(encoding="utf-8").splitlines())
    assert command("sweep", "resume", "--sweep-id", "engine_interrupted").status == 0
    rows = recorded(folder / "trials.csv")
    assert [row["state"] for row in rows] == ["complete", "complete"]
    assert rows[0] == before[0]
    added = [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()[known:]]
    steps = [event["step"] for event in added if event["event"] == "trial_reported" and event["trial"] == 1]
    assert steps[-1] == 199 and 50 < steps[0] < 199


def test_a_finished_sweep_has_nothing_left_to_run(command: Command) -> None:
    before = recorded(SWEEPS / "progressive/trials.csv")
    ran = command("sweep", "resume", "--sweep-id", "progressive")
    assert ran.status == 0 and "18 complete of 18 trials" in ran.out
    assert recorded(SWEEPS / "progressive/trials.csv") == before


@pytest.mark.parametrize(("sweep_id", "trials"), [("command", 6), ("two_objectives", 18), ("tpe_pruned", 28)])
def test_more_trials_are_added_to_those_that_ended(command: Command, sweep_id: str, trials: int) -> None:
    table = SWEEPS / sweep_id / "trials.csv"
    before = recorded(table)
    assert command("sweep", "resume", "--sweep-id", sweep_id, "--trials", str(trials)).status == 0
    after = recorded(table)
    assert after[: len(before)] == before
    assert len(ended(after)) == trials


def test_a_warm_started_sweep_needs_the_earlier_one_no_more(command: Command) -> None:
    shutil.rmtree(SWEEPS / "tpe_pruned")
    ran = command(*"sweep resume --sweep-id warm_started --trials 8".split())
    assert ran.status == 0 and "8 complete of 8 trials" in ran.out


@pytest.mark.parametrize("earlier", ["two_objectives", "katib"])
def test_a_new_sweep_starts_from_an_earlier_one(command: Command, earlier: str) -> None:
    same_file = SWEEPS / earlier / "config.yaml"
    text = same_file.read_text(encoding="utf-8").replace("sweep_type: random", "sweep_type: bayesian")
    Path("again.yaml").write_text(text, encoding="utf-8")
    ran = command(*f"sweep bayesian --config again.yaml --from {earlier} --sweep-id again --trials 6".split())
    assert ran.status == 0 and "6 complete of 6 trials" in ran.out


def test_a_collected_sweep_is_not_resumed_here(command: Command) -> None:
    ran = command(*"sweep resume --sweep-id katib".split())
    assert ran.status == 2 and "--from katib" in ran.err


def test_confirmed_seeds_stay_and_more_are_added(command: Command) -> None:
    again = command(*"sweep confirm --sweep-id grid_replicates --top 1 --seeds 6".split())
    assert again.status == 0 and "left]" not in again.out
    more = command(*"sweep confirm --sweep-id grid_replicates --top 1 --seeds 7 --json".split())
    best = json.loads(more.out)["configurations"][0]
    assert best["trial"] == 3 and best["values"][:3] == [0.51, 0.51, 0.51] and len(best["values"]) == 7


def test_saved_models_make_the_same_ensemble_again(command: Command) -> None:
    before = json.loads((SWEEPS / "engine_ensemble/ensemble/ensemble.json").read_text(encoding="utf-8"))
    told = json.loads(command(*"sweep ensemble --sweep-id engine_ensemble --size 3 --json".split()).out)
    assert [each["trial"] for each in told["members"]] == [each["trial"] for each in before["members"]]
    assert told["test"] == before["test"]


def test_a_network_s_trial_is_confirmed(command: Command) -> None:
    ran = command(*"sweep confirm --sweep-id engine_replicates --top 1 --seeds 1 --json".split())
    assert ran.status == 0
    assert len(json.loads(ran.out)["configurations"][0]["values"]) == 1


@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")
def test_what_was_sent_to_one_server_is_not_taken_for_sent_to_another(command: Command) -> None:
    ran = command(*"sweep publish --sweep-id grid_replicates --uri sqlite:///another.db".split())
    assert ran.status == 0 and "6 trials and 3 files sent to sqlite:///another.db" in ran.out
