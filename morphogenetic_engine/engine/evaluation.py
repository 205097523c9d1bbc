"""Loss, accuracy and block statistics of a network on a split. Results stay on the device until they are read."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from morphogenetic_engine.engine.data.dataset import Samples
from morphogenetic_engine.engine.network.network import Network, SeedState

CHUNK = 4096
"""The number of samples per forward pass, which bounds memory; health signals are computed on this many samples."""


@torch.no_grad()
def score(network: Network, samples: Samples) -> Tensor:
    """Returns (mean cross-entropy, accuracy) as float64 on the device, computed in chunks of CHUNK samples."""
    total = torch.zeros(2, dtype=torch.float64, device=samples.y_N.device)
    for x_BF, y_B in zip(torch.split(samples.x_NF, CHUNK), torch.split(samples.y_N, CHUNK), strict=True):
        logits_BC = network(x_BF)
        loss = functional.cross_entropy(logits_BC, y_B, reduction="sum")
        total += torch.stack((loss, (logits_BC.argmax(dim=1) == y_B).sum()))
    return total / len(samples)


@torch.no_grad()
def block_variances(network: Network, samples: Samples) -> list[float]:
    """Returns the health signal of each block's seeds: the variance of the block's activations over the samples,
    averaged over its units. A block with the same output for every sample has 0."""
    taps: list[Tensor] = []
    network(samples.x_NF[:CHUNK], taps)
    values: list[float] = torch.stack([x_BD.var(dim=0, correction=0).mean() for x_BD in taps]).tolist()
    return values


@torch.no_grad()
def drifts(network: Network, samples: Samples) -> Tensor:
    """Returns the drift of each blending or active seed, in the order of `network.seeds`.

    Drift is 1 - cosine similarity of the seed's input and output, averaged over the samples; an input of zeros has no
    direction to drift from and counts as 0.
    """
    taps: list[Tensor] = []
    network(samples.x_NF[:CHUNK], taps)
    seeds = [network.seeds[position] for position in network.positions(SeedState.BLENDING, SeedState.ACTIVE)]
    return torch.stack([drift_of(taps[seed.block], seed(taps[seed.block])) for seed in seeds])


def drift_of(x_BD: Tensor, y_BD: Tensor) -> Tensor:
    """Returns the drift between a seed's input and output."""
    turned_B = 1 - functional.cosine_similarity(x_BD, y_BD, dim=1)
    return torch.where(x_BD.any(dim=1), turned_B, 0.0).mean().double()
