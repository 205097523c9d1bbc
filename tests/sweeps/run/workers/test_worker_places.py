"""The places of workers on other machines, for displays."""

from __future__ import annotations

import time
from pathlib import Path

from morphogenetic_engine.sweeps.run.workers.worker_places import (
    FILE,
    WorkerPlace,
    WorkerPlaces,
    describe_places,
    write_places,
)


def test_places_are_read_back_in_words(tmp_path: Path) -> None:
    places = [WorkerPlace(0, "node1, job 17", time.time()), WorkerPlace(1, "", time.time() - 95)]
    write_places(tmp_path, WorkerPlaces("job 18 pending (Resources)", places))
    said = describe_places(tmp_path)
    assert said.startswith("0 on node1, job 17; 1 waits for 9")
    assert said.endswith(" s; job 18 pending (Resources)")


def test_a_folder_without_places_or_with_a_torn_file_says_nothing(tmp_path: Path) -> None:
    assert describe_places(tmp_path) == ""
    (tmp_path / FILE).write_text('{"queued": ', encoding="utf-8")
    assert describe_places(tmp_path) == ""
