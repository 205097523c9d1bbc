"""The estimate of the time that runs save together, with a clock of the test's own; sampling changes no bit."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from morphogenetic_engine.engine.device import torch_threads
from morphogenetic_engine.engine.fused.agreements import Agreements
from morphogenetic_engine.engine.fused.self_check import same_bits
from morphogenetic_engine.engine.fused.stack_kinds import EpochShape, kind_of, shape_of
from morphogenetic_engine.engine.fused.stacks import Stacks
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.engine.time_saved import Shape, TimeSaved
from morphogenetic_engine.engine.trained_run import data_of


@dataclass(frozen=True)
class Depth:
    """A shape that has a depth alone."""

    layers: int

    def takes_at_least(self, other: Shape, /) -> bool:
        return isinstance(other, Depth) and self.layers >= other.layers


class Trained:
    """A run that takes a second alone for each layer."""

    def __init__(self, layers: int) -> None:
        self.shape = Depth(layers)


class Clock:
    """Seconds that only samples pass."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sampled: list[int] = []

    def __call__(self) -> float:
        return self.now

    def time_alone(self, run: Trained) -> float:
        self.sampled.append(run.shape.layers)
        self.now += run.shape.layers
        return float(run.shape.layers)


def test_a_run_saves_its_seconds_alone_less_its_share() -> None:
    clock = Clock()
    saved: TimeSaved[Trained, Depth] = TimeSaved(clock)
    shallow, deep, other = Trained(2), Trained(3), Trained(1)
    runs = [(each, each.shape) for each in (shallow, deep, other)]
    assert saved.of(shallow) is None
    saved.sample(runs, clock.time_alone)
    for _ in range(10):
        saved.add(runs, 3.0)
    assert clock.sampled == [2]
    assert saved.of(shallow) == 10 * 2.0 - 10.0
    assert saved.of(deep) == 10 * 2.0 - 10.0, "it takes at least as long as a shallower one"
    assert saved.of(other) is None, "no sample says anything about it"


def test_samples_take_a_hundredth_of_the_time_and_go_to_the_run_of_which_least_is_known() -> None:
    clock = Clock()
    saved: TimeSaved[Trained, Depth] = TimeSaved(clock)
    runs = [(each, each.shape) for each in (Trained(2), Trained(3), Trained(1))]
    for _ in range(700):
        saved.sample(runs, clock.time_alone)
        saved.add(runs, 1.0)
    assert clock.sampled == [2, 1, 3, 2]  # after 0, 200, 300 and 600 seconds


def test_a_run_that_others_slow_down_has_lost_time() -> None:
    clock = Clock()
    saved: TimeSaved[Trained, Depth] = TimeSaved(clock)
    runs = [(run := Trained(1), run.shape)]
    saved.sample(runs, clock.time_alone)
    saved.add(runs, 1.5)
    assert saved.of(run) == -0.5


def _run(seed: int, **settings: int | float) -> Run:
    made = TrainingSettings.from_params(
        {"n_samples": 300, "device": "cpu", "warm_up_epochs": 2, "adaptation_epochs": 12, "patience": 1, **settings}
    )
    return Run(made, seed, data_of(made))


@pytest.mark.parametrize("n_samples", [300, 2000])
def test_samples_change_no_bit_of_what_they_time(n_samples: int) -> None:
    def runs() -> list[Run]:
        common = {"hidden_dim": 32, "n_samples": n_samples, "progress_thresh": 0.2, "blend_steps": 8}
        return [_run(seed, num_layers=2 + seed % 2, **common) for seed in range(4)]

    alone, together = runs(), runs()
    saved: TimeSaved[Run, EpochShape] = TimeSaved(lambda: 0.0)  # no time passes, so that it samples again and again
    with torch_threads(1):
        stacks = Stacks(Agreements(), saved)
        for _ in range(14):
            stacks.train_epoch(together)
            for one, other in zip(alone, together, strict=True):
                one.next_epoch()
                stacks.finish_epoch(other)
        for one, other in zip(alone, together, strict=True):
            stacks.write_back(other)
            assert same_bits(one, other) and one.germinations == other.germinations != []
            assert (seconds := stacks.saved(other)) is not None and seconds > 0  # its share of no time is none


def test_an_epoch_takes_at_least_as_long_as_one_that_does_less() -> None:
    def shape(hidden_dim: int, num_layers: int, batch_size: int = 64) -> EpochShape:
        run = _run(1, hidden_dim=hidden_dim, num_layers=num_layers, batch_size=batch_size)
        kind = kind_of(run)
        assert kind is not None
        return shape_of(kind, run)

    assert shape(64, 3).takes_at_least(shape(16, 2)) and shape(16, 2).takes_at_least(shape(32, 2))
    assert not shape(16, 2).takes_at_least(shape(64, 2)) and not shape(64, 2).takes_at_least(shape(16, 3))
    assert not shape(64, 3).takes_at_least(shape(16, 2, batch_size=32))
