"""A data set ready for training: split, standardised, moved to the device, and served in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from morphogenetic_engine.engine.data.data_file import Labels
from morphogenetic_engine.engine.data.problems import Problem
from morphogenetic_engine.engine.randomness import Stream, numpy_generator
from morphogenetic_engine.errors import ConfigError

# N: samples, B: samples of a batch, F: features


@dataclass(frozen=True)
class Samples:
    """One split: x_NF float32 features, y_N int64 class numbers."""

    x_NF: Tensor
    y_N: Tensor

    def __len__(self) -> int:
        return len(self.y_N)


@dataclass(frozen=True)
class Standardisation:
    """Mean and standard deviation of each feature of the training split; applied to all input of the network."""

    mean_F: Tensor
    scale_F: Tensor

    @classmethod
    def of(cls, x_NF: Tensor) -> Standardisation:
        """Computes the statistics of samples. A constant feature keeps its scale, so that zeros stay zeros."""
        scale_F, mean_F = torch.std_mean(x_NF.double(), dim=0, correction=0)
        return cls(mean_F, torch.where(scale_F > 1e-12, scale_F, torch.ones_like(scale_F)))

    def apply(self, x_NF: Tensor) -> Tensor:
        """Returns the standardised samples as float32."""
        return ((x_NF.double() - self.mean_F) / self.scale_F).float()


@dataclass(frozen=True)
class Dataset:
    """Three disjoint splits: `train` for gradients, `validation` for decisions, `test` for the final accuracy only."""

    train: Samples
    validation: Samples
    test: Samples
    standardisation: Standardisation
    classes: int

    @property
    def features(self) -> int:
        """The number of features per sample."""
        return self.train.x_NF.shape[1]


def prepare(problem: Problem, *, train_frac: float, seed: int, device: torch.device) -> Dataset:
    """Builds the stratified, seeded splits of a problem, standardised with the statistics of the training split.

    Raises:
        ConfigError: a class has too few samples to be in all three splits.
    """
    parts = stratified_split(problem.y_N, train_frac, numpy_generator(seed, Stream.SPLIT))
    # torch.tensor copies: torch aligns its own memory, which determines the order of summation.
    x_NF, y_N = torch.tensor(problem.x_NF), torch.tensor(problem.y_N)
    standardisation = Standardisation.of(x_NF[torch.tensor(parts[0])])
    train, validation, test = (
        Samples(standardisation.apply(x_NF[part]).to(device), y_N[part].to(device)) for part in map(torch.tensor, parts)
    )
    return Dataset(train, validation, test, standardisation, problem.classes)


def stratified_split(y_N: Labels, train_frac: float, random: np.random.Generator) -> tuple[Labels, Labels, Labels]:
    """Returns the sample indices of train, validation and test, stratified by class (to within one sample).

    Raises:
        ConfigError: a class has too few samples to be in all three.
    """
    parts: tuple[list[Labels], list[Labels], list[Labels]] = ([], [], [])
    for label in np.unique(y_N):
        members = random.permutation(np.flatnonzero(y_N == label))
        train_end = round(train_frac * len(members))
        # Rounding up for every other class keeps validation and test the same size.
        validation_end = train_end + (len(members) - train_end + int(label) % 2) // 2
        if not 0 < train_end < validation_end < len(members):
            rule = "must leave every class samples to train, validate and test"
            raise ConfigError(f"train_frac: {rule}, but got {train_frac} of {len(members)} samples of class {label}")
        for part, chosen in zip(parts, np.split(members, [train_end, validation_end]), strict=True):
            part.append(chosen)
    train, validation, test = (random.permutation(np.concatenate(part)) for part in parts)
    return train, validation, test


def shuffled_batches(samples: Samples, size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yields batches (x_BF, y_B) of all samples in a new order; gathered once per epoch, not once per batch."""
    order_N = torch.randperm(len(samples), generator=generator).to(samples.y_N.device)
    return zip(torch.split(samples.x_NF[order_N], size), torch.split(samples.y_N[order_N], size), strict=True)
