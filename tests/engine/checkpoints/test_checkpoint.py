"""A saved model predicts as the trained one did, and a checkpoint is used only by its own run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from morphogenetic_engine.engine.checkpoints.checkpoint import load_checkpoint, load_model, save_checkpoint, save_model
from morphogenetic_engine.engine.data.dataset import Dataset, prepare
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.errors import ConfigError, StoreError

SETTINGS = TrainingSettings(
    n_samples=100, hidden_dim=6, num_layers=2, seeds_per_layer=2, warm_up_epochs=2, patience=2, blend_steps=3, seed=5
)


def data_of(settings: TrainingSettings) -> Dataset:
    return prepare(make_problem(settings), train_frac=0.7, seed=settings.seed, device=torch.device("cpu"))


def trained(epochs: int, settings: TrainingSettings = SETTINGS) -> Run:
    run = Run(settings, 3, data_of(settings))
    for _ in range(epochs):
        run.next_epoch()
    return run


@pytest.mark.slow
def test_a_saved_model_predicts_as_the_trained_one_did(tmp_path: Path) -> None:
    run = trained(20, replace(SETTINGS, progress_thresh=0.05))
    assert run.growth.landed()
    save_model(tmp_path / "model.pt", run.network, run.settings, run.data.standardisation)
    model = load_model(tmp_path / "model.pt")
    assert model.settings == run.settings
    assert torch.equal(model.network.predict(run.data.test.x_NF), run.network.predict(run.data.test.x_NF))


def test_a_saved_model_takes_samples_as_they_are_in_the_data(tmp_path: Path) -> None:
    run = trained(1)
    save_model(tmp_path / "model.pt", run.network, run.settings, run.data.standardisation)
    network, _, standardisation = model = load_model(tmp_path / "model.pt")
    x_NF = torch.tensor(make_problem(SETTINGS).x_NF)
    p_NC = model.predict(x_NF)
    assert p_NC.shape == (100, 2)
    assert torch.allclose(p_NC.sum(dim=1), torch.ones(100))
    assert torch.equal(p_NC, network.predict(standardisation.apply(x_NF)))


def test_a_model_for_a_missing_device_is_refused(tmp_path: Path) -> None:
    run = trained(1)
    save_model(tmp_path / "model.pt", run.network, run.settings, run.data.standardisation)
    with pytest.raises(ConfigError, match="device"):
        load_model(tmp_path / "model.pt", device=f"cuda:{torch.cuda.device_count()}")


def test_a_checkpoint_is_refused_by_a_run_with_another_seed_or_setting(tmp_path: Path) -> None:
    run = trained(1)
    save_checkpoint(tmp_path / "checkpoint.pt", run.identity, run.state(1.0))
    assert load_checkpoint(tmp_path / "checkpoint.pt", run.identity)["epoch"] == 1
    with pytest.raises(StoreError, match="belongs to a run with another lr, run_seed"):
        load_checkpoint(tmp_path / "checkpoint.pt", {**run.identity, "lr": 0.5, "run_seed": 4})
    with pytest.raises(StoreError, match="belongs to a run with another run_seed$"):
        load_checkpoint(tmp_path / "checkpoint.pt", {**run.identity, "lr": 0.5, "run_seed": 4}, changeable={"lr"})
    assert load_checkpoint(tmp_path / "checkpoint.pt", {**run.identity, "lr": 0.5}, changeable={"lr"})["epoch"] == 1


def test_settings_that_do_not_change_the_numbers_do_not_change_the_identity() -> None:
    with_files = replace(SETTINGS, save_model=False, checkpoint_every=7)
    assert trained(0).identity == trained(0, with_files).identity


def test_a_run_has_nothing_to_save_before_its_first_epoch() -> None:
    with pytest.raises(ValueError, match="before its first epoch"):
        trained(0).state(0.0)
