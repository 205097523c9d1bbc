"""Adaptation epochs of a stack of runs whose germinated seeds train; their trunks are frozen.

Names of tensors: K runs, B samples of a batch, D width of the stack, C classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from morphogenetic_engine.engine.evaluation import drift_of
from morphogenetic_engine.engine.fused.children import Shadows
from morphogenetic_engine.engine.fused.kept_prefix import KeptPrefix
from morphogenetic_engine.engine.fused.losses import loss_gradient
from morphogenetic_engine.engine.fused.warm_up import Splits, epoch_losses, orders_of, read_scores, shuffled, targets_of
from morphogenetic_engine.engine.fused.wave_plan import Prefix, WavePlan
from morphogenetic_engine.engine.fused.waves import stacked_children
from morphogenetic_engine.engine.run import Reading, Run


class GrowingStack:
    """Runs of one width in their adaptation that all have seeds in their output, or all have none there."""

    def __init__(self, runs: Sequence[Run], width: int) -> None:
        self.runs = runs
        self._first = runs[0]
        self._plan = WavePlan(runs, width)
        self._samples = Splits.of([run.data.train for run in runs])
        self._validation = Splits.of([run.data.validation for run in runs])
        self._has_landed = bool(self._plan.sites)
        training = [(number, each) for number, run in enumerate(runs) for each in run.growth.training()]
        self._training = [(number, runs[number].network.seeds[position].block) for number, position in training]
        self._children = (
            stacked_children([(runs[number], position) for number, position in training], width) if training else None
        )
        self._owned = [(site.children, site.places) for site in self._plan.sites]
        """The children with the places of their runs."""
        if self._children is not None:
            self._owned.append((self._children, [number for number, _ in training]))
        hidden = self._first.settings.hidden_dim
        self._shadows = Shadows(self._children, hidden) if self._children is not None else None
        self._seeds = self._present_seeds()
        self._kept, self._measured_at = self._keep(width)
        self._measured: list[tuple[Reading | None, list[float], list[float]]] = []

    @torch.no_grad()
    def _keep(self, width: int) -> tuple[KeptPrefix | None, Prefix | None]:
        """Returns the prefixes of the training samples, unless they are too many, and those of the validation split."""
        x_KNF, size = self._samples.x_KNF, self._first.settings.batch_size
        kept = (
            KeptPrefix(self._plan, x_KNF, self._training, size)
            if KeptPrefix.fits(x_KNF, width, len(self._training))
            else None
        )
        return kept, self._plan.prefix(self._validation.x_KNF) if self._has_landed else None

    @property
    def is_current(self) -> bool:
        """False once a seed of a run has germinated, or has been blended in, since the stack was made."""
        return self._seeds == self._present_seeds()

    def write_back(self, runs: Sequence[Run]) -> None:
        """Copies weights and optimisers of children to the runs, so that they can be saved, or go on elsewhere."""
        places = {number for number, run in enumerate(self.runs) if run in runs}
        for children, owners in self._owned:
            for number, owner in enumerate(owners):
                if owner in places:
                    children.write_back(number)

    def _present_seeds(self) -> list[tuple[list[int], list[int]]]:
        return [(run.growth.training(), run.growth.landed()) for run in self.runs]

    def next_epoch(self) -> None:
        """Does what `Run.next_epoch` does, for each run."""
        self.train_epoch()
        for run in self.runs:
            self.finish_epoch(run)

    def finish_epoch(self, run: Run) -> None:
        """Records the measurements of one run; a seed may germinate, or start to be blended in."""
        reading, progress, drift = self._measured[self.runs.index(run)]
        run.finish_growing(reading, progress=progress, drift=drift, fetch=partial(self.write_back, [run]))

    @torch.no_grad()
    def train_epoch(self) -> None:
        """Trains one epoch and measures each network."""
        losses = self._train()
        progress = self._progress()
        nothing: list[Reading | None] = [None] * len(self.runs)
        readings, drifts = self._measure(losses) if self._has_landed else (nothing, [[] for _ in self.runs])
        self._measured = list(zip(readings, progress, drifts, strict=True))

    def _train(self) -> list[float]:
        size = self._first.settings.batch_size
        orders_KN = orders_of(self.runs)
        y_KN = self._samples.y_KN.gather(1, orders_KN)
        y_batches = torch.split(y_KN, size, dim=1)
        targets = torch.split(targets_of(y_KN, self._first.data.classes, size), size, dim=1)
        losses_KN = torch.zeros(y_KN.shape, device=y_KN.device)
        kept = torch.split(losses_KN, size, dim=1)
        if self._shadows is not None:
            self._shadows.begin_epoch()
        for prefix, y_KB, target_KBC, loss_KB in zip(self._batches(orders_KN), y_batches, targets, kept, strict=True):
            for site in self._plan.sites:
                site.blend()
            x_KBD, trace = self._plan.forward(prefix)
            if self._has_landed:
                logp_KBC = torch.log_softmax(self._plan.logits(x_KBD), 2)
                loss_KB.copy_(logp_KBC.gather(2, y_KB[:, :, None])[:, :, 0])
                self._plan.backward(loss_gradient(logp_KBC, target_KBC), trace)
            if self._shadows is not None:
                taps = zip(prefix.taps, self._training, strict=True)
                self._shadows.step(
                    torch.stack([self._plan.tap(trace, *each) if tap is None else tap for tap, each in taps])
                )
        return epoch_losses(losses_KN.neg_(), size)

    def _batches(self, orders_KN: Tensor) -> Iterator[Prefix]:
        """Yields the activations of each batch of an epoch where the first seeds begin."""
        if self._kept is not None:
            yield from self._kept.batches(orders_KN)
            return
        x_KNF = shuffled(self._samples, orders_KN).x_KNF
        for x_KBF in torch.split(x_KNF, self._first.settings.batch_size, dim=1):
            yield self._plan.prefix(x_KBF, self._training)

    def _progress(self) -> list[list[float]]:
        found: list[list[float]] = [[] for _ in self.runs]
        if self._shadows is not None:
            for (number, _), value in zip(self._training, self._shadows.progress(), strict=True):
                found[number].append(value)
        return found

    def _measure(self, losses: Sequence[float]) -> tuple[list[Reading | None], list[list[float]]]:
        """Returns the measurements of each network, and the drift of its seeds by their positions."""
        assert self._measured_at is not None, "a stack with seeds in its output measures them"
        x_KND, trace = self._plan.forward(self._measured_at)
        scores = read_scores(self._plan.logits(x_KND), self._validation.y_KN)
        readings: list[Reading | None] = [Reading(loss, *score) for loss, score in zip(losses, scores, strict=True)]
        hidden = self._first.settings.hidden_dim
        found: list[dict[int, Tensor]] = [{} for _ in self.runs]
        for site, grown in zip(self._plan.sites, trace.grown, strict=True):
            for seed, number, tap, each in zip(site.seeds, site.places, grown.x_SBD, grown.proposal, strict=True):
                x_ND = tap[:, :hidden].contiguous()
                y_ND = x_ND.add(each[:, :hidden].contiguous(), alpha=seed.alpha)
                found[number][self.runs[number].network.seeds.index(seed)] = drift_of(x_ND, y_ND)
        drifts = [[float(each[position]) for position in sorted(each)] for each in found]
        return readings, drifts
