"""The problems of the engine: five synthetic ones, three data sets of scikit-learn, and data files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from morphogenetic_engine.engine.data.data_file import Floats, Labels, read_samples
from morphogenetic_engine.engine.randomness import Stream, numpy_generator
from morphogenetic_engine.engine.settings import DATA_SETS, FILE, TrainingSettings, radii_of

# N: samples, F: features


@dataclass(frozen=True)
class Problem:
    """Samples with their classes: x_NF features, y_N class numbers from 0."""

    x_NF: Floats
    y_N: Labels
    classes: int


def make_problem(settings: TrainingSettings) -> Problem:
    """Returns the configured problem, generated with `settings.seed`.

    Synthetic problems are padded with zeros to `input_dim`: the extra features carry no information and, unlike
    noise, are not scaled up when features are standardised. Data sets keep their own samples and features.

    Raises:
        StoreError: the data file cannot be read.
        ConfigError: it does not contain samples with classes.
    """
    if settings.problem_type == FILE:
        x_NF, y_N = read_samples(Path(settings.data_file))
        return Problem(x_NF, y_N, int(y_N.max()) + 1)
    if settings.problem_type in DATA_SETS:
        return _data_set(settings.problem_type)
    random = numpy_generator(settings.seed, Stream.DATA)
    x_NF, y_N = _SYNTHETIC[settings.problem_type](settings, random)
    padding = settings.input_dim - x_NF.shape[1]
    return Problem(np.pad(x_NF, ((0, 0), (0, padding))), y_N, int(y_N.max()) + 1)


def _halves(total: int) -> Labels:
    return np.arange(total) * 2 // total


def _spirals(settings: TrainingSettings, random: np.random.Generator) -> tuple[Floats, Labels]:
    """Two Archimedean arms, half a turn apart; the square root spreads the points evenly along them."""
    y_N = _halves(settings.n_samples)
    angle_N = np.sqrt(random.random(settings.n_samples)) * settings.rotations * 2 * np.pi
    radius_N = 2 * angle_N + np.pi
    turned_N = angle_N + np.pi * y_N
    x_NF = np.stack([radius_N * np.cos(turned_N), radius_N * np.sin(turned_N)], axis=1)
    return x_NF + random.normal(0.0, settings.noise, x_NF.shape), y_N


def _pair_of_moons(y_N: Labels, sep: float, random: np.random.Generator) -> Floats:
    """An upper half circle around (0, 0) and a lower one around (1, sep), both of radius 1."""
    angle_N = np.pi * random.random(len(y_N))
    sign_N = 1 - 2 * y_N
    return np.stack([y_N + sign_N * np.cos(angle_N), sep * y_N + sign_N * np.sin(angle_N)], axis=1)


def _moons(settings: TrainingSettings, random: np.random.Generator) -> tuple[Floats, Labels]:
    y_N = _halves(settings.n_samples)
    x_NF = _pair_of_moons(y_N, settings.moon_sep, random)
    return x_NF + random.normal(0.0, settings.moon_noise, x_NF.shape), y_N


def _complex_moons(settings: TrainingSettings, random: np.random.Generator) -> tuple[Floats, Labels]:
    """Two pairs of interlocked moons of radius 2: beside the first pair lies one turned by 90 degrees, classes
    exchanged, so that no single direction separates the classes."""
    y_N = _halves(settings.n_samples)
    pair_N = np.arange(settings.n_samples) % 2
    first_NF = 2 * _pair_of_moons(y_N, 0.5, random)
    second_NF = 2 * _pair_of_moons(1 - y_N, 0.5, random)[:, ::-1] * (-1.0, 1.0) + (7.0, -1.0)
    x_NF = np.where(pair_N[:, None] == 0, first_NF, second_NF)
    return x_NF + random.normal(0.0, settings.noise, x_NF.shape), y_N


def _clusters(settings: TrainingSettings, random: np.random.Generator) -> tuple[Floats, Labels]:
    y_N = np.repeat(np.arange(settings.cluster_count), settings.cluster_size)
    angle_N = 2 * np.pi * y_N / settings.cluster_count
    radius = settings.cluster_sep / (2 * np.sin(np.pi / settings.cluster_count))
    centre_NF = radius * np.stack([np.cos(angle_N), np.sin(angle_N)], axis=1)
    return centre_NF + random.normal(0.0, settings.cluster_std, centre_NF.shape), y_N


def _spheres(settings: TrainingSettings, random: np.random.Generator) -> tuple[Floats, Labels]:
    y_N = np.repeat(np.arange(settings.sphere_count), settings.sphere_size)
    direction_NF = random.normal(size=(len(y_N), 3))
    direction_NF /= np.linalg.norm(direction_NF, axis=1, keepdims=True)
    radius_N = np.asarray(radii_of(settings.sphere_radii))[y_N] + random.normal(0.0, settings.sphere_noise, len(y_N))
    return direction_NF * radius_N[:, None], y_N


_SYNTHETIC: Mapping[str, Callable[[TrainingSettings, np.random.Generator], tuple[Floats, Labels]]] = {
    "spirals": _spirals,
    "moons": _moons,
    "complex_moons": _complex_moons,
    "clusters": _clusters,
    "spheres": _spheres,
}


def _data_set(name: str) -> Problem:
    # scikit-learn can take longer to import than a trial takes to train; synthetic problems do not need it.
    from sklearn import datasets  # pylint: disable=import-outside-toplevel

    load = {"digits": datasets.load_digits, "wine": datasets.load_wine, "breast_cancer": datasets.load_breast_cancer}
    x_NF, y_N = load[name](return_X_y=True)
    return Problem(np.asarray(x_NF, np.float64), np.asarray(y_N, np.int64), int(y_N.max()) + 1)
