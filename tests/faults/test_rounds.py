"""Each kind of fault once in `make test-all`, in random pairs in `make test-faults` (SWEEP_FAULTS=50)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.rounds import KINDS, calm_table, run_round

pytestmark = [pytest.mark.slow, pytest.mark.faults]

PAIRS = 4 * int(os.environ.get("SWEEP_FAULTS", "0"))


@pytest.fixture(scope="module", name="calm")
def _calm(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    before = Path.cwd()
    table = calm_table(tmp_path_factory.mktemp("calm"))
    os.chdir(before)
    return table


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_costs_no_trial_and_changes_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calm: list[dict[str, str]], kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not run_round(tmp_path, f"once {kind}", calm, [kind]).wrong


@pytest.mark.parametrize("number", range(PAIRS))
def test_faults_in_pairs_cost_no_trial_and_change_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calm: list[dict[str, str]], number: int
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not run_round(tmp_path, f"pairs {number}", calm).wrong
