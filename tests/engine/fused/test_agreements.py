"""Outcomes of self-checks are kept for this machine, build of torch and engine."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from morphogenetic_engine.engine.fused import self_check
from morphogenetic_engine.engine.fused.agreements import Agreements, file_of_this_machine
from morphogenetic_engine.engine.fused.self_check import SelfCheck
from morphogenetic_engine.engine.fused.stack_kinds import Kind, kind_of
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.engine.trained_run import data_of


def _run() -> tuple[Run, Kind]:
    settings = TrainingSettings(n_samples=300, device="cpu", hidden_dim=16, num_layers=1)
    run = Run(settings, 1, data_of(settings))
    kind = kind_of(run)
    assert kind is not None
    return run, kind


def test_outcomes_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "there" / "known.jsonl"
    agreements = Agreements(path)
    assert agreements.outcome("a") is None
    agreements.keep("a", agrees=True)
    agreements.keep("b", agrees=False)
    for each in (agreements, Agreements(path)):
        assert each.outcome("a") is True and each.outcome("b") is False and each.outcome("c") is None


def test_torn_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "known.jsonl"
    path.write_bytes(b'{"shape": "a", "agrees": true}\n[1]\n{"shape": "b"}\n\xff\xfe\n{"shape": "c", "agr')
    assert [Agreements(path).outcome(shape) for shape in "abc"] == [True, None, None]


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "known.jsonl"
    agreements = Agreements(path)
    agreements.keep("a", agrees=True)
    assert agreements.outcome("a") is True
    assert Agreements(path).outcome("a") is None


def test_the_file_is_of_this_build_and_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = file_of_this_machine()
    assert first is not None and first.is_relative_to(tmp_path) and first == file_of_this_machine()
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    assert file_of_this_machine() == first
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    other = file_of_this_machine()
    monkeypatch.setattr(torch, "__version__", "0.0")
    assert len({first, other, file_of_this_machine()}) == 3


def test_a_comparison_is_made_once_for_each_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, kind = _run()
    path = tmp_path / "known.jsonl"
    assert SelfCheck(Agreements(path)).agrees(kind, run)

    def compared(*_: object) -> bool:
        raise AssertionError("compared again")

    monkeypatch.setattr(self_check, "same_bits", compared)
    assert SelfCheck(Agreements(path)).agrees(kind, run)
    with pytest.raises(AssertionError, match="compared again"):
        SelfCheck(Agreements(tmp_path / "another.jsonl")).agrees(kind, run)


def test_on_a_gpu_each_number_of_runs_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    run, kind = _run()
    asked: list[int] = []

    def compare(_kind: Kind, _run: Run, copies: int) -> bool:
        asked.append(copies)
        return copies != 7

    monkeypatch.setattr(self_check, "_agrees", compare)
    check = SelfCheck()
    assert check.agrees(kind, run, 2) and check.agrees(kind, run, 7)
    gpu = kind._replace(device="cuda:0")
    assert check.agrees(gpu, run, 2) and not check.agrees(gpu, run, 7) and check.agrees(gpu, run, 2)
    assert asked == [3, 2, 7]
