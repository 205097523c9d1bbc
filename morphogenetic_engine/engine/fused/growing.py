"""Adaptation epochs of a stack of runs whose germinated seeds train; their trunks are frozen.

Names of tensors: K runs, B samples of a batch, D width of the stack, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from morphogenetic_engine.engine.evaluation import drift_of
from morphogenetic_engine.engine.fused.children import Shadows, StackedChildren
from morphogenetic_engine.engine.fused.losses import loss_gradient
from morphogenetic_engine.engine.fused.trunk import StackedTrunk
from morphogenetic_engine.engine.fused.warm_up import Splits, epoch_losses, read_scores, shuffled, targets_of
from morphogenetic_engine.engine.network.network import SentinelSeed
from morphogenetic_engine.engine.network.optimiser import Adam
from morphogenetic_engine.engine.run import Reading, Run

_relu_backward = torch.ops.aten.threshold_backward


@dataclass(frozen=True)
class _Placed:
    """Children of one block, one for each of some runs: the seeds that are blended in first, second and so on."""

    block: int
    members: Sequence[int]
    """The places of their runs in the stack."""
    index: Tensor
    children: StackedChildren


@dataclass(frozen=True)
class _Trace:
    """The forward pass of one batch."""

    taps: Sequence[Tensor]
    """Each block's output, before its seeds."""
    logits: Tensor
    grown: Sequence[tuple[Tensor, Tensor, Tensor]]
    """Input, hidden layer and proposal of each `_Placed`."""


