"""Lines for logs: where workers on other machines are, and what the others wait for."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.monitor.display.place_lines import changes, place_lines
from morphogenetic_engine.sweeps.run.workers.worker_places import WorkerPlace, WorkerPlaces, write_places
from tests.waiting import until

WHY = "pod sweep-1: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
WAITING = WorkerPlaces(WHY, [WorkerPlace(0, "node1, job 17", 1.0), WorkerPlace(1, "", 1.0)])


def test_each_change_is_told_once() -> None:
    assert list(changes(WorkerPlaces("", ()), WAITING)) == ["worker 0  on node1, job 17", f"waiting  {WHY}"]
    assert not list(changes(WAITING, WAITING))
    moved = WorkerPlaces("", [WorkerPlace(0, "node2, job 18", 1.0), WorkerPlace(1, "node3, job 19", 1.0)])
    assert list(changes(WAITING, moved)) == ["worker 0  on node2, job 18", "worker 1  on node3, job 19"]


def test_lines_come_while_the_sweep_runs(tmp_path: Path) -> None:
    said: list[str] = []
    with place_lines(tmp_path, said.append):
        write_places(tmp_path, WAITING)
        until(lambda: len(said) == 2, "two lines")
    assert said == ["worker 0  on node1, job 17", f"waiting  {WHY}"]


def test_a_sweep_on_this_machine_has_no_lines(tmp_path: Path) -> None:
    said: list[str] = []
    with place_lines(None, said.append), place_lines(tmp_path, said.append):
        pass
    assert not said
