"""The time of a germination, and the seed that germinates."""

from __future__ import annotations

import torch

from morphogenetic_engine.engine.network.germination import GerminationController, weakest
from morphogenetic_engine.engine.network.network import SentinelSeed

LOW = 0.5


def due_epochs(controller: GerminationController, losses: list[float], accuracy: float = LOW) -> list[int]:
    return [epoch for epoch, loss in enumerate(losses) if controller.is_due(loss, accuracy)]


def seeds(*blocks: int) -> list[SentinelSeed]:
    return [SentinelSeed(block=block, hidden_dim=2, blend_steps=3) for block in blocks]


def test_due_after_patience_epochs_without_improvement() -> None:
    assert due_epochs(GerminationController(3, 0.0, 0.95), [1.0, 1.0, 1.0, 1.0]) == [3]


def test_an_improvement_starts_the_wait_anew() -> None:
    assert due_epochs(GerminationController(2, 0.0, 0.95), [1.0, 1.1, 0.9, 0.9, 0.9]) == [4]


def test_a_fall_within_delta_is_no_improvement() -> None:
    assert due_epochs(GerminationController(2, 0.25, 0.95), [1.0, 0.875, 0.75]) == [2]
    assert due_epochs(GerminationController(2, 0.25, 0.95), [1.0, 0.875, 0.625]) == []


def test_not_due_once_accuracy_has_reached_the_threshold() -> None:
    controller = GerminationController(1, 0.0, 0.75)
    assert due_epochs(controller, [1.0, 1.0, 1.0], accuracy=0.75) == []
    assert controller.is_due(1.0, 0.74)


def test_restart_waits_for_patience_again() -> None:
    controller = GerminationController(2, 0.0, 0.95)
    assert due_epochs(controller, [1.0, 1.0, 1.0]) == [2]
    controller.restart()
    assert due_epochs(controller, [1.0, 1.0, 1.0]) == [2]


def test_restored_controller_goes_on_where_it_was() -> None:
    watched = GerminationController(3, 0.0, 0.95)
    due_epochs(watched, [1.0, 1.0, 1.0])
    restored = GerminationController(3, 0.0, 0.95)
    restored.restore(watched.state())
    assert restored == watched
    assert restored.is_due(1.0, LOW)


def test_weakest_is_the_dormant_seed_with_the_lowest_health() -> None:
    candidates = seeds(0, 1, 2)
    assert weakest(candidates, [0.3, 0.1, 0.2]) == 1
    candidates[1].germinate(torch.Generator(), torch.device("cpu"))
    assert weakest(candidates, [0.3, 0.1, 0.2]) == 2


def test_the_first_of_equals_germinates() -> None:
    assert weakest(seeds(0, 0, 1, 1), [0.3, 0.1]) == 2


def test_nothing_germinates_without_a_dormant_seed() -> None:
    assert weakest([], []) is None
