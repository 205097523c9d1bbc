"""The network: a multi-layer perceptron (the trunk) with sentinel seeds behind each block.

Names of tensors: B samples of a batch, F features, D hidden_dim, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypedDict

import torch
from torch import Tensor, nn

CHILD_EXPANSION = 4
"""Width of a child's hidden layer in units of `hidden_dim`, as in a transformer's feed-forward block."""


class SeedState(StrEnum):
    """The states of a sentinel seed, in order."""

    DORMANT = "dormant"
    TRAINING = "training"
    BLENDING = "blending"
    ACTIVE = "active"


class SentinelSeed(nn.Module):
    """A place where the network can grow; the identity until its child is blended in.

    A dormant seed has no child, so it takes no time and no memory.
    """

    def __init__(self, *, block: int, hidden_dim: int, blend_steps: int) -> None:
        super().__init__()
        self.block = block
        self.hidden_dim = hidden_dim
        self.blend_steps = blend_steps
        self.blended = 0
        self.state = SeedState.DORMANT
        self.child: nn.Sequential | None = None

    @property
    def alpha(self) -> float:
        """The share of the child in the seed's output, from 0 to 1."""
        return self.blended / self.blend_steps

    def germinate(self, generator: torch.Generator, device: torch.device) -> None:
        """Germinates the seed (dormant -> training). A new child returns zeros."""
        self._leave(SeedState.DORMANT, SeedState.TRAINING)
        wide = CHILD_EXPANSION * self.hidden_dim
        last = _linear(wide, self.hidden_dim, generator, device)
        nn.init.zeros_(last.weight)
        self.child = nn.Sequential(_linear(self.hidden_dim, wide, generator, device), nn.ReLU(), last)

    def start_blending(self) -> None:
        """Starts blending the child into the output, from a share of 0 (training -> blending)."""
        self._leave(SeedState.TRAINING, SeedState.BLENDING)

    def blend(self) -> None:
        """Raises the child's share by one step (the last one: blending -> active). No effect on active seeds."""
        if self.state is SeedState.BLENDING:
            self.blended += 1
            if self.blended == self.blend_steps:
                self._leave(SeedState.BLENDING, SeedState.ACTIVE)

    def propose(self, x_BD: Tensor) -> Tensor:
        """Returns the child's output for the block's activations, regardless of its share."""
        if self.child is None:
            raise ValueError("a dormant seed has no child")
        proposal_BD: Tensor = self.child(x_BD)
        return proposal_BD

    def forward(self, x_BD: Tensor) -> Tensor:
        """Returns x + alpha * child(x)."""
        return x_BD.add(self.propose(x_BD), alpha=self.alpha)

    def _leave(self, state: SeedState, following: SeedState) -> None:
        if self.state is not state:
            raise ValueError(f"a seed must be {state} to become {following}, but it is {self.state}")
        self.state = following


class SeedRecord(TypedDict):
    """The stage of a seed: its state, and the number of blending steps done."""

    state: str
    blended: int


@dataclass(frozen=True)
class Shape:
    """The dimensions that determine a network's tensors."""

    features: int
    classes: int
    hidden_dim: int
    num_layers: int
    seeds_per_layer: int
    blend_steps: int


