"""One trial of a sweep by itself: its parameters, and the number and the seed that go with them.

Wherever a trial runs without its sweep (a pod, a pipeline step), all of it follows from the sweep's configuration and
the values of the searched parameters, or the trial's number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.trials import read_history
from morphogenetic_engine.sweeps.space.seeds import derived_seed, trial_seed
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER, FindsPoints
from morphogenetic_engine.trial import Params, Value, text


@dataclass(frozen=True)
class PlannedTrial:
    """The number, seed and parameters of a trial before it runs."""

    number: int
    seed: int
    params: Params
    """Fixed and searched parameters together."""
    placed: bool = True
    """True if the number is the trial's place in the sweep; otherwise it is 0 as a placeholder."""
    parent: int | None = None
    """The trial from whose files it goes on."""


def read_point(config: SweepConfig, written: Mapping[str, str]) -> dict[str, Value]:
    """Returns the searched parameters parsed from text; one for each axis whose condition holds.

    Raises:
        ConfigError: a parameter is unknown, missing, inactive under its condition, or out of its range, or a
            constraint is broken.
    """
    space = config.space
    values = {name: space.parse(name, each) for name, each in written.items()}
    point: dict[str, Value] = {}
    for name in space.axes:
        if space.is_active(name, point):
            if name not in values:
                raise ConfigError(f"{name}: has no value; give each searched parameter one")
            point[name] = values[name]
        elif name in values:
            raise ConfigError(f"{name}: is not there with these values of {', '.join(space.conditions[name])}")
    broken = space.broken(point)
    if broken is not None:
        raise ConfigError(f"constraints: `{broken.text}` does not hold for {space.describe(point)}")
    return point


def trial_of_point(
    config: SweepConfig, point: Params, *, number: int | None = None, seed: int | None = None
) -> PlannedTrial:
    """Returns the trial that has these searched parameters.

    Where the strategy finds the number of a point, as a grid does, the trial has that number, and so the seed that it
    has in a local sweep. Elsewhere the number, where it is not given, is 0 and the seed follows from the sweep's seed
    and the values, so that the same configuration gives the same result wherever it runs.
    """
    if number is None and config.rules.known_ahead:
        design = design_of(config)
        number = design.find(point) if isinstance(design, FindsPoints) else None
    if seed is None:
        sweep_seed = config.optimization.seed
        written = ",".join(f"{name}={text(value)}" for name, value in point.items())
        seed = derived_seed(sweep_seed, f"point {written}") if number is None else trial_seed(sweep_seed, number)
    return PlannedTrial(number or 0, seed, {**config.space.fixed, **point}, placed=number is not None)


def trial_of_number(config: SweepConfig, number: int, *, seed: int | None = None) -> PlannedTrial:
    """Returns a trial of a sweep whose points are known ahead.

    Raises:
        ConfigError: the points follow from results, or there are not so many.
    """
    if not config.rules.known_ahead:
        raise ConfigError(
            f"trial {number}: its parameters follow from results in a {config.sweep_type} sweep; give them"
        )
    if config.optimization.strategy == "pbt":
        raise ConfigError(f"trial {number}: goes on from another trial of the sweep, and cannot be run by itself")
    design = design_of(config)
    if number >= design.trials:
        raise ConfigError(f"trial {number}: the sweep has {design.trials} trials, numbered from 0")
    params = design.suggest(number, NOTHING_EARLIER)
    return PlannedTrial(number, trial_seed(config.optimization.seed, number) if seed is None else seed, params)


def trial_again(folder: SweepFolder, number: int) -> PlannedTrial:
    """Returns a trial of a sweep that ran on this machine, with the same number, seed and parameters.

    Raises:
        ConfigError: the sweep has no such trial yet.
        SweepError: its journal is damaged.
    """
    trials = read_history(folder, keep_curves=False).trials
    if number not in trials:
        raise ConfigError(f"trial {number}: the sweep has not run it; it has run {len(trials)} trials")
    parent = trials[number].parent
    if parent is not None:
        raise ConfigError(f"trial {number}: goes on from the files of trial {parent}, and cannot be run by itself")
    return PlannedTrial(number, trials[number].seed, trials[number].params)


def trial_name(config: SweepConfig, trial: PlannedTrial) -> str:
    """Returns a name that identifies a trial of a sweep: a hash of its configuration, number, seed and parameters."""
    told = [config.identity, trial.number, trial.seed, sorted(trial.params.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
