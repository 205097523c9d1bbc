"""One process at a time sends a sweep to a destination, whatever happens to its lock file."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sinks.sync_state import only_sender


@pytest.fixture(name="lock")
def _lock(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text("parameters: {}", encoding="utf-8")
    return tmp_path / "tracking.lock"


def test_a_deleted_lock_file_lets_no_second_sender_in(lock: Path) -> None:
    with only_sender(lock):
        lock.unlink()
        with pytest.raises(SweepError, match="is being published by another process"), only_sender(lock):
            pass
    with only_sender(lock):
        pass


def test_senders_to_several_destinations_work_at_the_same_time(lock: Path) -> None:
    with only_sender(lock), only_sender(lock.with_name("storage.lock")):
        pass


def test_a_lock_file_that_is_a_link_is_not_followed(lock: Path) -> None:
    outside = lock.with_name("outside")
    outside.write_text("precious", encoding="utf-8")
    lock.symlink_to(outside)
    with pytest.raises(StoreError, match="tracking.lock: cannot be opened"), only_sender(lock):
        pass
    assert outside.read_text(encoding="utf-8") == "precious"
