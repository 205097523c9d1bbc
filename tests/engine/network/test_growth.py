"""Germinated seeds learn to reconstruct, then the task; no other weights change, and the device is not synchronised."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from morphogenetic_engine.engine.data.dataset import Dataset, prepare, shuffled_batches
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.evaluation import score
from morphogenetic_engine.engine.network.growth import Growth
from morphogenetic_engine.engine.network.network import SeedState
from morphogenetic_engine.engine.network.optimiser import Adam
from morphogenetic_engine.engine.randomness import torch_generator
from morphogenetic_engine.engine.run import make_network, warm_up_epoch
from morphogenetic_engine.engine.settings import TrainingSettings

SETTINGS = TrainingSettings(n_samples=200, hidden_dim=8, num_layers=2, blend_steps=6, batch_size=32, lr=0.01)


class Nursery:
    """A network with a frozen trunk, its growth, and the data that both see."""

    def __init__(self, settings: TrainingSettings = SETTINGS) -> None:
        self.data: Dataset = prepare(make_problem(settings), train_frac=0.7, seed=1, device=torch.device("cpu"))
        self.network = make_network(settings, 3, self.data)
        self.network.freeze_trunk()
        self.growth = Growth(self.network, settings, 3)
        self.order = torch_generator(5)

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        return shuffled_batches(self.data.train, 32, self.order)

    def epoch(self) -> list[float]:
        """Trains once and records the result; returns the progress of the seeds in training."""
        _, progress = self.growth.train(self.batches())
        values: list[float] = progress.tolist()
        self.growth.note(progress=values, drift=[0.0] * len(self.growth.landed()))
        return values


def reads_back(action: Callable[[], object]) -> int:
    """Counts the tensors that the action turns into Python numbers: .item(), float(), bool(), `if tensor`.

    Fused Adam on the CPU looks at its own step counts, which are there already; on a GPU it does not.
    """
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as profiler:
        action()
    reads = [event for event in profiler.events() if event.name == "aten::item"]
    return sum(event.cpu_parent is None or event.cpu_parent.name != "aten::_fused_adam_" for event in reads)


def test_read_backs_are_counted() -> None:
    number = torch.ones(())
    assert reads_back(lambda: (number.item(), float(number), bool(number))) == 3


def test_warm_up_steps_read_nothing_back() -> None:
    nursery = Nursery()
    nursery.network.requires_grad_(True)
    optimiser = Adam(nursery.network.parameters(), fused=True)
    assert reads_back(lambda: warm_up_epoch(nursery.network, optimiser, nursery.batches())) == 0


def test_adaptation_steps_read_nothing_back() -> None:
    nursery = Nursery(replace(SETTINGS, progress_thresh=0.0))
    nursery.growth.germinate(0)
    nursery.epoch()
    nursery.growth.germinate(1)
    assert (nursery.growth.landed(), nursery.growth.training()) == ([0], [1])
    assert reads_back(lambda: nursery.growth.train(nursery.batches())) == 0


def test_progress_is_the_share_of_the_first_loss_that_is_gone() -> None:
    nursery = Nursery(replace(SETTINGS, progress_thresh=0.9999))
    nursery.growth.germinate(1)
    values = [nursery.epoch()[0] for _ in range(40)]
    taps: list[Tensor] = []
    with torch.no_grad():
        nursery.network(nursery.data.train.x_NF, taps)
        remaining = (nursery.network.seeds[1].propose(taps[1]) - taps[1]).square().mean() / taps[1].square().mean()
    assert 0.0 < values[0] < values[10] < values[-1] < 1.0
    assert values[-1] == pytest.approx(1 - remaining.item(), abs=0.02)
    assert nursery.growth.notes[1].progress == values[-1]


def test_a_seed_blends_once_its_progress_reaches_the_threshold() -> None:
    nursery = Nursery()
    nursery.growth.germinate(0)
    values = []
    while nursery.growth.training():
        values += nursery.epoch()
    assert len(values) > 1
    assert max(values[:-1]) < 0.6 <= values[-1]
    assert (nursery.network.seeds[0].state, nursery.network.seeds[0].alpha) == (SeedState.BLENDING, 0.0)


def test_a_silent_block_is_reconstructed_at_once() -> None:
    nursery = Nursery()
    for name in ("weight", "bias"):
        torch.nn.init.zeros_(nursery.network.get_parameter(f"blocks.0.{name}"))
    nursery.growth.germinate(0)
    assert nursery.epoch() == [1.0]


def test_seeds_in_training_change_neither_the_output_nor_the_trunk() -> None:
    nursery = Nursery(replace(SETTINGS, progress_thresh=0.99))
    before = score(nursery.network, nursery.data.validation)
    trunk = [layer.weight.clone() for layer in (nursery.network.input, nursery.network.output)]
    nursery.growth.germinate(0)
    total, _ = nursery.growth.train(nursery.batches())
    assert total.item() == 0.0
    assert torch.equal(score(nursery.network, nursery.data.validation), before)
    assert torch.equal(nursery.network.input.weight, trunk[0])
    assert torch.equal(nursery.network.output.weight, trunk[1])


@pytest.mark.slow
def test_landed_seeds_learn_the_task_while_the_trunk_stays() -> None:
    nursery = Nursery(replace(SETTINGS, progress_thresh=0.0))
    before = score(nursery.network, nursery.data.train)[0]
    block = nursery.network.get_parameter("blocks.1.weight").clone()
    nursery.growth.germinate(0)
    for _ in range(40):
        nursery.epoch()
    assert nursery.network.seeds[0].state is SeedState.ACTIVE
    assert score(nursery.network, nursery.data.train)[0] < before - 0.05
    assert torch.equal(nursery.network.get_parameter("blocks.1.weight"), block)


def test_learning_rates_are_shadow_lr_and_then_a_tenth_of_lr() -> None:
    nursery = Nursery(replace(SETTINGS, shadow_lr=0.5, progress_thresh=0.0))
    nursery.growth.germinate(0)
    assert nursery.growth.optimisers[0].param_groups[0]["lr"] == 0.5
    nursery.growth.note(progress=[0.1], drift=[])
    assert nursery.growth.optimisers[0].param_groups[0]["lr"] == pytest.approx(0.001)


def test_drift_is_noted_and_warned_of_once_a_seed(caplog: pytest.LogCaptureFixture) -> None:
    nursery = Nursery()
    for position in (0, 1):
        nursery.growth.germinate(position)
    nursery.growth.note(progress=[1.0, 1.0], drift=[])
    with caplog.at_level(logging.WARNING):
        for drift in ([0.12, 0.0], [0.13, 0.0], [0.14, 0.5]):
            nursery.growth.note(progress=[], drift=drift)
    assert [record.getMessage() for record in caplog.records] == [
        "seed 0 in block 0: drift 0.130 is over 0.12",
        "seed 1 in block 1: drift 0.500 is over 0.12",
    ]
    assert (nursery.growth.notes[0].drift, nursery.growth.notes[1].drift) == (0.14, 0.5)


def test_a_childs_weights_do_not_depend_on_what_germinated_before() -> None:
    early, late = Nursery(), Nursery()
    early.growth.germinate(1)
    late.growth.germinate(0)
    late.growth.germinate(1)
    states = [nursery.network.seeds[1].state_dict() for nursery in (early, late)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(late.network.seeds[0].state_dict()["child.0.weight"], states[1]["child.0.weight"])
