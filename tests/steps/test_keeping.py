"""A sweep is in the store soon after each trial has ended, and complete at the end of its step."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from distributed.security import Security

from morphogenetic_engine.backends.dask.session_keys import written_keys
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.kept import keeping
from morphogenetic_engine.steps.kept.keeping import kept
from morphogenetic_engine.steps.kept.kept_run import KeptRun
from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.waiting import until

ENDED = TrialEnded(1.0, 0, 0, TrialState.COMPLETE, 1.0, {"val_acc": 1.0}, None, "")


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    found = SweepFolder(tmp_path / "run-1")
    found.path.mkdir()
    found.journal.write_bytes(b"first\n")
    return found


def stored(tmp_path: Path) -> bytes:
    path = tmp_path / "store" / "sweeps" / "run-1" / "journal.jsonl"
    return path.read_bytes() if path.exists() else b""


def test_a_trial_that_has_ended_is_kept_without_waiting_for_the_next_quarter_of_a_minute(
    tmp_path: Path, folder: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "QUIET_SECONDS", 3600.0)
    with kept(KeptRun(str(tmp_path / "store"), "run-1"), folder, warn=print) as observe:
        observe(ENDED)
        until(lambda: stored(tmp_path) == b"first\n")
        folder.journal.write_bytes(b"first\nsecond\n")
    assert stored(tmp_path) == b"first\nsecond\n"  # at the end of the step


def test_uploads_take_a_tenth_of_the_time_at_most(
    tmp_path: Path, folder: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[float] = []
    monkeypatch.setattr(keeping, "PAUSE_SECONDS", 0.0)

    def slowly(_run: KeptRun, _folder: SweepFolder) -> None:
        begun.append(time.monotonic())
        time.sleep(0.02)

    monkeypatch.setattr(KeptRun, "keep_sweep", slowly)
    with kept(KeptRun(str(tmp_path / "store"), "run-1"), folder, warn=print) as observe:
        while len(begun) < 3:
            observe(ENDED)
            time.sleep(0.001)
    assert all(later - earlier >= 0.19 for earlier, later in zip(begun[:2], begun[1:3], strict=True))


def test_a_store_that_fails_costs_the_sweep_nothing(
    tmp_path: Path, folder: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_run: KeptRun, _folder: SweepFolder) -> None:
        raise StoreError("away")

    monkeypatch.setattr(KeptRun, "keep_sweep", fail)
    lines: list[str] = []
    with kept(KeptRun(str(tmp_path / "store"), "run-1"), folder, warn=lines.append) as observe:
        observe(ENDED)
    assert set(lines) == {"the sweep could not be kept: away"}


def test_without_a_store_nothing_is_kept(tmp_path: Path, folder: SweepFolder) -> None:
    with kept(None, folder, warn=print) as observe:
        observe(ENDED)
    assert not (tmp_path / "store").exists()


def test_locks_are_not_kept(tmp_path: Path, folder: SweepFolder) -> None:
    (folder.path / "journal.lock").write_text("1", encoding="utf-8")
    KeptRun(str(tmp_path / "store"), "run-1").keep_sweep(folder)
    assert [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()] == ["journal.jsonl"]


def test_keys_of_a_session_are_not_kept_but_the_reports_of_trials_are(tmp_path: Path, folder: SweepFolder) -> None:
    with written_keys(Security.temporary(), folder.path) as keys:
        (folder.trial(0)).mkdir(parents=True)
        (folder.trial(0) / ".reports.jsonl").write_text("[0, {}]\n", encoding="utf-8")
        KeptRun(str(tmp_path / "store"), "run-1").keep_sweep(folder)
        assert keys.key.exists()
    names = {path.name for path in (tmp_path / "store").rglob("*") if path.is_file()}
    assert names == {".reports.jsonl", "journal.jsonl"}
