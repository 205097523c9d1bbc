"""Collecting again, at any time, and into a folder that exists already."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.trials import read_history
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes, timestamp
from tests.backends.katib.client.cluster.katib_controller import MOMENT, KatibByHand
from tests.backends.katib.client.collected_sweep import COLLECT, FOLDER, collected
from tests.backends.katib.client.conftest import RANDOM, Command
from tests.backends.katib.client.test_submit import SUBMIT


def test_collecting_again_adds_what_is_new_and_nothing_else(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    assert "goes on on Katib: 1 running of 3 trials" in command(*COLLECT).out
    (listed,) = json.loads(command("sweep", "list", "--json").out)
    assert listed["state"] == "on Katib"
    katib.end("a", "Succeeded", val_acc=0.1)
    katib.start("b", x="0.7")
    katib.end("b", "Succeeded", val_acc=0.7)
    katib.finish()
    command(*COLLECT)
    before = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix != ".lock" and path.is_file()}
    assert b'"outcome":"finished"' in before["journal.jsonl"]
    command(*COLLECT)
    after = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix != ".lock" and path.is_file()}
    assert after == before


def test_numbers_stay_when_trials_come_and_go(command: Command, cluster: FakeKubernetes, katib: KatibByHand) -> None:
    Path("sweep.yaml").write_text(RANDOM, encoding="utf-8")
    command(*SUBMIT)
    katib.start("z", x="0.1")
    katib.start("y", x="0.2")
    command(*COLLECT)
    cluster.remove("trials", "ml", "z")
    katib.start("x", x="0.1")  # the same point again: another trial
    command(*COLLECT)
    record = json.loads((FOLDER / "katib.json").read_text(encoding="utf-8"))
    assert record["numbers"] == {"z": 0, "y": 1, "x": 2}


def test_a_trial_that_somebody_deleted_is_interrupted(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    """As Katib itself does when fewer are to run at a time."""
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.start("b", x="0.7")
    command(*COLLECT)
    cluster.remove("trials", "ml", "a")
    katib.end("b", "Succeeded", val_acc=1)
    katib.finish()
    command(*COLLECT)
    assert [trial.state for trial in collected().trials] == [TrialState.INTERRUPTED, TrialState.COMPLETE]
    assert collected().outcome is Outcome.FINISHED


def test_a_sweep_took_as_long_as_on_katib_whenever_it_is_collected(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    katib.finish()
    _set_times(cluster, created=MOMENT, ended=MOMENT + 3600)
    command(*COLLECT)
    assert read_history(SweepFolder(FOLDER)).seconds == 3600


def test_a_cluster_whose_clock_is_ahead(command: Command, cluster: FakeKubernetes, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    katib.end("a", "Succeeded", val_acc=1)
    katib.start("b", x="0.7")
    ahead = time.time() + 7200
    _set_times(cluster, created=ahead, ended=None)
    for name in ("a", "b"):
        trial = cluster.get("trials", "ml", name)
        trial["status"] = {**trial["status"], "startTime": timestamp(ahead + 60)}  # type: ignore[dict-item]
        cluster.put("trials", "ml", trial)
    assert command("sweep", "stop", "--experiment", "toy").status == 0
    history = read_history(SweepFolder(FOLDER))
    assert history.seconds >= 60 and [trial.duration for trial in history.trials.values()] == [0, 0]
    assert command("report", "summary", "--sweep-id", "toy").status == 0


def _set_times(cluster: FakeKubernetes, *, created: float, ended: float | None) -> None:
    manifest = cluster.get("experiments", "ml", "toy")
    manifest["metadata"]["creationTimestamp"] = timestamp(created)  # type: ignore[index]
    if ended is not None:
        manifest["status"]["completionTime"] = timestamp(ended)  # type: ignore[index]
    cluster.put("experiments", "ml", manifest)


def test_two_at_once_do_not_mix(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    command(*COLLECT)
    with Journal(FOLDER / "journal.jsonl"):
        ran = command(*COLLECT)
    assert ran.status == 2 and ran.err.count("\n") == 1 and "toy" in ran.err
    assert command(*COLLECT).status == 0


@pytest.mark.parametrize("lost", [("katib.json", "journal.jsonl"), ("journal.jsonl",)])
def test_a_collect_that_was_killed_at_its_begin_is_made_up_for(
    command: Command, katib: KatibByHand, lost: tuple[str, ...]
) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    command(*COLLECT)
    for name in lost:
        (FOLDER / name).unlink()
    ran = command(*COLLECT)
    assert ran.status == 0, ran.err
    assert len(collected().trials) == 1


def test_the_folder_of_another_sweep_is_not_touched(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand
) -> None:
    command("sweep", "run", "--config", "sweep.yaml", "--sweep-id", "toy")
    command(*SUBMIT)
    katib.start("a", x="0.1")
    ran = command(*COLLECT)
    assert ran.status == 2 and "is a sweep of this machine, not one of Katib; give the new one a --sweep-id" in ran.err
    assert command(*COLLECT, "--sweep-id", "other").status == 0
    cluster.remove("experiments", "ml", "toy")
    command(*SUBMIT)
    ran = command(*COLLECT, "--sweep-id", "other")
    assert ran.status == 2 and "belongs to another Experiment ml/toy" in ran.err


def test_a_collected_sweep_cannot_be_resumed_here_but_started_from(command: Command, katib: KatibByHand) -> None:
    command(*SUBMIT)
    katib.start("a", x="0.1")
    command(*COLLECT)
    ran = command("sweep", "resume", "--sweep-id", "toy")
    assert ran.status == 2 and "ran on Katib; start a new sweep from its results with --from toy" in ran.err