class Network(nn.Module):
    """Input layer, blocks with their seeds, output layer; every layer but the last is followed by a ReLU."""

    def __init__(self, shape: Shape, generator: torch.Generator, device: torch.device) -> None:
        super().__init__()
        self.shape = shape
        self.device = device
        width = shape.hidden_dim
        self.input = _linear(shape.features, width, generator, device)
        self.blocks = nn.ModuleList(_linear(width, width, generator, device) for _ in range(shape.num_layers))
        self.output = _linear(width, shape.classes, generator, device, nonlinearity="linear")
        self.seeds = tuple(
            SentinelSeed(block=block, hidden_dim=width, blend_steps=shape.blend_steps)
            for block in range(shape.num_layers)
            for _ in range(shape.seeds_per_layer)
        )
        self._sentinels = nn.ModuleList(self.seeds)
        self._grown: list[list[SentinelSeed]] = [[] for _ in range(shape.num_layers)]

    def forward(self, x_BF: Tensor, taps: list[Tensor] | None = None) -> Tensor:
        """Returns logits_BC. With `taps`, appends each block's output x_BD, before its seeds, to that list."""
        x_BD = torch.relu(self.input(x_BF))
        for block, grown in zip(self.blocks, self._grown, strict=True):
            x_BD = torch.relu(block(x_BD))
            if taps is not None:
                taps.append(x_BD)
            if grown:
                x_BD = self._grow(x_BD, grown)
        logits_BC: Tensor = self.output(x_BD)
        return logits_BC

    def _grow(self, x_BD: Tensor, grown: list[SentinelSeed]) -> Tensor:
        # The mean over all seeds of a block; seeds outside the output return x itself.
        y_BD = x_BD
        for seed in grown:
            y_BD = y_BD.add(seed.propose(x_BD), alpha=seed.alpha / self.shape.seeds_per_layer)
        return y_BD

    @torch.no_grad()
    def predict(self, x_BF: Tensor) -> Tensor:
        """Returns class probabilities p_BC for standardised samples."""
        return torch.softmax(self(x_BF.to(self.device)), dim=1)

    def germinate(self, position: int, generator: torch.Generator) -> None:
        """Germinates the seed at `position` in `seeds`."""
        self.seeds[position].germinate(generator, self.device)

    def start_blending(self, position: int) -> None:
        """Starts blending the seed at `position` in `seeds` into the network's output."""
        seed = self.seeds[position]
        seed.start_blending()
        self._refresh()

    def seed_records(self) -> list[SeedRecord]:
        """Returns the stage of every seed, for `restore_seeds`."""
        return [SeedRecord(state=seed.state.value, blended=seed.blended) for seed in self.seeds]

    def restore_seeds(self, records: list[SeedRecord]) -> None:
        """Restores the stages of a new network's seeds, with arbitrary weights in the children, so that
        `load_state_dict` finds every tensor that it has a value for.

        Raises:
            ValueError: the records belong to a network of another shape.
        """
        unused = torch.Generator()
        for seed, record in zip(self.seeds, records, strict=True):
            if record["state"] != SeedState.DORMANT:
                seed.germinate(unused, self.device)
            seed.state, seed.blended = SeedState(record["state"]), record["blended"]
        self._refresh()

    def positions(self, *states: SeedState) -> list[int]:
        """Returns the positions in `seeds` of the seeds in the given states."""
        return [position for position, seed in enumerate(self.seeds) if seed.state in states]

    def _refresh(self) -> None:
        # In the order of `seeds`, so that a restored network sums in the same order.
        for seeds in self._grown:
            seeds.clear()
        for position in self.positions(SeedState.BLENDING, SeedState.ACTIVE):
            self._grown[self.seeds[position].block].append(self.seeds[position])

    def freeze_trunk(self) -> None:
        """Freezes the input layer, the blocks and the output layer."""
        for layer in (self.input, self.blocks, self.output):
            layer.requires_grad_(False)


class _UnsetLinear(nn.Linear):
    """A linear layer whose numbers are not set when it is made: torch would draw them from the global generator.

    `nn.utils.skip_init` does so by way of the device "meta", for which torch imports its compiler.
    """

    def reset_parameters(self) -> None:
        """Leaves weights and bias as they are."""


def _linear(
    inputs: int,
    outputs: int,
    generator: torch.Generator,
    device: torch.device,
    *,
    nonlinearity: Literal["relu", "linear"] = "relu",
) -> nn.Linear:
    """Builds a linear layer with He initialisation (https://arxiv.org/abs/1502.01852), which preserves the signal's
    variance through ReLU blocks. torch's default does not, and draws from the global generator."""
    layer = _UnsetLinear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity=nonlinearity, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer.to(device)
