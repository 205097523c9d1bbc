"""A run that was stopped and continued is, bit for bit, the run that was never stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.engine.checkpoints.sealed_file import read_sealed
from morphogenetic_engine.errors import Paused, Pruned
from morphogenetic_engine.trial import Metrics, Params

RunTrial = Callable[..., tuple[Metrics, list[dict[str, float]]]]

# three steps an epoch: a child blends over four epochs, and learns to reconstruct for several
PARAMS: Params = {
    "n_samples": 120,
    "hidden_dim": 6,
    "num_layers": 2,
    "seeds_per_layer": 2,
    "warm_up_epochs": 3,
    "adaptation_epochs": 21,
    "batch_size": 32,
    "patience": 2,
    "blend_steps": 11,
    "shadow_lr": 0.01,
    "progress_thresh": 0.5,
    "checkpoint_every": 1,
}
EPOCHS = 24


@pytest.mark.parametrize("stop", range(1, EPOCHS + 1))
def test_resume_at_any_epoch_is_bit_equal(run_trial: RunTrial, tmp_path: Path, stop: int) -> None:
    metrics, reports = run_trial(PARAMS)
    if stop < EPOCHS:
        with pytest.raises(Pruned):
            run_trial(PARAMS, folder=tmp_path / "stopped", prune_at=stop)
    else:
        run_trial(PARAMS, folder=tmp_path / "stopped")
    assert run_trial(PARAMS, folder=tmp_path / "stopped") == (metrics, reports[stop:])


@pytest.mark.parametrize("checkpoint_every", [0, 5])
@pytest.mark.parametrize("pause", range(EPOCHS))
def test_a_paused_run_goes_on_at_the_next_epoch_bit_for_bit(
    run_trial: RunTrial, tmp_path: Path, pause: int, checkpoint_every: int
) -> None:
    params = {**PARAMS, "checkpoint_every": checkpoint_every}
    metrics, reports = run_trial(params)
    with pytest.raises(Paused):
        run_trial(params, folder=tmp_path / "paused", pause_at=pause)
    assert run_trial(params, folder=tmp_path / "paused") == (metrics, reports[pause + 1 :])


def test_the_stops_fall_into_every_part_of_a_seeds_life(run_trial: RunTrial, tmp_path: Path) -> None:
    met: set[tuple[str, bool]] = set()
    for stop in range(1, EPOCHS):
        with pytest.raises(Pruned):
            run_trial(PARAMS, folder=tmp_path / "stopped", prune_at=stop)
        growth = read_sealed(tmp_path / "stopped" / "checkpoint.pt", "checkpoint")["state"]["growth"]
        met |= {(seed["state"], seed["blended"] not in (0, 11)) for seed in growth["seeds"]}
        met |= {("reconstructing", 0 < notes[0] < 0.5) for notes in growth["notes"].values()}
    assert met >= {
        ("dormant", False),
        ("training", False),
        ("reconstructing", True),
        ("blending", False),
        ("blending", True),
        ("active", False),
    }


def test_checkpoints_change_no_bit(run_trial: RunTrial) -> None:
    assert run_trial(PARAMS) == run_trial({**PARAMS, "checkpoint_every": 0})


def test_checkpoints_are_as_rare_as_asked(run_trial: RunTrial, tmp_path: Path) -> None:
    with pytest.raises(Pruned):
        run_trial({**PARAMS, "checkpoint_every": 4}, folder=tmp_path / "stopped", prune_at=7)
    assert read_sealed(tmp_path / "stopped" / "checkpoint.pt", "checkpoint")["state"]["epoch"] == 4


@pytest.mark.parametrize(
    ("change", "seed", "reason"), [({"lr": 0.01}, 0, "another lr"), ({}, 1, "another run_seed")], ids=["lr", "seed"]
)
def test_a_checkpoint_of_another_run_is_not_used(
    run_trial: RunTrial, tmp_path: Path, caplog: pytest.LogCaptureFixture, *, change: Params, seed: int, reason: str
) -> None:
    run_trial({**PARAMS, "adaptation_epochs": 1}, folder=tmp_path / "other")
    params = {**PARAMS, "adaptation_epochs": 1, **change}
    expected = run_trial(params, seed=seed)
    with caplog.at_level(logging.WARNING):
        assert run_trial(params, seed=seed, folder=tmp_path / "other") == expected
    assert reason in caplog.text


def test_a_damaged_checkpoint_is_not_used(
    run_trial: RunTrial, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    params = {**PARAMS, "adaptation_epochs": 1}
    expected = run_trial(params, folder=tmp_path / "torn")
    checkpoint = tmp_path / "torn" / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with caplog.at_level(logging.WARNING):
        assert run_trial(params, folder=tmp_path / "torn") == expected
    assert "the checkpoint is not used, training starts at epoch 0" in caplog.text
    assert "is damaged" in caplog.text