class GrowingStack:
    """Runs of one width in their adaptation that all have seeds in their output, or all have none there."""

    def __init__(self, runs: Sequence[Run], width: int) -> None:
        self.runs = runs
        self._first = runs[0]
        self._trunk = StackedTrunk([run.network for run in runs], width)
        self._validation = Splits.of([run.data.validation for run in runs])
        self._landed = list(self._place_landed(width))
        self._has_landed = bool(self._landed)
        self._lowest = min((each.block for each in self._landed), default=len(self._trunk.weights))
        training = [(number, each) for number, run in enumerate(runs) for each in run.growth.training()]
        self._training = [(number, runs[number].network.seeds[position].block) for number, position in training]
        self._children = (
            _stack([(runs[number], position) for number, position in training], width) if training else None
        )
        hidden = self._first.settings.hidden_dim
        self._shadows = Shadows(self._children, hidden) if self._children is not None else None
        self._seeds = self._present_seeds()
        self._measured: list[tuple[Reading | None, list[float], list[float]]] = []

    @property
    def is_current(self) -> bool:
        """False once a seed of a run has germinated, or has been blended in, since the stack was made."""
        return self._seeds == self._present_seeds()

    def write_back(self, runs: Sequence[Run]) -> None:
        """Does nothing: after each epoch the runs have their weights and optimisers."""

    def _present_seeds(self) -> list[tuple[list[int], list[int]]]:
        return [(run.growth.training(), run.growth.landed()) for run in self.runs]

    def _place_landed(self, width: int) -> list[_Placed]:
        found: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for number, run in enumerate(self.runs):
            counts: dict[int, int] = {}
            for position in run.growth.landed():
                block = run.network.seeds[position].block
                turn = counts.get(block, 0)
                counts[block] = turn + 1
                found.setdefault((block, turn), []).append((number, position))
        return [
            _Placed(
                block,
                [number for number, _ in members],
                torch.tensor([number for number, _ in members], device=self._trunk.flat_KT.device),
                _stack([(self.runs[number], position) for number, position in members], width),
            )
            for (block, _), members in sorted(found.items())
        ]

    def next_epoch(self) -> None:
        """Does what `Run.next_epoch` does, for each run."""
        self.train_epoch()
        for run in self.runs:
            self.finish_epoch(run)

    def finish_epoch(self, run: Run) -> None:
        """Records the measurements of one run; a seed may germinate, or start to be blended in."""
        reading, progress, drift = self._measured[self.runs.index(run)]
        run.finish_growing(reading, progress=progress, drift=drift)

    @torch.no_grad()
    def train_epoch(self) -> None:
        """Trains one epoch and measures each network."""
        losses = self._train()
        for placed in self._landed:
            placed.children.write_back()
        if self._children is not None:
            self._children.write_back()
        progress = self._progress()
        nothing: list[Reading | None] = [None] * len(self.runs)
        readings, drifts = self._measure(losses) if self._has_landed else (nothing, [[] for _ in self.runs])
        self._measured = list(zip(readings, progress, drifts, strict=True))

    def _train(self) -> list[float]:
        size = self._first.settings.batch_size
        batches = shuffled(self.runs)
        x_batches, y_batches = torch.split(batches.x_KNF, size, dim=1), torch.split(batches.y_KN, size, dim=1)
        targets = torch.split(targets_of(batches.y_KN, self._first.data.classes, size), size, dim=1)
        losses_KN = torch.zeros(batches.y_KN.shape, device=batches.y_KN.device)
        kept = torch.split(losses_KN, size, dim=1)
        if self._shadows is not None:
            self._shadows.begin_epoch()
        for x_KBF, y_KB, target_KBC, loss_KB in zip(x_batches, y_batches, targets, kept, strict=True):
            for placed in self._landed:
                for seed in placed.children.seeds:
                    seed.blend()
            trace = self._forward(x_KBF)
            if self._has_landed:
                logp_KBC = torch.log_softmax(trace.logits, 2)
                loss_KB.copy_(logp_KBC.gather(2, y_KB[:, :, None])[:, :, 0])
                self._backward(loss_gradient(logp_KBC, target_KBC), trace)
            if self._shadows is not None:
                self._shadows.step(torch.stack([trace.taps[block][number] for number, block in self._training]))
        return epoch_losses(losses_KN.neg_(), size)

    def _forward(self, x_KBF: Tensor) -> _Trace:
        trunk = self._trunk
        taps: list[Tensor] = []
        grown: list[tuple[Tensor, Tensor, Tensor]] = []
        x_KBD = trunk.layer(0, x_KBF).relu_()
        for block in range(len(trunk.weights) - 2):
            x_KBD = trunk.layer(block + 1, x_KBD).relu_()
            taps.append(x_KBD)
            for placed in (each for each in self._landed if each.block == block):
                x_SBD = _members(taps[-1], placed)
                hidden, proposal = placed.children.propose(x_SBD)
                grown.append((x_SBD, hidden, proposal))
                x_KBD = self._add(x_KBD, proposal, placed, is_first=x_KBD is taps[-1])
        logits = trunk.layer(len(trunk.weights) - 1, x_KBD) if self._has_landed else x_KBD
        return _Trace(taps, logits, grown)

    def _add(self, x_KBD: Tensor, proposal: Tensor, placed: _Placed, *, is_first: bool) -> Tensor:
        shares = [
            _share(seed, self.runs[number]) for seed, number in zip(placed.children.seeds, placed.members, strict=True)
        ]
        if len(set(shares)) == 1 and len(shares) == len(self.runs):
            return x_KBD.add(proposal, alpha=shares[0])
        grown_KBD = x_KBD.clone() if is_first else x_KBD
        for number, each, share in zip(placed.members, proposal, shares, strict=True):
            grown_KBD[number].add_(each, alpha=share)
        return grown_KBD

    def _backward(self, g_KBC: Tensor, trace: _Trace) -> None:
        """Takes a step of each child that is blended in, from the output down to the lowest block that has one."""
        weights = self._trunk.weights
        g_KBD = torch.bmm(g_KBC, weights[-1])
        known = list(zip(self._landed, trace.grown, strict=True))
        for block in range(len(trace.taps) - 1, self._lowest - 1, -1):
            here = [each for each in known if each[0].block == block]
            g_KBD = self._through_seeds(g_KBD, here)
            if block > self._lowest:
                g_KBD = torch.bmm(_relu_backward(g_KBD, trace.taps[block], 0), weights[block + 1])

    def _through_seeds(self, g_KBD: Tensor, here: Sequence[tuple[_Placed, tuple[Tensor, Tensor, Tensor]]]) -> Tensor:
        """Returns the gradient of a block's output; the sum has the order in which autograd adds."""
        total = torch.zeros_like(g_KBD) if len(here) > 1 else g_KBD
        for turn in range(len(here) - 1, -1, -1):
            placed, (x_SBD, hidden, _) = here[turn]
            if turn == 0 and len(here) > 1:
                total = total + g_KBD
            seeds = placed.children.seeds
            shares = torch.tensor(
                [_share(seed, self.runs[number]) for seed, number in zip(seeds, placed.members, strict=True)],
                device=g_KBD.device,
            )
            g_x = placed.children.learn(_members(g_KBD, placed) * shares[:, None, None], hidden, x_SBD)
            total = total + g_x if len(seeds) == len(self.runs) else total.index_add(0, placed.index, g_x)
        return total

    def _progress(self) -> list[list[float]]:
        found: list[list[float]] = [[] for _ in self.runs]
        if self._shadows is not None:
            for (number, _), value in zip(self._training, self._shadows.progress(), strict=True):
                found[number].append(value)
        return found

    def _measure(self, losses: Sequence[float]) -> tuple[list[Reading | None], list[list[float]]]:
        """Returns the measurements of each network, and the drift of its seeds by their positions."""
        trace = self._forward(self._validation.x_KNF)
        scores = read_scores(trace.logits, self._validation.y_KN)
        readings: list[Reading | None] = [Reading(loss, *score) for loss, score in zip(losses, scores, strict=True)]
        hidden = self._first.settings.hidden_dim
        found: list[dict[int, Tensor]] = [{} for _ in self.runs]
        for placed, (_, _, proposal) in zip(self._landed, trace.grown, strict=True):
            for seed, number, each in zip(placed.children.seeds, placed.members, proposal, strict=True):
                x_BD = trace.taps[placed.block][number, :, :hidden].contiguous()
                y_BD = x_BD.add(each[:, :hidden].contiguous(), alpha=seed.alpha)
                found[number][self.runs[number].network.seeds.index(seed)] = drift_of(x_BD, y_BD)
        drifts = [[float(each[position]) for position in sorted(each)] for each in found]
        return readings, drifts


def _stack(members: Sequence[tuple[Run, int]], width: int) -> StackedChildren:
    seeds = [run.network.seeds[position] for run, position in members]
    optimisers: list[Adam] = [run.growth.optimisers[position] for run, position in members]
    return StackedChildren(seeds, optimisers, width)


def _members(x_KBD: Tensor, placed: _Placed) -> Tensor:
    return x_KBD if len(placed.members) == len(x_KBD) else x_KBD.index_select(0, placed.index)


def _share(seed: SentinelSeed, run: Run) -> float:
    """Returns the share of a child in the output of its block."""
    return seed.alpha / run.settings.seeds_per_layer
