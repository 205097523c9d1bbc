"""The parameters of a training run with their units, defaults and ranges."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar, get_type_hints

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.trial import Params, Value

OWN_DIMENSION: Mapping[str, int] = {"spirals": 2, "moons": 2, "clusters": 2, "spheres": 3, "complex_moons": 2}
"""The synthetic problems, and how many features each has before it is padded to `input_dim`."""

DATA_SETS = ("digits", "wine", "breast_cancer")
"""The data sets that scikit-learn ships."""

FILE = "file"
"""The `problem_type` whose samples are in `data_file`."""

PROBLEMS = (*OWN_DIMENSION, *DATA_SETS, FILE)
"""Every `problem_type`."""

DATA_PARAMETERS = (
    "n_samples",
    "input_dim",
    "noise",
    "rotations",
    "moon_noise",
    "moon_sep",
    "cluster_count",
    "cluster_size",
    "cluster_std",
    "cluster_sep",
    "sphere_count",
    "sphere_size",
    "sphere_radii",
    "sphere_noise",
)
"""The parameters that determine the samples of a problem, besides `problem_type` and `seed`."""

_MORE_THAN = {
    "train_frac": 0.0,
    "cluster_std": 0.0,
    "lr": 0.0,
    "shadow_lr": 0.0,
    "rotations": 0.0,
}
_AT_LEAST = {
    "n_samples": 10,
    "input_dim": 1,
    "batch_size": 1,
    "seed": 0,
    "noise": 0.0,
    "moon_noise": 0.0,
    "cluster_count": 2,
    "cluster_size": 5,
    "cluster_sep": 0.0,
    "sphere_count": 2,
    "sphere_size": 5,
    "sphere_noise": 0.0,
    "warm_up_epochs": 0,
    "adaptation_epochs": 0,
    "hidden_dim": 1,
    "num_layers": 1,
    "seeds_per_layer": 0,
    "blend_steps": 1,
    "progress_thresh": 0.0,
    "drift_warn": 0.0,
    "acc_threshold": 0.0,
    "patience": 1,
    "delta": 0.0,
    "checkpoint_every": 0,
    "threads": 1,
}
_LESS_THAN = {"train_frac": 1.0, "progress_thresh": 1.0}
_AT_MOST = {"acc_threshold": 1.0, "drift_warn": 2.0}


# One attribute per parameter.
@dataclass(frozen=True)
class TrainingSettings:  # pylint: disable=too-many-instance-attributes
    """Every parameter of one training run; an instance is always valid.

    Raises:
        ConfigError: a value is out of its range, or two values do not fit together.
    """

    problem_type: str = "spirals"
    """The problem: spirals, moons, clusters, spheres, complex_moons; digits, wine, breast_cancer; file."""
    data_file: str = ""
    """Samples to learn from, which `morphogenetic data` writes: .npz with x and y. Sets problem_type to file."""
    n_samples: int = 2000
    """Points of spirals, moons and complex_moons, all classes together; the other problems have their own sizes."""
    input_dim: int = 3
    """Features of a synthetic problem; those beyond the problem's own two or three hold zeros."""
    train_frac: float = 0.7
    """Share of the data that trains; the rest is halved into validation and test."""
    batch_size: int = 64
    """Samples in one optimisation step; the last batch of an epoch may be smaller."""
    device: str = "auto"
    """The device: cpu, cuda, cuda:1; auto takes the first GPU if there is one."""
    seed: int = 42
    """Fixes data, split, weights and batch order. Left out, data and split are those of the default and the rest
    follows the trial's own seed, so that the configurations of a sweep are compared on the same data."""

    noise: float = 0.25
    """Standard deviation around the curves of spirals (arms 2 pi apart) and complex_moons (radius 2)."""
    rotations: float = 4.0
    """Turns of each arm of the spirals; with 4 the default trunk alone does not get far, and growth shows."""
    moon_noise: float = 0.1
    """Standard deviation around the moons, whose radius is 1."""
    moon_sep: float = 0.5
    """Vertical offset of the second moon into the first; 0.5 interlocks them, below 0 separates them."""
    cluster_count: int = 4
    """Gaussian clusters, each a class, on a circle."""
    cluster_size: int = 500
    """Points of each cluster."""
    cluster_std: float = 0.5
    """Standard deviation of each cluster in each direction."""
    cluster_sep: float = 3.0
    """Distance between the centres of neighbouring clusters."""
    sphere_count: int = 2
    """Concentric spherical shells, each a class."""
    sphere_size: int = 500
    """Points of each shell."""
    sphere_radii: str = "1.0,2.0"
    """Radii of the shells, one per sphere, comma-separated."""
    sphere_noise: float = 0.05
    """Standard deviation of the distance from the centre."""

    warm_up_epochs: int = 50
    """Epochs in which the whole network trains and no seed germinates."""
    adaptation_epochs: int = 200
    """Epochs in which the trunk is frozen and only germinated seeds train."""
    lr: float = 3e-3
    """Learning rate of the warm-up (Adam); germinated seeds learn the task at a tenth of it."""
    hidden_dim: int = 128
    """Width of every block."""
    num_layers: int = 8
    """Blocks between the input and the output layer."""
    seeds_per_layer: int = 1
    """Sentinel seeds behind each block; 0 is a network that cannot grow."""

    blend_steps: int = 30
    """Optimisation steps in which the share of a seed's child rises from 0 to 1; a little over a default epoch."""
    shadow_lr: float = 1e-3
    """Learning rate with which a child learns to reconstruct its block's activations; Adam's usual one."""
    progress_thresh: float = 0.6
    """Progress from which a child is blended in: the share of its first reconstruction loss that is gone."""
    drift_warn: float = 0.12
    """Drift (1 - cosine similarity of a seed's input and output) over which a seed is logged as a warning."""
    acc_threshold: float = 0.95
    """Validation accuracy from which nothing germinates."""
    patience: int = 15
    """Epochs without an improvement after which a seed germinates."""
    delta: float = 1e-4
    """Smallest fall of the validation loss that counts as an improvement."""

    save_model: bool = True
    """True: the trained network is written to model.pt in the trial's folder."""
    checkpoint_every: int = 0
    """Epochs between checkpoints in the trial's folder, from which a killed trial continues; 0 writes none."""
    threads: int = 1
    """Threads inside one operation. Fixed rather than taken from the machine: their number can change the last bits
    of a sum, and one trial a core is the faster way to use many cores."""

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_range(field.name, getattr(self, field.name))
        _check_choice("problem_type", self.problem_type, PROBLEMS)
        if re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device) is None:
            raise ConfigError(f"device: must be one of auto, cpu, cuda, cuda:<number>, but got {self.device!r}")
        _check_together(self, radii_of(self.sphere_radii))

    @classmethod
    def from_params(cls, params: Params) -> TrainingSettings:
        """Builds the settings from the parameters of a trial; omitted parameters take their defaults.

        Raises:
            ConfigError: a name is unknown, or a value has the wrong type or is out of its range.
        """
        kinds = get_type_hints(cls)
        for name in params:
            if name not in kinds:
                raise ConfigError(f"{name}: is not a parameter of the engine{did_you_mean(name, kinds)}")
        # Any: keyword arguments of several types have no closer common type, and _typed has just checked each
        values: dict[str, Any] = {name: _typed(name, value, kinds[name]) for name, value in params.items()}
        if values.get("data_file"):
            values.setdefault("problem_type", FILE)
        return cls(**values)


