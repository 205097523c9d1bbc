"""The problems have the shape, the classes and the difficulty that the settings determine."""

from __future__ import annotations

import numpy as np
import pytest

from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.settings import OWN_DIMENSION, TrainingSettings

SYNTHETIC = sorted(OWN_DIMENSION)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_same_seed_same_problem_and_another_seed_another_one(name: str) -> None:
    first, again, other = (make_problem(TrainingSettings(problem_type=name, seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.x_NF, again.x_NF) and np.array_equal(first.y_N, again.y_N)
    assert not np.array_equal(first.x_NF, other.x_NF)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_padding_adds_zeros_and_changes_nothing_else(name: str) -> None:
    own = OWN_DIMENSION[name]
    narrow, wide = (make_problem(TrainingSettings(problem_type=name, input_dim=own + extra)) for extra in (0, 4))
    assert wide.x_NF.shape[1] == own + 4
    assert np.array_equal(wide.x_NF[:, :own], narrow.x_NF)
    assert not wide.x_NF[:, own:].any()


@pytest.mark.parametrize("name", ["spirals", "moons", "complex_moons"])
@pytest.mark.parametrize("n_samples", [10, 101])
def test_two_classes_share_the_samples(name: str, n_samples: int) -> None:
    problem = make_problem(TrainingSettings(problem_type=name, n_samples=n_samples))
    assert problem.classes == 2
    assert sorted(np.bincount(problem.y_N)) == [n_samples // 2, n_samples - n_samples // 2]


def test_noiseless_spiral_arms_keep_their_distance() -> None:
    problem = make_problem(TrainingSettings(noise=0.0, rotations=1.0, n_samples=400, input_dim=2))
    first, second = (problem.x_NF[problem.y_N == label] for label in (0, 1))
    nearest = np.linalg.norm(first[:, None] - second[None], axis=2).min()
    assert 4.0 < nearest < 2 * np.pi


def test_noise_is_a_standard_deviation() -> None:
    quiet, loud = (make_problem(TrainingSettings(noise=noise, input_dim=2)).x_NF for noise in (0.0, 0.5))
    assert np.std(loud - quiet) == pytest.approx(0.5, rel=0.05)


def test_negative_moon_sep_pulls_the_moons_apart() -> None:
    problem = make_problem(TrainingSettings(problem_type="moons", moon_noise=0.0, moon_sep=-0.5, input_dim=2))
    upper, lower = (problem.x_NF[problem.y_N == label, 1] for label in (0, 1))
    assert upper.min() >= 0.0 and lower.max() <= -0.5


def test_no_single_direction_parts_complex_moons() -> None:
    problem = make_problem(TrainingSettings(problem_type="complex_moons", noise=0.0, input_dim=2))
    design = np.c_[problem.x_NF, np.ones(len(problem.x_NF))]
    weights = np.linalg.lstsq(design, 2.0 * problem.y_N - 1, rcond=None)[0]
    assert np.mean((design @ weights > 0) == problem.y_N) < 0.9


def test_neighbouring_clusters_are_cluster_sep_apart() -> None:
    settings = TrainingSettings(problem_type="clusters", cluster_count=5, cluster_size=2000, cluster_sep=4.0)
    problem = make_problem(settings)
    centres = np.stack([problem.x_NF[problem.y_N == label].mean(axis=0) for label in range(5)])
    assert problem.classes == 5
    assert np.linalg.norm(centres - np.roll(centres, 1, axis=0), axis=1) == pytest.approx(4.0, abs=0.1)


def test_spheres_have_the_radii_that_are_listed() -> None:
    settings = TrainingSettings(
        problem_type="spheres", sphere_count=3, sphere_radii="1, 2,4.5", sphere_size=300, sphere_noise=0.01
    )
    problem = make_problem(settings)
    radii = np.linalg.norm(problem.x_NF, axis=1)
    means = [radii[problem.y_N == label].mean() for label in range(3)]
    assert means == pytest.approx([1.0, 2.0, 4.5], abs=0.01)


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("digits", (1797, 64), 10), ("wine", (178, 13), 3), ("breast_cancer", (569, 30), 2)],
)
def test_data_sets_ignore_what_shapes_synthetic_problems(name: str, shape: tuple[int, int], classes: int) -> None:
    problem = make_problem(TrainingSettings(problem_type=name, n_samples=50, input_dim=1, noise=9.0, seed=7))
    assert (problem.x_NF.shape, problem.classes) == (shape, classes)
    assert problem.x_NF.dtype == np.float64 and problem.y_N.dtype == np.int64
