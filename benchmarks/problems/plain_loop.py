"""A hand-written training loop for the engine's trunk: the reference for the engine's own epoch.

Fused Adam, batches by index, no DataLoader, losses summed on the device and read once an epoch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam

from morphogenetic_engine.engine.data.dataset import Dataset


def plain_network(*, features: int, classes: int, hidden_dim: int, num_layers: int) -> nn.Sequential:
    """Returns the trunk of the engine's network as torch's own layers."""
    blocks: list[nn.Module] = [nn.Linear(features, hidden_dim), nn.ReLU()]
    for _ in range(num_layers):
        blocks += [nn.Linear(hidden_dim, hidden_dim), nn.ReLU()]
    return nn.Sequential(*blocks, nn.Linear(hidden_dim, classes))


def plain_epoch(network: nn.Sequential, optimiser: Adam, data: Dataset, batch_size: int) -> list[float]:
    """Trains and validates one epoch; returns train loss, validation loss and validation accuracy."""
    x_NF, y_N = data.train.x_NF, data.train.y_N
    total = torch.zeros((), device=y_N.device)
    for index_B in torch.split(torch.randperm(len(y_N), device=y_N.device), batch_size):
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(x_NF[index_B]), y_N[index_B])
        torch.autograd.backward(loss)
        optimiser.step()
        total += loss.detach() * len(index_B)
    return [*torch.stack((total / len(y_N), *_validate(network, data))).tolist()]


@torch.no_grad()
def _validate(network: nn.Sequential, data: Dataset) -> tuple[Tensor, Tensor]:
    logits_NC = network(data.validation.x_NF)
    loss = functional.cross_entropy(logits_NC, data.validation.y_N)
    return loss, (logits_NC.argmax(dim=1) == data.validation.y_N).float().mean()
