"""Chooses the Katib algorithm that runs a sweep, its settings, and lists what Katib does not support.

The kinds of strategies and samplers name their algorithms and settings.

Names and settings: `runtime.suggestions` of Katib v0.19's katib-config and the services under pkg/suggestion/v1beta1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from morphogenetic_engine.backends.backend import Unsupported
from morphogenetic_engine.backends.katib.render.assignments import FORMS, TRIAL_NUMBER
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import KatibAlgorithm, SamplerKind, strategy_kind, total_trials
from morphogenetic_engine.sweeps.schema.search_names import SAMPLERS
from morphogenetic_engine.sweeps.search.bayesian_search import sampler_kind, sampler_name
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.trial import Value, text

MANY_POINTS = 1000
"""The number of trials from which the Suggestion object may approach etcd's limit of 1.5 MiB."""

MOST_POINTS = 100_000
"""The largest number of points in a list; with more, etcd rejects the Experiment."""


class Algorithm(StrEnum):
    """Katib's names."""

    GRID = "grid"
    RANDOM = "random"
    SOBOL = "sobol"
    TPE = "tpe"
    MULTIVARIATE_TPE = "multivariate-tpe"
    CMAES = "cmaes"
    BAYESIAN_OPTIMIZATION = "bayesianoptimization"
    MORPHOGENETIC = "morphogenetic"
    """Our own service, which suggests the trials of the local search."""

    @property
    def forgets(self) -> bool:
        """True if its service cannot recover after its pod was replaced, because its state is in memory only."""
        kept = {Algorithm.RANDOM, Algorithm.TPE, Algorithm.BAYESIAN_OPTIMIZATION, Algorithm.MORPHOGENETIC}
        return self not in kept


@dataclass(frozen=True)
class Search:
    """The search part of an Experiment."""

    algorithm: Algorithm
    trials: int
    settings: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = False
    """True if Katib searches the trial numbers instead of the axes, so the points are exactly the sweep's own."""
    finest: bool = False
    """True if the grid covers all values of each axis, rather than its grid values."""
    unsupported: tuple[Unsupported, ...] = ()


def _check_independent(config: SweepConfig) -> None:
    """Checks that no trial needs the files of another one.

    Raises:
        ConfigError: the sweep trains a population.
    """
    if config.optimization.strategy == "pbt":
        raise ConfigError(
            "optimization.strategy: pbt goes on from the files of other trials, which Katib's algorithms do not give"
            " to trials; use --algorithm morphogenetic"
        )


def search_of(config: SweepConfig, *, parallel: int, exact: bool = False) -> Search:
    """Returns the search part of an Experiment; `exact` requires the sweep's own points, fixed in advance.

    Raises:
        ConfigError: Katib has no equivalent.
    """
    _check_names(config)
    _check_independent(config)
    kind = strategy_kind(config)
    if kind.sampler:
        if exact:
            raise ConfigError(
                f"exact: the points of a {config.sweep_type} sweep follow from results; Katib finds its own"
            )
        return _by_sampler(config, parallel)
    if not kind.known_ahead:
        raise ConfigError(
            f"sweep_type: {config.sweep_type} cannot run on Katib, whose grids know no results; use bayesian"
        )
    trials = total_trials(config)
    if trials > MOST_POINTS:
        raise ConfigError(f"parameters: {trials} trials are more than an Experiment holds (at most {MOST_POINTS})")
    exhaustive = kind.katib is not None and kind.katib.name == Algorithm.GRID
    own = exact or bool(config.space.constraints)
    if own or kind.katib is None or (exhaustive and not _is_plain_grid(config)) or not _searched(config):
        return Search(Algorithm.GRID, trials, numbered=True, unsupported=tuple(_unsupported_of_designs(trials)))
    if exhaustive:
        return Search(Algorithm.GRID, trials, unsupported=tuple(_unsupported_of_designs(trials)))
    return _drawn(config, kind.katib, trials)


def _check_names(config: SweepConfig) -> None:
    """Checks that no parameter has a name that stands for a form of another one.

    Raises:
        ConfigError: one does.
    """
    for name in config.space.axes:
        if name == TRIAL_NUMBER or name.startswith(FORMS):
            raise ConfigError(
                f"parameters.{name}: begins as a form of a parameter on Katib; give its group another name"
            )


def _drawn(config: SweepConfig, algorithm: KatibAlgorithm, trials: int) -> Search:
    """Returns a search whose points Katib's algorithm chooses."""
    drawn = config.sweep_type
    unsupported = [
        Unsupported(
            "sweep_type", f"Katib draws its own {drawn} points, not those of a local sweep (--exact keeps them)"
        )
    ]
    if not algorithm.seeded:
        unsupported.append(
            Unsupported("optimization.seed", f"Katib's {drawn.title()} sequence is always the same one, not scrambled")
        )
    unsupported += [Unsupported("sweep_type", note) for note in algorithm.notes]
    settings = {"random_state": str(config.optimization.seed)} if algorithm.seeded else {}
    return Search(_algorithm(algorithm), trials, settings, unsupported=(*unsupported, *_unsupported_of_draws(config)))


