"""Trains many small networks at once with torch.func.vmap; the same step, with one network, trains a trial alone.

`morphogenetic sweep run` trains up to 32 trials of this workload together in each worker. A stack of one and a stack of
many go through the same operations, so the results are those of each trial alone; tests/testing compares the bits. With
one output instead of two they differ: torch computes a product with one column in another order.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import grad_and_value, vmap

from morphogenetic_engine.trial import Batch, FusedTrial, Metrics, Params, Trial, declare

EPOCHS = 20
WIDTH = 16


class Net:
    """The network and the data of one trial; all that is random comes from the trial's seed."""

    def __init__(self, params: Params, trial: Trial) -> None:
        generator = torch.Generator().manual_seed(trial.seed)
        self.lr = float(params["lr"])
        self.epoch = 0
        self.loss = 0.0
        self.x = torch.rand(128, 2, generator=generator)
        angle = 6 * self.x.sum(dim=1)
        self.y = torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)
        self.weights = {
            "hidden": torch.randn(2, WIDTH, generator=generator),
            "shift": torch.randn(WIDTH, generator=generator),
            "output": torch.randn(WIDTH, 2, generator=generator) / WIDTH,
        }

    def metrics(self) -> Metrics:
        """The loss of the last epoch."""
        return {"loss": self.loss}


def loss_of(weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
    """Returns the loss of one network."""
    hidden = torch.tanh(x @ weights["hidden"] + weights["shift"])
    return torch.mean((hidden @ weights["output"] - y) ** 2)


def train_epoch(nets: Sequence[Net]) -> None:
    """Takes one step of each network, all in the same operations."""
    stacked = {name: torch.stack([net.weights[name] for net in nets]) for name in nets[0].weights}
    x, y = torch.stack([net.x for net in nets]), torch.stack([net.y for net in nets])
    gradients, losses = vmap(grad_and_value(loss_of))(stacked, x, y)
    for place, net in enumerate(nets):
        net.weights = {name: weight - net.lr * gradients[name][place] for name, weight in net.weights.items()}
        net.loss, net.epoch = float(losses[place]), net.epoch + 1


def train_many(batch: Batch) -> None:
    """Trains all trials of a batch until none is left."""
    nets: dict[FusedTrial, Net] = {}
    while trials := batch.running():
        for trial in trials:
            if trial not in nets:
                with trial:  # an exception here ends this trial alone
                    nets[trial] = Net(trial.params, trial)
        present = [trial for trial in trials if trial.is_running]
        train_epoch([nets[trial] for trial in present])
        for trial in present:
            net = nets[trial]
            with trial:
                trial.report(net.epoch, net.metrics())
                if net.epoch == EPOCHS:
                    trial.complete(net.metrics())


@declare(parameters=frozenset({"lr"}), metrics=frozenset({"loss"}), fused=train_many)
def train(params: Params, trial: Trial) -> Metrics:
    """Trains one trial alone."""
    net = Net(params, trial)
    while net.epoch < EPOCHS:
        train_epoch([net])
        trial.report(net.epoch, net.metrics())
    return net.metrics()
