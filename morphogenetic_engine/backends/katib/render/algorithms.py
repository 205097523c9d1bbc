"""Which of Katib's algorithms runs a sweep, with which settings, and what is lost on the way.

Names and settings: `runtime.suggestions` of Katib v0.19's katib-config and the services under pkg/suggestion/v1beta1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig, SweepType
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.search.registry import total_trials
from morphogenetic_engine.sweeps.space.search_space import Choices, Parameter
from morphogenetic_engine.trial import Value, text

MANY_POINTS = 1000
"""From here on the Suggestion, one object of the cluster's store, grows towards its limit of 1.5 MiB."""


class Algorithm(StrEnum):
    """Katib's names."""

    GRID = "grid"
    RANDOM = "random"
    SOBOL = "sobol"
    TPE = "tpe"
    MULTIVARIATE_TPE = "multivariate-tpe"
    CMAES = "cmaes"
    BAYESIAN_OPTIMIZATION = "bayesianoptimization"

    @property
    def forgets(self) -> bool:
        """Whether its service fails for good once its pod was replaced: what it knows is in memory only."""
        return self not in {Algorithm.RANDOM, Algorithm.TPE, Algorithm.BAYESIAN_OPTIMIZATION}


@dataclass(frozen=True)
class Loss:
    """Something that the sweep file says and Katib does not do."""

    key: str
    """Where the file says it."""
    text: str


@dataclass(frozen=True)
class Search:
    """How Katib searches."""

    algorithm: Algorithm
    trials: int
    settings: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = False
    """Whether Katib is given the trials' numbers instead of the axes: the points are exactly the sweep's own."""
    finest: bool = False
    """Whether the grid is of all values rather than of those that a grid takes."""
    losses: tuple[Loss, ...] = ()


def search_of(config: SweepConfig, *, parallel: int, exact: bool = False) -> Search:
    """Return how Katib searches; `exact` asks for the sweep's own points where they are known ahead.

    Raises:
        ConfigError: Katib has nothing that means the same.
    """
    kind = config.sweep_type
    if kind is SweepType.PROGRESSIVE:
        raise ConfigError("sweep_type: progressive cannot run on Katib, whose grids know no results; use bayesian")
    if kind is SweepType.BAYESIAN:
        if exact:
            raise ConfigError("exact: the points of a bayesian sweep follow from results; Katib finds its own")
        return _bayesian(config, parallel)
    numbered = kind is SweepType.LATIN_HYPERCUBE or (kind is SweepType.GRID and not _is_plain_grid(config))
    if exact or numbered or not _searched(config):
        return Search(Algorithm.GRID, _length(config), numbered=True, losses=tuple(_design_losses(config)))
    if kind is SweepType.GRID:
        return Search(Algorithm.GRID, _length(config), losses=tuple(_design_losses(config)))
    losses = [Loss("sweep_type", f"Katib draws its own {kind} points, not those of a local sweep (--exact keeps them)")]
    settings: dict[str, str] = {}
    if kind is SweepType.SOBOL:
        losses.append(Loss("optimization.seed", "Katib's Sobol sequence is always the same one, not scrambled"))
    else:
        losses.append(Loss("sweep_type", "points may come twice"))
        settings = {"random_state": str(config.optimization.seed)}
    algorithm = Algorithm.SOBOL if kind is SweepType.SOBOL else Algorithm.RANDOM
    return Search(algorithm, _length(config), settings, losses=(*losses, *_drawn_losses(config)))


def _length(config: SweepConfig) -> int:
    return len(design_of(config))


def _is_plain_grid(config: SweepConfig) -> bool:
    """Tell whether the product of the axes is the sweep: no conditions, not cut short, the baseline on the grid."""
    product = 1
    for axis in config.space.axes.values():
        product *= len(axis.grid())
    return bool(config.space.axes) and not config.space.conditions and _length(config) == product


def _design_losses(config: SweepConfig) -> Iterator[Loss]:
    trials = _length(config)
    yield Loss("sweep_type", "trials run in an order of Katib's; numbers, seeds and results are those of a local sweep")
    if trials > MANY_POINTS:
        yield Loss("parameters", f"{trials} trials are more than Katib's Suggestion holds well (about {MANY_POINTS})")


def _drawn_losses(config: SweepConfig) -> Iterator[Loss]:
    yield Loss("optimization.seed", "a trial's seed follows from its values instead of its number")
    if config.space.conditions:
        names = ", ".join(config.space.conditions)
        yield Loss(
            "parameters", f"Katib knows no conditions: it always assigns {names}; trials leave out what is not there"
        )
    if config.baseline is not None:
        yield Loss("parameters", "the baseline (default) does not run first: Katib takes no points of one's own")