PARAMETERS = frozenset(field.name for field in fields(TrainingSettings))
"""The names that `TrainingSettings.from_params` knows."""


def radii_of(text: str) -> tuple[float, ...]:
    """Parses `sphere_radii`.

    Raises:
        ConfigError: the text is not a comma-separated list of positive numbers.
    """
    try:
        radii = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(f"sphere_radii: must be comma-separated numbers, but got {text!r}") from error
    if not all(0 < radius < math.inf for radius in radii):
        raise ConfigError(f"sphere_radii: must be finite and > 0, but got {text!r}")
    return radii


_Value = TypeVar("_Value", bound=Value)
_NOUN = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def _typed(name: str, value: Value, kind: type) -> Value:
    # bool is a subclass of int, but true is not a number to a user.
    if isinstance(value, bool) and kind is not bool:
        return _expect(name, value, False, _NOUN[kind])
    if kind is float and isinstance(value, int):
        return _expect(name, value, abs(value) <= sys.float_info.max, "finite") * 1.0
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return _expect(name, value, isinstance(value, kind), _NOUN[kind])


def _expect(name: str, value: _Value, holds: bool, rule: str) -> _Value:
    if not holds:
        raise ConfigError(f"{name}: must be {rule}, but got {name}={value!r}")
    return value


def _check_range(name: str, value: Value) -> None:
    if isinstance(value, str):
        return
    # math.isfinite overflows on huge integers.
    _expect(name, value, isinstance(value, int) or math.isfinite(value), "finite")
    if name in _MORE_THAN:
        _expect(name, value, value > _MORE_THAN[name], f"> {_MORE_THAN[name]:g}")
    if name in _AT_LEAST:
        _expect(name, value, value >= _AT_LEAST[name], f">= {_AT_LEAST[name]:g}")
    if name in _LESS_THAN:
        _expect(name, value, value < _LESS_THAN[name], f"< {_LESS_THAN[name]:g}")
    if name in _AT_MOST:
        _expect(name, value, value <= _AT_MOST[name], f"<= {_AT_MOST[name]:g}")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        listed = ", ".join(choices)
        raise ConfigError(f"{name}: must be one of {listed}, but got {value!r}{did_you_mean(value, choices)}")


def _check_together(settings: TrainingSettings, radii: tuple[float, ...]) -> None:
    own = OWN_DIMENSION.get(settings.problem_type, 1)
    if settings.input_dim < own:
        rule = f"must be >= {own} for problem_type={settings.problem_type}"
        raise ConfigError(f"input_dim: {rule}, but got input_dim={settings.input_dim}")
    if (settings.problem_type == FILE) != bool(settings.data_file):
        rule = f"must be given when problem_type is {FILE}, and only then"
        raise ConfigError(f"data_file: {rule}, but got problem_type={settings.problem_type}")
    if settings.problem_type == "spheres" and len(radii) != settings.sphere_count:
        rule = f"must hold one radius a sphere, sphere_count={settings.sphere_count}"
        raise ConfigError(f"sphere_radii: {rule}, but got {settings.sphere_radii!r}")
    if settings.warm_up_epochs + settings.adaptation_epochs < 1:
        raise ConfigError("warm_up_epochs: must be >= 1 when adaptation_epochs is 0, but got warm_up_epochs=0")
