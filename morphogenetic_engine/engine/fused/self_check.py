"""Trains one epoch of a run in a stack and alone, and compares every bit.

Kernels differ between machines, and may choose another order of additions for another shape. A width is stacked only
after this comparison; otherwise its runs train alone.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from morphogenetic_engine.engine.fused.growing import GrowingStack
from morphogenetic_engine.engine.fused.stack_kinds import Kind, Stage
from morphogenetic_engine.engine.fused.warm_up import WarmUpStack
from morphogenetic_engine.engine.run import Run

_log = logging.getLogger(__name__)

_COPIES = 3
_NEVER = 2.0
"""The largest drift that there can be."""


class SelfCheck:
    """The comparisons that were made in this process."""

    def __init__(self) -> None:
        self._known: dict[tuple[Kind, int], bool] = {}

    def agrees(self, kind: Kind, run: Run) -> bool:
        """Returns whether a run of this kind has the same bits in a stack as alone; its weights are its own now."""
        key = kind, run.settings.hidden_dim
        if key not in self._known:
            self._known[key] = _agrees(kind, run)
            if not self._known[key]:
                _log.warning(
                    "width %d, %s: not trained together, its bits would differ on this machine",
                    run.settings.hidden_dim,
                    kind.stage,
                )
        return self._known[key]


def stack_of(kind: Kind, runs: Sequence[Run]) -> WarmUpStack | GrowingStack:
    """Returns the stack of runs of one kind."""
    if kind.stage is Stage.WARM_UP:
        return WarmUpStack(sorted(runs, key=lambda run: run.settings.hidden_dim), kind.width)
    return GrowingStack(runs, kind.width)


def _agrees(kind: Kind, like: Run) -> bool:
    alone, *together = [_copy(like) for _ in range(_COPIES + 1)]
    alone.next_epoch()
    stack = stack_of(kind, together)
    stack.next_epoch()
    stack.write_back(together)
    return all(same_bits(alone, each) for each in together)


def _copy(run: Run) -> Run:
    """Returns a run in the same state that shares nothing with it but the data, and does not warn."""
    copied = Run(replace(run.settings, drift_warn=_NEVER), run.seed, run.data)
    if run.reading is not None:
        copied.restore(copy.deepcopy(run.state(0.0)))
    return copied


def same_bits(one: Run, other: Run) -> bool:
    """Returns whether two runs have the same weights, optimisers, seeds and measurements."""
    return one.reading == other.reading and _equal(
        [one.network.state_dict(), one.optimiser.state_dict(), one.growth.state()],
        [other.network.state_dict(), other.optimiser.state_dict(), other.growth.state()],
    )


def _equal(one: object, other: object) -> bool:
    """Compares values, and tensors by their numbers."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return one == other
