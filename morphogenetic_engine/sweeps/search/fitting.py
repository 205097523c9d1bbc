"""Checks a sampler and a pruner against a sweep: the space, the objectives, the installed packages."""

from __future__ import annotations

from importlib.util import find_spec

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import PrunerKind, SamplerKind
from morphogenetic_engine.sweeps.space.parameter_axes import Choices

_SAMPLER = "optimization.sampler"


def check_sampler(name: str, kind: SamplerKind, config: SweepConfig) -> None:
    """Checks that a sampler can search the space of a sweep.

    Raises:
        ConfigError: it cannot; the message says what to use.
    """
    _check_packages(_SAMPLER, name, kind.packages, kind.extras)
    space = config.space
    choices = [axis for axis, parameter in space.axes.items() if isinstance(parameter, Choices) and parameter.size > 1]
    if choices and not kind.categorical:
        raise ConfigError(
            f"{_SAMPLER}: {name} cannot search choices, but {choices[0]} has them; use TPE, or make it a range"
        )
    weighted = next((name for name, axis in space.axes.items() if isinstance(axis, Choices) and axis.probabilities), "")
    if weighted and not kind.probabilities:
        raise ConfigError(f"{_SAMPLER}: {name} knows no probabilities, but {weighted} has some; use sweep_type sobol")
    if space.conditions and not kind.conditional:
        conditional = next(iter(space.conditions))
        raise ConfigError(f"{_SAMPLER}: {name} cannot search conditions, but {conditional} has one; use TPE")
    if len(config.optimization.all_objectives) > 1 and not kind.several_objectives:
        raise ConfigError(f"{_SAMPLER}: {name} takes one objective; use NSGAII or TPE")
    if config.optimization.outcome_constraints and not kind.outcome_constraints:
        raise ConfigError(
            f"{_SAMPLER}: {name} does not use outcome_constraints, and would search where they are broken; use TPE,"
            " GP or NSGAII"
        )
    if len(space.axes) < kind.least_axes:
        raise ConfigError(f"{_SAMPLER}: {name} needs {kind.least_axes} searched parameters at least; use TPE")


def check_pruner(name: str, kind: PrunerKind, config: SweepConfig) -> None:
    """Checks that a pruner can decide about the trials of a sweep.

    Raises:
        ConfigError: it cannot.
    """
    where = "optimization.pruner"
    _check_packages(where, name, kind.packages, kind.extras)
    if len(config.optimization.all_objectives) > 1 and not kind.several_objectives:
        raise ConfigError(f"{where}: {name} takes one objective; use none")


def _check_packages(where: str, name: str, packages: tuple[str, ...], extras: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            raise ConfigError(f"{where}: {name} needs {package}: pip install 'morphogenetic-engine[{extras}]'")
