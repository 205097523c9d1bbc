"""Damaged files: a few in `make test-all`, many in `make test-faults` (SWEEP_FAULTS=50)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.faults.damage import KINDS, damaged, finished_sweep, journal_value, problem_of, table_of

pytestmark = [pytest.mark.slow, pytest.mark.faults]

DAMAGES = 20 * int(os.environ.get("SWEEP_FAULTS", "2"))


@pytest.fixture(scope="module", name="finished")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    before = Path.cwd()
    folder = finished_sweep(tmp_path_factory.mktemp("finished"))
    os.chdir(before)
    return folder


def test_no_damage_is_read_as_another_sweep_or_ends_in_a_traceback(finished: SweepFolder, tmp_path: Path) -> None:
    whole = table_of(finished)
    found = [damaged(finished, tmp_path, whole, f"damage {number}") for number in range(DAMAGES)]
    assert [each for each in found if each[1]] == []
    assert DAMAGES < 40 or {kind for kind, _ in found} == set(KINDS)


def test_the_driver_sees_another_table(finished: SweepFolder) -> None:
    whole = table_of(finished)
    assert problem_of(finished, whole, journal_value.__name__) == ""
    assert problem_of(finished, whole[:-1], journal_value.__name__) == "is read as another sweep without a word"
