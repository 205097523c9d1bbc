"""Splits are disjoint and stratified, features are standardised by training data, and batches cover all samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.engine.data.dataset import (
    Samples,
    Standardisation,
    prepare,
    shuffled_batches,
    stratified_split,
)
from morphogenetic_engine.engine.data.problems import Problem, make_problem
from morphogenetic_engine.engine.randomness import torch_generator
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.errors import ConfigError

CPU = torch.device("cpu")


@given(
    sizes=st.lists(st.integers(20, 60), min_size=1, max_size=5),
    train_frac=st.floats(0.1, 0.9),
    seed=st.integers(0, 2**64),
)
def test_splits_are_disjoint_complete_and_stratified(sizes: list[int], train_frac: float, seed: int) -> None:
    y_N = np.repeat(np.arange(len(sizes)), sizes)
    parts = stratified_split(y_N, train_frac, np.random.default_rng(seed))
    assert sorted(np.concatenate(parts)) == list(range(len(y_N)))
    rest = (1 - train_frac) / 2
    for part, share in zip(parts, (train_frac, rest, rest), strict=True):
        counts = np.bincount(y_N[part], minlength=len(sizes))
        assert np.all(np.abs(counts - share * np.array(sizes)) <= 1.0)


def test_odd_remainders_do_not_add_up_to_a_larger_test_split() -> None:
    y_N = np.repeat([0, 1, 2, 3], 25)
    assert [len(part) for part in stratified_split(y_N, 0.72, np.random.default_rng(0))] == [72, 14, 14]


def test_a_class_too_small_for_three_splits_is_refused() -> None:
    y_N = np.array([0] * 20 + [1] * 2)
    with pytest.raises(ConfigError, match="train_frac: must leave every class .* 0.7 of 2 samples of class 1"):
        stratified_split(y_N, 0.7, np.random.default_rng(0))


def test_training_features_have_mean_zero_and_deviation_one() -> None:
    data = prepare(make_problem(TrainingSettings(problem_type="wine")), train_frac=0.7, seed=1, device=CPU)
    x_NF = data.train.x_NF.double()
    assert torch.allclose(x_NF.mean(dim=0), torch.zeros(13).double(), atol=1e-5)
    assert torch.allclose(x_NF.std(dim=0, correction=0), torch.ones(13).double(), atol=1e-5)
    assert x_NF.dtype is torch.float64 and data.train.x_NF.dtype is torch.float32
    assert data.classes == 3 and data.features == 13


def test_only_the_training_split_decides_the_standardisation() -> None:
    problem = make_problem(TrainingSettings(n_samples=100))
    data = prepare(problem, train_frac=0.5, seed=1, device=CPU)
    parts = stratified_split(problem.y_N, 0.5, np.random.default_rng(0))
    assert [len(part) for part in parts] == [len(part) for part in (data.train, data.validation, data.test)]
    raw = data.train.x_NF.double() * data.standardisation.scale_F + data.standardisation.mean_F
    assert torch.allclose(raw.mean(dim=0), data.standardisation.mean_F, atol=1e-4)
    assert not torch.allclose(data.standardisation.mean_F, torch.tensor(problem.x_NF).mean(dim=0), atol=1e-4)


def test_a_feature_that_never_changes_becomes_zero() -> None:
    x_NF = torch.tensor([[5.0, 1.0], [5.0, 3.0]])
    assert Standardisation.of(x_NF).apply(x_NF).tolist() == [[0.0, -1.0], [0.0, 1.0]]


def test_another_seed_splits_otherwise() -> None:
    problem = Problem(np.arange(40.0)[:, None], np.arange(40) % 2, 2)
    first, again, other = (prepare(problem, train_frac=0.5, seed=seed, device=CPU).test.x_NF for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


@given(size=st.integers(1, 30), seed=st.integers(0, 100))
def test_batches_hold_every_sample_once_with_its_label(size: int, seed: int) -> None:
    samples = Samples(torch.arange(23.0)[:, None], torch.arange(23))
    batches = list(shuffled_batches(samples, size, torch_generator(seed)))
    assert all(len(y_B) == size for _, y_B in batches[:-1])
    for x_BF, y_B in batches:
        assert torch.equal(x_BF[:, 0].long(), y_B)
    assert torch.cat([y_B for _, y_B in batches]).sort().values.tolist() == list(range(23))


def test_every_epoch_has_its_own_order() -> None:
    samples = Samples(torch.arange(23.0)[:, None], torch.arange(23))
    generator = torch_generator(0)
    first, second = (next(shuffled_batches(samples, 23, generator))[1] for _ in range(2))
    assert not torch.equal(first, second)
