"""Cross-entropy of a stack, summed in the order in which torch sums that of one run.

Names of tensors: K runs, B samples of a batch, R batches, C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_LEVELS = 8
_log_softmax_backward = torch.ops.aten._log_softmax_backward_data  # pylint: disable=protected-access


def loss_gradient(logp_KBC: Tensor, target_KBC: Tensor) -> Tensor:
    """Returns the gradient of each run's mean cross-entropy; `target_KBC` is -1 / B at the true class, otherwise 0."""
    gradient: Tensor = _log_softmax_backward(target_KBC, logp_KBC, 2, torch.float32)
    return gradient


def mean_losses(losses_RB: Tensor) -> Tensor:
    """Returns the means over the samples of a batch, by torch's cascade of partial sums."""
    count = losses_RB.shape[1]
    power = max(4, (count - 1).bit_length() // _LEVELS)
    columns = losses_RB.t().contiguous()
    sums = losses_RB.new_zeros(_LEVELS, losses_RB.shape[0])
    levels = list(sums)
    for number, column in enumerate(columns):
        levels[0] += column
        for level in range(_LEVELS - 1):
            if number & (((1 << power) - 1) << (level * power)):
                break
            levels[level + 1] += levels[level]
            levels[level].zero_()
    total = losses_RB.new_zeros(losses_RB.shape[0])
    for level_R in levels:
        total += level_R
    return total / count


def total_loss(logp_BC: Tensor, y_B: Tensor) -> Tensor:
    """Returns one run's cross-entropy, summed over the samples."""
    return functional.nll_loss(logp_BC, y_B, reduction="sum")
