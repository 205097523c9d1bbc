"""Training of germinated seeds: first to reconstruct their block, then, once blended in, the task.

Names of tensors: B samples of a batch, F features, D hidden_dim.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import TypedDict

import torch
from torch import Tensor
from torch.nn import functional

from morphogenetic_engine.engine.network.network import Network, SeedRecord, SeedState, SentinelSeed
from morphogenetic_engine.engine.network.optimiser import Adam
from morphogenetic_engine.engine.randomness import Stream, torch_generator
from morphogenetic_engine.engine.settings import TrainingSettings

_log = logging.getLogger(__name__)

TASK_SHARE = 0.1
"""Germinated seeds learn the task at this share of `lr`: the frozen trunk cannot adapt to large steps."""


OptimiserState = dict[str, object]
"""The type of an optimiser's state dict in torch."""


class GrowthState(TypedDict):
    """The mutable state of growth besides the weights, by position in `Network.seeds`."""

    seeds: list[SeedRecord]
    notes: dict[int, tuple[float, float, bool]]
    optimisers: dict[int, OptimiserState]


@dataclass
class SeedNotes:
    """The measurements of a germinated seed, as of the last epoch in which it was measured."""

    progress: float = 0.0
    """1 - reconstruction loss / energy of the activations, as means over one epoch. A new child returns zeros, so
    the energy equals the initial loss: 0 means nothing learnt, 1 a perfect copy."""
    drift: float = 0.0
    """1 - cosine similarity of the seed's input and output."""
    warned: bool = False
    """True once the drift has been logged as too large."""


@dataclass(frozen=True)
class _Shadow:
    """A seed that trains beside the network; its sums stay on the device until the end of the epoch."""

    seed: SentinelSeed
    optimiser: Adam
    error: Tensor
    energy: Tensor

    def step(self, x_BD: Tensor) -> None:
        self.optimiser.zero_grad()
        loss = functional.mse_loss(self.seed.propose(x_BD), x_BD)
        torch.autograd.backward(loss)
        self.optimiser.step()
        self.error.add_(loss.detach(), alpha=len(x_BD))
        self.energy.add_(x_BD.square().mean(), alpha=len(x_BD))

    def progress(self) -> Tensor:
        # A block of zeros is reconstructed perfectly by a child that returns zeros.
        return torch.where(self.energy > 0, 1 - self.error / self.energy, 1.0)


class Growth:
    """The germinated seeds of a network with their optimisers and measurements."""

    def __init__(self, network: Network, settings: TrainingSettings, seed: int) -> None:
        self.network = network
        self.settings = settings
        self.seed = seed
        self.optimisers: dict[int, Adam] = {}
        self.notes: dict[int, SeedNotes] = {}

    def training(self) -> list[int]:
        """Returns the positions of the seeds that learn to reconstruct; these do not affect the network's output."""
        return self.network.positions(SeedState.TRAINING)

    def landed(self) -> list[int]:
        """Returns the positions of the seeds that contribute to the network's output."""
        return self.network.positions(SeedState.BLENDING, SeedState.ACTIVE)

    def germinate(self, position: int) -> None:
        """Germinates a seed; the child's initial weights depend only on the run's seed and the position."""
        self.network.germinate(position, torch_generator(self.seed, Stream.CHILD, position))
        self.adopt(position, SeedNotes())

    def adopt(self, position: int, notes: SeedNotes) -> None:
        """Registers a germinated seed with a new optimiser for the objective of its state."""
        self.notes[position] = notes
        training = self.network.seeds[position].state is SeedState.TRAINING
        lr = self.settings.shadow_lr if training else TASK_SHARE * self.settings.lr
        self.optimisers[position] = Adam(self.network.seeds[position].parameters(), lr=lr, fused=True)

    def train(self, batches: Iterable[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Trains all germinated seeds for one epoch without synchronising with the device.

        Returns: the task loss, summed over the samples (0 while no seed is in the network's output, since nothing
        learns the task then), and the progress of each seed in training; both are float64.
        """
        total = torch.zeros((), dtype=torch.float64, device=self.network.device)
        landed = [(self.network.seeds[position], self.optimisers[position]) for position in self.landed()]
        shadows = [
            _Shadow(self.network.seeds[position], self.optimisers[position], total.clone(), total.clone())
            for position in self.training()
        ]
        for x_BF, y_B in batches:
            taps: list[Tensor] = []
            if landed:
                total.add_(self._task_step(x_BF, y_B, landed, taps), alpha=len(y_B))
            else:
                with torch.no_grad():
                    self.network(x_BF, taps)
            for shadow in shadows:
                shadow.step(taps[shadow.seed.block].detach())
        return total, torch.stack([total.new_zeros(()), *(shadow.progress() for shadow in shadows)])[1:]

    def _task_step(
        self, x_BF: Tensor, y_B: Tensor, landed: list[tuple[SentinelSeed, Adam]], taps: list[Tensor]
    ) -> Tensor:
        for seed, optimiser in landed:
            seed.blend()
            optimiser.zero_grad()
        loss = functional.cross_entropy(self.network(x_BF, taps), y_B)
        torch.autograd.backward(loss)
        for _, optimiser in landed:
            optimiser.step()
        return loss.detach()

    def note(self, *, progress: Sequence[float], drift: Sequence[float]) -> None:
        """Records the measurements of an epoch, `progress` of seeds in training and `drift` of landed ones, and starts
        blending the seeds that have learnt enough."""
        for position, value in zip(self.landed(), drift, strict=True):
            self._note_drift(position, value)
        for position, value in zip(self.training(), progress, strict=True):
            self.notes[position].progress = value
            if value >= self.settings.progress_thresh:
                self.network.start_blending(position)
                self.adopt(position, self.notes[position])

    def _note_drift(self, position: int, drift: float) -> None:
        notes = self.notes[position]
        notes.drift = drift
        if drift > self.settings.drift_warn and not notes.warned:
            notes.warned = True
            block = self.network.seeds[position].block
            _log.warning("seed %d in block %d: drift %.3f is over %g", position, block, drift, self.settings.drift_warn)

    def state(self) -> GrowthState:
        """Returns what `restore` needs."""
        return GrowthState(
            seeds=self.network.seed_records(),
            notes={position: astuple(notes) for position, notes in self.notes.items()},
            optimisers={position: optimiser.state_dict() for position, optimiser in self.optimisers.items()},
        )

    def restore(self, state: GrowthState) -> None:
        """Restores the states of a new network's seeds and their optimisers; weights are loaded afterwards."""
        self.network.restore_seeds(state["seeds"])
        for position, notes in state["notes"].items():
            self.adopt(position, SeedNotes(*notes))
            lr = self.optimisers[position].param_groups[0]["lr"]
            self.optimisers[position].load_state_dict(state["optimisers"][position])
            for group in self.optimisers[position].param_groups:
                group["lr"] = lr  # that of this run's settings
