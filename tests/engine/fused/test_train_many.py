"""The engine trains many trials at once with every bit of each trial alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from morphogenetic_engine.engine.checkpoints.sealed_file import read_sealed
from morphogenetic_engine.engine.data.dataset import Dataset
from morphogenetic_engine.engine.fused.self_check import SelfCheck, same_bits
from morphogenetic_engine.engine.fused.stack_kinds import Kind, kind_of, padded
from morphogenetic_engine.engine.fused.train_many import most, train_many
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.engine.trained_run import data_of
from morphogenetic_engine.engine.training import train
from morphogenetic_engine.errors import Paused
from morphogenetic_engine.testing.fused import FusedTests, RecordedBatch, RecordedTrial, train_alone
from morphogenetic_engine.trial import Value

COMMON: dict[str, Value] = {
    "n_samples": 300,
    "device": "cpu",
    "warm_up_epochs": 4,
    "adaptation_epochs": 0,
    "checkpoint_every": 3,
}
GROWING: dict[str, Value] = {**COMMON, "adaptation_epochs": 14, "patience": 1, "progress_thresh": 0.2, "blend_steps": 8}


class TestWarmUp(FusedTests):
    """Widths, depths, rates, data, noise and batch orders mixed."""

    workload = "morphogenetic_engine.engine.training:train"
    times = frozenset({"runtime"})
    unsteady = frozenset({"checkpoint.pt"})
    params = [
        {**COMMON, "hidden_dim": 16, "num_layers": 2},
        {**COMMON, "hidden_dim": 32, "num_layers": 2, "lr": 0.01},
        {**COMMON, "hidden_dim": 24, "num_layers": 2, "noise": 0.5, "seed": 3},
        {**COMMON, "hidden_dim": 48, "num_layers": 3, "problem_type": "moons"},
        {**COMMON, "hidden_dim": 37, "num_layers": 2, "warm_up_epochs": 6},
        {**COMMON, "hidden_dim": 50, "num_layers": 2, "noise": 0.3},
        {**COMMON, "hidden_dim": 64, "num_layers": 3, "batch_size": 37},
        {**COMMON, "hidden_dim": 130, "num_layers": 1},
        {**COMMON, "hidden_dim": 32, "num_layers": 2, "problem_type": "clusters", "cluster_size": 75},
    ]


class TestGrowth(FusedTests):
    """Seeds germinate in different blocks at different times, several in one block among them."""

    workload = "morphogenetic_engine.engine.training:train"
    times = frozenset({"runtime"})
    unsteady = frozenset({"checkpoint.pt"})
    params = [
        {**GROWING, "hidden_dim": 16, "num_layers": 2},
        {**GROWING, "hidden_dim": 32, "num_layers": 2, "lr": 0.01, "patience": 2},
        {**GROWING, "hidden_dim": 32, "num_layers": 2, "seeds_per_layer": 2},
        {**GROWING, "hidden_dim": 24, "num_layers": 2, "seeds_per_layer": 3, "blend_steps": 3},
        {**GROWING, "hidden_dim": 16, "num_layers": 3, "warm_up_epochs": 0, "seeds_per_layer": 2},
        {**GROWING, "hidden_dim": 16, "num_layers": 2, "adaptation_epochs": 6, "seeds_per_layer": 0},
        {**GROWING, "hidden_dim": 37, "num_layers": 2},
        {**GROWING, "hidden_dim": 37, "num_layers": 3, "patience": 2, "lr": 0.01},
        {**GROWING, "hidden_dim": 50, "num_layers": 2},
    ]


def _checkpoint(folder: Path) -> dict[str, Any]:
    content = read_sealed(folder / "checkpoint.pt", "checkpoint")
    content["state"].pop("elapsed")
    return content


def _equal(one: object, other: object) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("at", [3, 9])
def test_checkpoints_are_those_of_the_trial_alone(tmp_path: Path, at: int) -> None:
    places = [tmp_path / "alone", tmp_path / "together"]
    for place in places:
        trials = []
        for number, params in enumerate(TestGrowth.params[:4]):
            (place / str(number)).mkdir(parents=True)
            trials.append(RecordedTrial(number, params, place / str(number), {at: Paused}, seed=1000 + 7 * number))
        if place.name == "alone":
            for trial in trials:
                train_alone(train, trial)
        else:
            train_many(RecordedBatch(trials, 4))
    for number in range(4):
        one, other = (_checkpoint(place / str(number)) for place in places)
        assert one["state"]["epoch"] == at
        assert _equal(one, other)


def test_a_diverging_trial_fails_alone(tmp_path: Path) -> None:
    params = [{**COMMON, "hidden_dim": 32, "num_layers": 2, "lr": lr} for lr in (0.003, 1e30, 0.01)]
    told = []
    for place in (tmp_path / "alone", tmp_path / "together"):
        trials = []
        for number, each in enumerate(params):
            (place / str(number)).mkdir(parents=True)
            trials.append(RecordedTrial(number, each, place / str(number), seed=1000 + 7 * number))
        if place.name == "alone":
            for trial in trials:
                train_alone(train, trial)
        else:
            train_many(RecordedBatch(trials, 3))
        told.append([(trial.ended_by, trial.reports) for trial in trials])
    assert "must be finite" in told[1][1][0] and not told[1][0][0]
    assert told[0] == told[1]


def test_wide_and_threaded_runs_train_alone() -> None:
    def kind(**settings: int) -> Kind | None:
        made = TrainingSettings.from_params({"n_samples": 100, "device": "cpu", **settings})
        return kind_of(Run(made, 1, data_of(made)))

    assert kind(hidden_dim=256) is None and kind(hidden_dim=32, threads=2) is None
    assert kind(hidden_dim=32) == kind(hidden_dim=20, num_layers=3) != kind(hidden_dim=33)
    assert most({"hidden_dim": 256}) == 1 and most({"hidden_dim": 64}) > 1
    assert [padded(width) for width in (1, 32, 33, 128)] == [32, 32, 48, 128]


def test_the_self_check_refuses_a_stack_with_other_bits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = TrainingSettings(n_samples=300, device="cpu", hidden_dim=16, num_layers=1)
    run = Run(settings, 1, data_of(settings))
    kind = kind_of(run)
    assert kind is not None and SelfCheck().agrees(kind, run)
    bmm = torch.bmm
    monkeypatch.setattr(torch, "bmm", lambda one, other: bmm(one, other) * (1 + 2**-20))
    check = SelfCheck()
    assert not check.agrees(kind, run) and not check.agrees(kind, run)
    assert [record.message for record in caplog.records] == [
        "width 16, warm-up: not trained together, its bits would differ on this machine"
    ]


def test_bits_that_differ_are_found() -> None:
    settings = TrainingSettings(n_samples=300, device="cpu", hidden_dim=16, num_layers=1)
    data: Dataset = data_of(settings)
    one, other = Run(settings, 1, data), Run(settings, 1, data)
    assert same_bits(one, other)
    with torch.no_grad():
        other.network.input.bias[3] = 1e-30
    assert not same_bits(one, other)