def _algorithm(algorithm: KatibAlgorithm) -> Algorithm:
    try:
        return Algorithm(algorithm.name)
    except ValueError as error:
        known = ", ".join(each for each in Algorithm if each is not Algorithm.MORPHOGENETIC)
        raise ConfigError(f"Katib's algorithm {algorithm.name!r} is unknown here; must be one of {known}") from error


def _is_plain_grid(config: SweepConfig) -> bool:
    """Returns True if the sweep is the full product of its axes: no conditions, no limit, the baseline on the grid."""
    product = 1
    for axis in config.space.axes.values():
        product *= len(axis.grid())
    plain = bool(config.space.axes) and not config.space.conditions and not config.space.constraints
    return plain and total_trials(config) == product


def _unsupported_of_designs(trials: int) -> Iterator[Unsupported]:
    yield Unsupported(
        "sweep_type", "trials run in an order of Katib's; numbers, seeds and results are those of a local sweep"
    )
    if trials > MANY_POINTS:
        yield Unsupported(
            "parameters", f"{trials} trials are more than Katib's Suggestion holds well (about {MANY_POINTS})"
        )


def _unsupported_of_draws(config: SweepConfig) -> Iterator[Unsupported]:
    yield Unsupported("optimization.seed", "a trial's seed follows from its values instead of its number")
    if config.space.conditions:
        names = ", ".join(config.space.conditions)
        yield Unsupported(
            "parameters", f"Katib knows no conditions: it always assigns {names}; trials leave out what is not there"
        )
    for name, axis in config.space.axes.items():
        if isinstance(axis, Choices) and axis.probabilities is not None:
            yield Unsupported(f"parameters.{name}.probabilities", "Katib draws all choices alike")
    if config.baseline is not None:
        yield Unsupported("parameters", "the baseline (default) does not run first: Katib takes no points of one's own")


def _by_sampler(config: SweepConfig, parallel: int) -> Search:
    sampler = sampler_name(config)
    single = sampler_kind(config).single_search(config)
    if single is None:
        return _by_algorithm(config, sampler, parallel)
    if single.sampler is None:
        if config.space.conditions or config.space.constraints:
            raise ConfigError(
                f"optimization.sampler: {sampler} takes every point, with conditions or constraints: write"
                " sweep_type: grid"
            )
        return Search(Algorithm.GRID, total_trials(config), finest=True)
    chosen = Unsupported(
        "optimization.sampler", f"{sampler}: {single.sampler} from the first trial on ({single.reason})"
    )
    return _by_algorithm(config, single.sampler, parallel, chosen)


def _by_algorithm(config: SweepConfig, sampler: str, parallel: int, *unsupported: Unsupported) -> Search:
    """Returns the search with a sampler's algorithm; `unsupported` are the settings that are lost already."""
    if config.space.constraints:
        raise ConfigError(
            "constraints: Katib's algorithms would run points that break them; use grid, random, latin_hypercube or"
            " sobol, whose points are fixed in advance"
        )
    kind = SAMPLERS.load(sampler, SamplerKind)
    chosen = (None if parallel > 1 else kind.katib_one_at_a_time) or kind.katib
    if chosen is None:
        raise ConfigError(
            f"optimization.sampler: {sampler} has no counterpart among Katib's algorithms; use TPE, CmaEs or GP"
        )
    _check_fits(config, sampler, chosen)
    settings, unused = _settings(config, chosen)
    lost = (
        *unsupported,
        *(
            Unsupported(f"optimization.sampler_options.{each}", f"Katib's {chosen.name} has no such setting")
            for each in unused
        ),
        *_unsupported_of_samplers(config, chosen),
        *_unsupported_of_draws(config),
    )
    return Search(_algorithm(chosen), total_trials(config), settings, unsupported=lost)


def _searched(config: SweepConfig) -> list[Parameter]:
    """Returns the axes that have more than one value."""
    return [axis for axis in config.space.axes.values() if axis.size != 1]


def _check_fits(config: SweepConfig, sampler: str, algorithm: KatibAlgorithm) -> None:
    axes = _searched(config)
    if not axes:
        raise ConfigError("parameters: there is nothing to search: every parameter has one value")
    ranges = sum(not isinstance(axis, Choices) for axis in axes)
    least = algorithm.least_ranges
    if ranges < least:
        raise ConfigError(f"optimization.sampler: {sampler} needs {least} ranges on Katib, but the space has {ranges}")


def _settings(config: SweepConfig, algorithm: KatibAlgorithm) -> tuple[dict[str, str], list[str]]:
    """Returns Katib's settings, and the options that Katib does not support."""
    names = algorithm.settings
    options: Mapping[str, Value] = config.optimization.sampler_options
    settings = {names[name]: text(value) for name, value in options.items() if name in names}
    settings.update(algorithm.given)
    if algorithm.seeded:
        settings["random_state"] = text(config.optimization.seed)
    return settings, [name for name in options if name not in names]


def _unsupported_of_samplers(config: SweepConfig, algorithm: KatibAlgorithm) -> Iterator[Unsupported]:
    yield Unsupported(
        "optimization.lookahead", "points depend on which trial ends first: another run is another search"
    )
    for note in algorithm.notes:
        yield Unsupported("optimization.sampler", note)
    if config.optimization.warm_start is not None:
        yield Unsupported("optimization.warm_start", "Katib takes no earlier results")
