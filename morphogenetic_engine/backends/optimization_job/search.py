"""The search of an OptimizationJob: what its API can say of a sweep, and what it cannot.

It has random search and grids, one objective, ranges without steps, and at most 100 trials. What would make another
search of a sweep is an error; what is only lost is listed.

Source: the types of trainer.kubeflow.org/v1alpha1 and the controller (kubeflow/trainer, August 2026).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from morphogenetic_engine.backends.backend import Unsupported
from morphogenetic_engine.backends.katib.render.assignments import choice_text
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.metric_names import encoded
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.single_trial.trainer_job import PARAMETER_CHARACTERS
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, IntRange, Parameter
from morphogenetic_engine.trial import text

MOST_TRIALS = MOST_CHOICES = MOST_PARAMETERS = 100
LONGEST_TEXT = 64


def search_spec(config: SweepConfig) -> dict[str, object]:
    """Returns objective, search algorithm, parameters and number of trials.

    Raises:
        ConfigError: an OptimizationJob would be another search.
    """
    _check_search(config)
    trials, grid = total_trials(config), config.sweep_type == "grid"
    if trials > MOST_TRIALS:
        raise ConfigError(
            f"optimization.n_trials: must be <= {MOST_TRIALS} for an OptimizationJob, but got {trials}; use --to katib"
        )
    axes = {name: axis for name, axis in config.space.axes.items() if grid or axis.size != 1}
    if not 1 <= len(axes) <= MOST_PARAMETERS:
        raise ConfigError(f"parameters: must be 1 to {MOST_PARAMETERS} that are searched, but got {len(axes)}")
    algorithm = {"grid": {}} if grid else {"random": {"seed": config.optimization.seed}}
    return {
        "objectives": [_objective(config)],
        "searchAlgorithm": algorithm,
        "parameters": [_parameter(name, axis, grid=grid) for name, axis in axes.items()],
        "numTrials": trials,
    }


def _check_search(config: SweepConfig) -> None:
    """Checks that the points are those that an OptimizationJob can draw.

    Raises:
        ConfigError: they are not.
    """
    optimization, space = config.optimization, config.space
    if config.sweep_type not in {"random", "grid"}:
        raise ConfigError(
            f"sweep_type: must be random or grid for an OptimizationJob, which has no other search, but got"
            f" {config.sweep_type}; use --to katib"
        )
    if optimization.strategy is not None:
        raise ConfigError(
            f"optimization.strategy: {optimization.strategy} needs trials that pause, which an OptimizationJob has not;"
            " use --to katib --algorithm morphogenetic"
        )
    if space.constraints:
        raise ConfigError("constraints: an OptimizationJob would run points that break them; use --to katib")
    product = math.prod(len(axis.grid()) for axis in space.axes.values())
    if config.sweep_type == "grid" and (space.conditions or total_trials(config) != product):
        raise ConfigError(
            "parameters: a grid of an OptimizationJob has all combinations, and no other trial: leave out conditions,"
            " a baseline beside the grid, and n_trials; or use --to katib"
        )


def _objective(config: SweepConfig) -> dict[str, object]:
    metric = config.optimization.target_metric
    if len(metric) > LONGEST_TEXT:
        raise ConfigError(
            f"optimization.target_metric: must have {LONGEST_TEXT} characters at most, but got {metric!r}"
        )
    return {"metric": metric, "direction": config.optimization.direction.value.capitalize()}


def _parameter(name: str, axis: Parameter, *, grid: bool) -> dict[str, object]:
    written = encoded(name, PARAMETER_CHARACTERS)
    if len(written) > LONGEST_TEXT:
        raise ConfigError(f"parameters.{name}: must have {LONGEST_TEXT} characters at most, written as {written}")
    return {"name": written, "searchSpace": _search_space(name, axis, grid=grid)}


def _search_space(name: str, axis: Parameter, *, grid: bool) -> dict[str, object]:
    if isinstance(axis, Choices):
        if axis.probabilities is not None and not grid:
            raise ConfigError(f"parameters.{name}.probabilities: an OptimizationJob draws all choices alike")
        return _categorical(name, [choice_text(value) for value in axis.values])
    if grid:
        return _categorical(name, [choice_text(value) for value in axis.grid()])
    if axis.reshaped:
        raise ConfigError(
            f"parameters.{name}: an OptimizationJob has neither mean and std nor log with step; use --to katib"
        )
    stepped = axis.step != 1 if isinstance(axis, IntRange) else axis.step is not None
    if stepped:
        assert axis.size is not None, "an axis with steps is finite"
        if axis.size > MOST_CHOICES:
            raise ConfigError(
                f"parameters.{name}.step: an OptimizationJob has no steps, and lists of {MOST_CHOICES} values at most,"
                f" but it has {axis.size}"
            )
        return _categorical(name, [choice_text(axis.at(place)) for place in range(axis.size)])
    kind = "Int" if isinstance(axis, IntRange) else "Float"
    return {"logUniform" if axis.log else "uniform": {"min": text(axis.low), "max": text(axis.high), "type": kind}}


def _categorical(name: str, choices: Sequence[str]) -> dict[str, object]:
    """Returns a list of values, each of which is equally likely.

    Raises:
        ConfigError: it has too many, or one is too long.
    """
    if len(choices) > MOST_CHOICES:
        raise ConfigError(f"parameters.{name}: must have <= {MOST_CHOICES} values, but got {len(choices)}")
    long = next((each for each in choices if len(each) > LONGEST_TEXT), None)
    if long is not None:
        raise ConfigError(f"parameters.{name}: values must have {LONGEST_TEXT} characters at most, but got {long!r}")
    return {"categorical": {"choices": list(choices)}}


def unsupported_search(config: SweepConfig) -> Iterator[Unsupported]:
    """Yields what an OptimizationJob cannot say, though its search is the sweep's."""
    optimization = config.optimization
    if config.sweep_type == "grid":
        yield Unsupported(
            "sweep_type",
            "the API has grids, but the controller of August 2026 runs random search alone, and fails"
            " (UnsupportedSearchAlgorithm); if yours runs them, numbers and seeds are those of a local sweep",
        )
    else:
        yield Unsupported(
            "sweep_type",
            "Trainer draws its own random points, some perhaps twice, others with another number of trials at a time",
        )
        yield Unsupported("optimization.seed", "a trial's seed follows from its values instead of its number")
        if config.space.conditions:
            names = ", ".join(config.space.conditions)
            yield Unsupported("parameters", f"it always assigns {names}; trials leave out what is not there")
        if config.baseline is not None:
            yield Unsupported("parameters", "the baseline (default) does not run first")
    if len(optimization.objectives) > 1:
        yield Unsupported("optimization.objectives", f"its best trial is that of {optimization.target_metric} alone")
    if optimization.outcome_constraints:
        yield Unsupported("optimization.outcome_constraints", "its best trial may break them")
    if config.prunes:
        yield Unsupported("optimization.pruner", "it stops no trial early: all run to their ends")
    if config.execution.early_stopping is not None:
        yield Unsupported("execution.early_stopping", "it has no goal and no patience: all trials run")
    for key in ("timeout", "budget"):
        if getattr(optimization, key) is not None:
            yield Unsupported(f"optimization.{key}", "it has no budget: all trials run")
