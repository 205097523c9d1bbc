"""The reports that a trial keeps in its folder."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.run.workers.report_file import FILE, ReportFile


def test_the_next_attempt_finds_what_the_coordinator_lacks(tmp_path: Path) -> None:
    first = ReportFile(tmp_path, None)
    for step in range(5):
        first.keep(step, {"val_acc": step / 10})
    assert list(ReportFile(tmp_path, 2).missing()) == [(3, {"val_acc": 0.3}), (4, {"val_acc": 0.4})]
    assert [step for step, _ in ReportFile(tmp_path, None).missing()] == [0, 1, 2, 3, 4]
    assert not list(ReportFile(tmp_path, 4).missing())


def test_a_trial_without_a_file_lacks_nothing(tmp_path: Path) -> None:
    assert not list(ReportFile(tmp_path, None).missing())


def test_a_torn_last_line_was_never_reported(tmp_path: Path) -> None:
    ReportFile(tmp_path, None).keep(0, {"val_acc": 0.5})
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write('[1, {"val_a')
    attempt = ReportFile(tmp_path, None)
    assert [step for step, _ in attempt.missing()] == [0]
    attempt.keep(1, {"val_acc": 0.6})
    assert [step for step, _ in ReportFile(tmp_path, None).missing()] == [0, 1]


def test_steps_that_are_repeated_are_kept_once(tmp_path: Path) -> None:
    for _ in range(2):
        attempt = ReportFile(tmp_path, None)
        list(attempt.missing())
        for step in range(3):
            attempt.keep(step, {"val_acc": step / 10})
    assert [step for step, _ in ReportFile(tmp_path, None).missing()] == [0, 1, 2]


def test_two_reports_of_one_step_are_both_kept(tmp_path: Path) -> None:
    attempt = ReportFile(tmp_path, None)
    attempt.keep(0, {"loss": 1.0})
    attempt.keep(0, {"val_acc": 0.5})
    assert list(ReportFile(tmp_path, None).missing()) == [(0, {"loss": 1.0}), (0, {"val_acc": 0.5})]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_value_is_kept_to_the_last_bit(value: float) -> None:
    with TemporaryDirectory() as folder:
        ReportFile(Path(folder), None).keep(0, {"val_acc": value})
        ((_, metrics),) = ReportFile(Path(folder), None).missing()
    assert metrics["val_acc"].hex() == value.hex()
