"""Warm-up epochs of a stack of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from morphogenetic_engine.engine.data.dataset import Samples
from morphogenetic_engine.engine.fused.losses import loss_gradient, mean_losses, total_loss
from morphogenetic_engine.engine.fused.stacked_adam import StackedAdam
from morphogenetic_engine.engine.fused.trunk import StackedTrunk
from morphogenetic_engine.engine.run import Reading, Run


@dataclass(frozen=True)
class Splits:
    """The samples of all runs: x [K, N, F], y [K, N]."""

    x_KNF: Tensor
    y_KN: Tensor

    @classmethod
    def of(cls, samples: Sequence[Samples]) -> Splits:
        """Stacks one split of each run."""
        return cls(torch.stack([each.x_NF for each in samples]), torch.stack([each.y_N for each in samples]))


class WarmUpStack:
    """Runs in their warm-up, whose trunks train together."""

    def __init__(self, runs: Sequence[Run], width: int) -> None:
        self.runs = runs
        self._trunk = StackedTrunk([run.network for run in runs], width)
        optimisers = [run.optimiser for run in runs]
        self._adam = StackedAdam(
            self._trunk.flat_KT, self._trunk.gradient_KT, self._trunk.layouts, optimisers, self._trunk.tensors
        )
        self._training = Splits.of([run.data.train for run in runs])
        self._validation = Splits.of([run.data.validation for run in runs])
        self._readings: list[Reading] = []

    @property
    def is_current(self) -> bool:
        """True: nothing but its runs changes a stack in the warm-up."""
        return True

    def next_epoch(self) -> None:
        """Does what `Run.next_epoch` does, for each run."""
        self.train_epoch()
        for run in self.runs:
            self.finish_epoch(run)

    def finish_epoch(self, run: Run) -> None:
        """Records the measurements of one run."""
        run.finish_epoch(self._readings[self.runs.index(run)])

    @torch.no_grad()
    def train_epoch(self) -> None:
        """Trains one epoch and measures each network."""
        losses = self._train()
        logits, _ = self._trunk.forward(self._validation.x_KNF)
        scores = read_scores(logits, self._validation.y_KN)
        self._readings = [Reading(loss, *score) for loss, score in zip(losses, scores, strict=True)]

    def write_back(self, runs: Sequence[Run]) -> None:
        """Copies weights and optimisers to the runs, so that they can be saved, or go on alone."""
        for number, run in enumerate(self.runs):
            if run in runs:
                self._adam.write_back(number)

    def _train(self) -> list[float]:
        first = self.runs[0]
        size = first.settings.batch_size
        batches = shuffled(self._training, orders_of(self.runs))
        targets = torch.split(targets_of(batches.y_KN, first.data.classes, size), size, dim=1)
        losses_KN = torch.empty(batches.y_KN.shape, device=batches.y_KN.device)
        x_batches, y_batches = torch.split(batches.x_KNF, size, dim=1), torch.split(batches.y_KN, size, dim=1)
        kept = torch.split(losses_KN, size, dim=1)
        for x_KBF, y_KB, target_KBC, loss_KB in zip(x_batches, y_batches, targets, kept, strict=True):
            logits, outputs = self._trunk.forward(x_KBF)
            logp_KBC = torch.log_softmax(logits, 2)
            loss_KB.copy_(logp_KBC.gather(2, y_KB[:, :, None])[:, :, 0])
            self._trunk.backward(loss_gradient(logp_KBC, target_KBC), outputs)
            self._adam.step()
        return epoch_losses(losses_KN.neg_(), size)


def orders_of(runs: Sequence[Run]) -> Tensor:
    """Returns the order of the training samples in the next epoch of each run, [K, N]."""
    return torch.stack([torch.randperm(len(run.data.train), generator=run.order) for run in runs]).to(
        runs[0].network.device
    )


def shuffled(samples: Splits, orders_KN: Tensor) -> Splits:
    """Returns the samples of each run in its order."""
    runs, count, features = samples.x_KNF.shape
    rows = (orders_KN + torch.arange(runs, device=orders_KN.device)[:, None] * count).view(-1)
    x_KNF = samples.x_KNF.view(-1, features).index_select(0, rows).view(runs, count, features)
    return Splits(x_KNF, samples.y_KN.gather(1, orders_KN))


def targets_of(y_KN: Tensor, classes: int, size: int) -> Tensor:
    """Returns -1 / B at the true class of each sample, where B is the size of its batch, and 0 elsewhere."""
    count = y_KN.shape[1]
    whole = count // size * size
    targets = torch.zeros(*y_KN.shape, classes, device=y_KN.device)
    targets[:, :whole].scatter_(2, y_KN[:, :whole, None], -1.0 / size)
    if whole < count:
        targets[:, whole:].scatter_(2, y_KN[:, whole:, None], -1.0 / (count - whole))
    return targets


def epoch_losses(losses_KN: Tensor, size: int) -> list[float]:
    """Returns each run's mean loss of an epoch: batch by batch, as a run alone adds them up."""
    count = losses_KN.shape[1]
    whole = count // size * size
    means = [mean_losses(losses_KN[:, :whole].reshape(-1, size)).view(len(losses_KN), -1)] if whole else []
    if whole < count:
        means.append(mean_losses(losses_KN[:, whole:])[:, None])
    sizes = [size] * (whole // size) + [count - whole] * (whole < count)
    totals = []
    for row in torch.cat(means, dim=1).tolist():
        total = 0.0
        for mean, samples in zip(row, sizes, strict=True):
            total += mean * samples
        totals.append(total / count)
    return totals


def read_scores(logits_KNC: Tensor, y_KN: Tensor) -> list[tuple[float, float]]:
    """Returns (mean cross-entropy, accuracy) of each run."""
    logp_KNC = torch.log_softmax(logits_KNC, 2)
    right = (logits_KNC.argmax(dim=2) == y_KN).sum(1).tolist()
    losses = torch.stack([total_loss(logp, y) for logp, y in zip(logp_KNC, y_KN, strict=True)]).tolist()
    count = y_KN.shape[1]
    return [(loss / count, hits / count) for loss, hits in zip(losses, right, strict=True)]
