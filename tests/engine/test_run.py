"""Epochs without a possible germination cost nothing more, and health signals are computed only for one."""

from __future__ import annotations

from dataclasses import replace

import torch

from morphogenetic_engine.engine.data.dataset import prepare
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.settings import TrainingSettings

SETTINGS = TrainingSettings(n_samples=100, hidden_dim=6, num_layers=2, warm_up_epochs=2, patience=3, blend_steps=3)


def run_with_calls(settings: TrainingSettings) -> tuple[Run, list[bool]]:
    """A run, and for each forward pass so far whether it gathered the blocks' activations."""
    data = prepare(make_problem(settings), train_frac=0.7, seed=1, device=torch.device("cpu"))
    run = Run(settings, 0, data)
    calls: list[bool] = []
    run.network.register_forward_pre_hook(lambda _, args: calls.append(len(args) > 1))
    return run, calls


def test_a_warm_up_epoch_is_its_steps_and_one_validation() -> None:
    run, calls = run_with_calls(SETTINGS)
    run.next_epoch()
    assert calls == [False] * 3


def test_an_epoch_that_leaves_the_network_as_it_is_runs_no_forward_pass() -> None:
    run, calls = run_with_calls(SETTINGS)
    run.next_epoch()
    run.next_epoch()
    reading = run.latest
    calls.clear()
    for _ in range(3):
        run.next_epoch()
    assert not calls
    assert run.latest == reading


def test_health_is_gathered_when_a_seed_germinates_and_only_then() -> None:
    run, calls = run_with_calls(SETTINGS)
    for _ in range(5):
        run.next_epoch()
    calls.clear()
    run.next_epoch()
    assert run.germinations == [5]
    assert calls == [True]


def test_adaptation_takes_gradients_of_children_alone() -> None:
    run, _ = run_with_calls(replace(SETTINGS, patience=1, progress_thresh=0.0))
    for _ in range(8):
        run.next_epoch()
    trainable = {name for name, parameter in run.network.named_parameters() if parameter.requires_grad}
    assert trainable and all(".child." in name for name in trainable)


def test_a_run_with_every_seed_grown_goes_on_without_germinating() -> None:
    run, _ = run_with_calls(replace(SETTINGS, patience=1, progress_thresh=0.0))
    for _ in range(15):
        run.next_epoch()
    assert len(run.germinations) == 2
    assert len(run.growth.landed()) == 2


def test_the_first_reading_of_an_untrained_run_is_of_the_network_as_it_is() -> None:
    run, calls = run_with_calls(replace(SETTINGS, warm_up_epochs=0))
    run.next_epoch()
    assert calls == [False, False]
    assert run.latest.train_loss > 0
