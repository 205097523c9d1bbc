"""Trains one epoch of a run in a stack and alone, and compares every bit.

Kernels differ between machines, and may choose another order of additions for another shape. A width is stacked only
after this comparison; otherwise its runs train alone.
"""

from __future__ import annotations

import logging

import torch

from morphogenetic_engine.engine.fused.kinds import Kind
from morphogenetic_engine.engine.fused.warm_up import WarmUpStack
from morphogenetic_engine.engine.run import Run

_log = logging.getLogger(__name__)


class SelfCheck:
    """The comparisons that were made in this process."""

    def __init__(self) -> None:
        self._known: dict[tuple[Kind, int], bool] = {}

    def agrees(self, kind: Kind, run: Run) -> bool:
        """Returns whether a run of this kind has the same bits in a stack as alone."""
        key = kind, run.settings.hidden_dim
        if key not in self._known:
            self._known[key] = _agrees(kind, run)
            if not self._known[key]:
                width = run.settings.hidden_dim
                _log.warning("width %d is not trained together: its bits would differ on this machine", width)
        return self._known[key]


def _agrees(kind: Kind, like: Run) -> bool:
    alone, *together = [Run(like.settings, like.seed, like.data) for _ in range(4)]
    stack = WarmUpStack(together, kind.width)
    alone.next_epoch()
    stack.next_epoch()
    stack.write_back(together)
    return all(same_bits(alone, each) for each in together)


def same_bits(one: Run, other: Run) -> bool:
    """Returns whether two runs have the same weights, optimisers and measurements."""
    first, second = one.network.state_dict(), other.network.state_dict()
    if first.keys() != second.keys() or not all(torch.equal(first[name], second[name]) for name in first):
        return False
    moments, others = one.optimiser.state_dict()["state"], other.optimiser.state_dict()["state"]
    equal = moments.keys() == others.keys() and all(
        torch.equal(moments[place][name], others[place][name]) for place in moments for name in moments[place]
    )
    return equal and one.reading == other.reading
