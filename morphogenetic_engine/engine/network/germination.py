"""The germination controller: when the network has stopped learning, and which seed shall germinate then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from morphogenetic_engine.engine.network.network import SeedState, SentinelSeed


class ControllerState(TypedDict):
    """What the controller has seen: the best loss, and for how many epochs it has not improved."""

    best_loss: float
    waited: int


@dataclass
class GerminationController:
    """Watches the validation loss and says when a germination is due."""

    patience: int
    delta: float
    acc_threshold: float
    best_loss: float = math.inf
    waited: int = 0

    def is_due(self, val_loss: float, val_acc: float) -> bool:
        """Take in one epoch; return whether `patience` epochs in a row brought no improvement of more than `delta`
        and accuracy is still under the threshold."""
        if val_loss < self.best_loss - self.delta:
            self.best_loss = val_loss
            self.waited = 0
        else:
            self.waited += 1
        return self.waited >= self.patience and val_acc < self.acc_threshold

    def restart(self) -> None:
        """Begin anew after a germination: the network that the best loss was measured on will change."""
        self.best_loss = math.inf
        self.waited = 0

    def state(self) -> ControllerState:
        """Return what `restore` needs."""
        return ControllerState(best_loss=self.best_loss, waited=self.waited)

    def restore(self, state: ControllerState) -> None:
        """Go on watching where the state was taken."""
        self.best_loss, self.waited = state["best_loss"], state["waited"]


def weakest(seeds: Sequence[SentinelSeed], health: Sequence[float]) -> int | None:
    """Return the position of the dormant seed whose block has the lowest health signal; None when none is dormant.

    Seeds of one block see the same activations; of equals the first is taken.
    """
    dormant = [position for position, seed in enumerate(seeds) if seed.state is SeedState.DORMANT]
    return min(dormant, key=lambda position: health[seeds[position].block], default=None)
