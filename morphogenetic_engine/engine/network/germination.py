"""The germination controller: detects a plateau, and selects the seed that germinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from morphogenetic_engine.engine.network.network import SeedState, SentinelSeed


class ControllerState(TypedDict):
    """The state of the controller: the best loss, and the number of epochs without an improvement."""

    best_loss: float
    waited: int


@dataclass
class GerminationController:
    """Monitors the validation loss and signals when a germination is due."""

    patience: int
    delta: float
    acc_threshold: float
    best_loss: float = math.inf
    waited: int = 0

    def is_due(self, val_loss: float, val_acc: float) -> bool:
        """Records one epoch; returns whether `patience` epochs in a row brought no improvement of more than `delta`
        and accuracy is still under the threshold."""
        if val_loss < self.best_loss - self.delta:
            self.best_loss = val_loss
            self.waited = 0
        else:
            self.waited += 1
        return self.waited >= self.patience and val_acc < self.acc_threshold

    def restart(self) -> None:
        """Resets the controller after a germination: the best loss was measured on a network that now changes."""
        self.best_loss = math.inf
        self.waited = 0

    def state(self) -> ControllerState:
        """Returns the state for `restore`."""
        return ControllerState(best_loss=self.best_loss, waited=self.waited)

    def restore(self, state: ControllerState) -> None:
        """Restores the state that `state` returned."""
        self.best_loss, self.waited = state["best_loss"], state["waited"]


def weakest(seeds: Sequence[SentinelSeed], health: Sequence[float]) -> int | None:
    """Returns the position of the dormant seed whose block has the lowest health signal; None if none is dormant.

    Seeds of one block have the same signal; ties go to the first.
    """
    dormant = [position for position, seed in enumerate(seeds) if seed.state is SeedState.DORMANT]
    return min(dormant, key=lambda position: health[seeds[position].block], default=None)
