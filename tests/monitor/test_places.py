"""Viewers are told where the workers on other machines are, while somebody runs the sweep."""

from __future__ import annotations

from morphogenetic_engine.sweeps.record.events import Event, SessionStarted, TrialReported, TrialStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.run.workers.worker_places import WorkerPlace, WorkerPlaces, write_places
from tests.monitor.conftest import monitoring, received_until
from tests.monitor.stories import written

NODE = WorkerPlace(0, "node3, job 17", 100.0)
EVENTS: list[Event] = [
    SessionStarted(1.0, 1, "here", "0", 2),
    TrialStarted(2.0, 0, 0, 0, 7, {"x": 0.5}),
    TrialReported(3.0, 0, 0, 4, {"val_acc": 0.5}),
]


def test_viewers_are_told_when_a_worker_is_placed(folder: SweepFolder) -> None:
    written(EVENTS, folder.journal)
    with Journal(folder.journal), monitoring(folder) as monitor, monitor.watch() as viewer:
        assert received_until(viewer, lambda message: message["sweep"] is not None)["places"] is None
        write_places(folder.path, WorkerPlaces("", [NODE]))
        told = received_until(viewer, lambda message: message["places"] is not None)
        assert told["places"] == {"queued": "", "workers": [{"number": 0, "place": "node3, job 17", "asked": 100.0}]}


def test_a_sweep_that_nobody_runs_has_no_workers(folder: SweepFolder) -> None:
    written(EVENTS, folder.journal)
    write_places(folder.path, WorkerPlaces("", [NODE]))
    with monitoring(folder) as monitor, monitor.watch() as viewer:
        assert received_until(viewer, lambda message: message["sweep"] is not None)["places"] is None
