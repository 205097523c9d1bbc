"""A halving of format 2 that was killed between its rungs goes on to the table that it would have had."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from tests.frozen.conftest import SWEEPS, Command, command
from tests.frozen.test_going_on import steady

__all__ = ["command"]

FROZEN = Path(__file__).with_name("format_2")
HALVING = SWEEPS / "halving_interrupted"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a copy of the frozen sweep the current directory."""
    place = tmp_path / "project"
    shutil.copytree(FROZEN, place)
    monkeypatch.chdir(place)
    folder = SweepFolder(HALVING)
    folder.write_info(folder.read_info().model_copy(update={"working_directory": str(place)}))


def test_paused_and_promoted_trials_are_read() -> None:
    states = Counter(trial.state for trial in read_result(SweepFolder(HALVING)).trials)
    assert states[TrialState.PAUSED] and states[TrialState.PROMOTED] | states[TrialState.RUNNING]


@pytest.mark.slow
def test_a_killed_halving_is_resumed_to_the_table_that_it_would_have_had(command: Command) -> None:
    assert command("sweep", "resume", "--sweep-id", "halving_interrupted").status == 0
    assert steady(HALVING / "trials.csv") == steady(Path("expected/halving_interrupted.csv"))