def _bayesian(config: SweepConfig, parallel: int) -> Search:
    sampler, losses = _sampler(config)
    if sampler == "points":
        return Search(Algorithm.GRID, total_trials(config), finest=True, losses=tuple(losses))
    if sampler == "NSGAII":
        raise ConfigError("optimization.sampler: NSGAII has no like among Katib's algorithms; use TPE, CmaEs or GP")
    algorithm = {
        "TPE": Algorithm.MULTIVARIATE_TPE if parallel > 1 else Algorithm.TPE,
        "CmaEs": Algorithm.CMAES,
        "Random": Algorithm.RANDOM,
        "QMC": Algorithm.SOBOL,
        "GP": Algorithm.BAYESIAN_OPTIMIZATION,
    }[sampler]
    _check_fits(config, algorithm)
    settings, unused = _settings(config, algorithm)
    losses += [
        Loss(f"optimization.sampler_options.{name}", f"Katib's {algorithm} has no such setting") for name in unused
    ]
    losses += [*_sampler_losses(config, algorithm), *_drawn_losses(config)]
    return Search(algorithm, total_trials(config), settings, losses=tuple(losses))


def _sampler(config: SweepConfig) -> tuple[str, list[Loss]]:
    sampler = config.optimization.sampler or "TPE"
    if sampler != "auto":
        return sampler, []
    from morphogenetic_engine.sweeps.search.auto import auto_choice  # pylint: disable=import-outside-toplevel

    choice = auto_choice(config)
    if not choice.phases:
        if config.space.conditions:
            raise ConfigError("optimization.sampler: auto takes every point, with conditions: write sweep_type: grid")
        return "points", []
    chosen = choice.phases[0].sampler
    return chosen, [Loss("optimization.sampler", f"auto: {chosen} from the first trial on ({choice.rule})")]


def _searched(config: SweepConfig) -> list[Parameter]:
    """Return the axes that have more than one value."""
    return [axis for axis in config.space.axes.values() if axis.size != 1]


def _check_fits(config: SweepConfig, algorithm: Algorithm) -> None:
    axes = _searched(config)
    if not axes:
        raise ConfigError("parameters: there is nothing to search: every parameter has one value")
    ranges = sum(not isinstance(axis, Choices) for axis in axes)
    if algorithm is Algorithm.CMAES and ranges < 2:
        raise ConfigError(f"optimization.sampler: CmaEs needs two ranges on Katib, but the space has {ranges}")


_SETTINGS: Mapping[Algorithm, Mapping[str, str]] = {
    Algorithm.TPE: {"n_ei_candidates": "n_EI_candidates", "prior_weight": "prior_weight"},
    Algorithm.MULTIVARIATE_TPE: {"n_startup_trials": "n_startup_trials", "n_ei_candidates": "n_ei_candidates"},
    Algorithm.CMAES: {"restart_strategy": "restart_strategy"},
    Algorithm.BAYESIAN_OPTIMIZATION: {"n_startup_trials": "n_initial_points"},
}
"""Optuna's name of an option -> Katib's."""


def _settings(config: SweepConfig, algorithm: Algorithm) -> tuple[dict[str, str], list[str]]:
    """Return Katib's settings, and the options that it has no setting for."""
    names = _SETTINGS.get(algorithm, {})
    options: Mapping[str, Value] = config.optimization.sampler_options
    settings = {names[name]: text(value) for name, value in options.items() if name in names}
    if algorithm is Algorithm.BAYESIAN_OPTIMIZATION:
        settings["base_estimator"] = "GP"
    if algorithm is not Algorithm.SOBOL:
        settings["random_state"] = text(config.optimization.seed)
    return settings, [name for name in options if name not in names]


def _sampler_losses(config: SweepConfig, algorithm: Algorithm) -> Iterator[Loss]:
    yield Loss("optimization.lookahead", "points depend on which trial ends first: another run is another search")
    if algorithm is Algorithm.TPE:
        yield Loss("optimization.sampler", "the first random points are only as many as run at a time")
    if algorithm is Algorithm.CMAES:
        yield Loss("optimization.sampler", "choices are drawn at random, and a generation that has a failure is lost")
    if algorithm is Algorithm.BAYESIAN_OPTIMIZATION:
        yield Loss("optimization.sampler", "trials that start together may try the same point")
    if config.optimization.warm_start is not None:
        yield Loss("optimization.warm_start", "Katib takes no earlier results")
