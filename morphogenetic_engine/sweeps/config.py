"""The sweep configuration: the only schema of sweep YAML, and the source of its JSON Schema and reference.

A valid configuration is frozen and complete: shorthands are expanded, defaults filled in. `config_file.py` reads the
file and formats the errors; `space/` builds the search space from the parameters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated

import orjson
from pydantic import BeforeValidator, Field, field_validator, model_validator

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.metric_names import PARAMETER_NAME, PARAMETER_WORD
from morphogenetic_engine.sweeps.schema.execution_section import ExecutionConfig
from morphogenetic_engine.sweeps.schema.experiment_section import ExperimentConfig
from morphogenetic_engine.sweeps.schema.halving_section import with_chosen_strategy
from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig
from morphogenetic_engine.sweeps.schema.parameter_groups import flat_parameters
from morphogenetic_engine.sweeps.schema.parameters import ParameterConfig, ParameterGroup, Section
from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig
from morphogenetic_engine.sweeps.schema.search_names import (
    NO_PRUNER,
    STRATEGIES,
    SweepTypeName,
    SweepTypeRules,
)
from morphogenetic_engine.sweeps.schema.tracking_section import TrackingConfig
from morphogenetic_engine.sweeps.space.combinations import QUICKLY_CHECKED, all_points
from morphogenetic_engine.sweeps.space.conditions import in_order
from morphogenetic_engine.sweeps.space.constraints import constraints_of
from morphogenetic_engine.sweeps.space.feasibility import check_feasible
from morphogenetic_engine.sweeps.space.operations import Kind
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params, Value, text
from morphogenetic_engine.workload.command_line import check_command
from morphogenetic_engine.workload.nested_parameters import check_groups
from morphogenetic_engine.workload.output_metrics import WantedMetrics
from morphogenetic_engine.workload.workload_kinds import WORKLOAD_KEYS, Workload, workload_of


def _listed(written: object) -> object:
    return [written] if isinstance(written, str) else written


class SweepConfig(Section):
    """One sweep."""

    sweep_type: SweepTypeName = "grid"
    """The sweep type: how the points of the space are chosen."""
    experiment: ExperimentConfig = Field(default_factory=lambda: ExperimentConfig.model_validate({}))
    """The workload, and parameters with given values."""
    parameters: dict[str, ParameterConfig] = Field(default_factory=dict)
    """The parameters that are searched: a list of values, one value, or a range."""
    constraints: Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | list[str])] = ()
    """Conditions between parameters that every trial keeps, such as hidden_dim * num_layers <= 4096."""
    execution: ExecutionConfig = ExecutionConfig()
    """The execution of the trials."""
    optimization: OptimizationConfig = OptimizationConfig()
    """The objective, the number of trials, and the search."""
    tracking: TrackingConfig = TrackingConfig()
    """The systems that the journal is sent to while the sweep runs."""
    resources: ResourcesConfig = ResourcesConfig()
    """The resources of each trial's pod on a cluster."""

    @field_validator("parameters", mode="before", json_schema_input_type=ParameterGroup)
    @classmethod
    def _groups_are_written_out(cls, parameters: object) -> object:
        return flat_parameters(parameters) if isinstance(parameters, dict) else parameters

    @field_validator("parameters")
    @classmethod
    def _names_are_plain(cls, parameters: dict[str, ParameterConfig]) -> dict[str, ParameterConfig]:
        for name in parameters:
            if PARAMETER_NAME.fullmatch(name) is None:
                raise ValueError(f"names must match {PARAMETER_WORD}, with dots between groups, but got {name!r}")
        return parameters

    @model_validator(mode="before")
    @classmethod
    def _strategy_is_chosen(cls, sweep: object) -> object:
        return with_chosen_strategy(sweep) if isinstance(sweep, dict) else sweep

    @model_validator(mode="after")
    def _fits_together(self) -> SweepConfig:
        twice = self.parameters.keys() & self.experiment.parameters.keys()
        if twice:
            raise ValueError(f"parameters: experiment gives {', '.join(sorted(twice))} too; keep one")
        try:
            check_groups([*self.parameters, *self.experiment.parameters])
        except ConfigError as error:
            raise ValueError(f"parameters: {error}") from error
        if self.experiment.command is not None:
            try:
                check_command(
                    self.experiment.command,
                    searched=self.space.axes,
                    fixed=self.space.fixed,
                    conditional=self.space.conditional,
                )
            except ConfigError as error:
                raise ValueError(f"experiment.command: {error}") from error
        rules = self.rules
        if not rules.counts_itself and self.n_trials is None:
            raise ValueError(f"optimization.n_trials: must be given when sweep_type is {self.sweep_type}")
        if not self.optimization.reproducible and not rules.learns and not self.prunes:
            raise ValueError(
                f"optimization.reproducible: a {self.sweep_type} sweep without a pruner always is; leave it out"
            )
        missing = [name for name, parameter in self.parameters.items() if parameter.default is None]
        if missing and len(missing) < len(self.parameters):
            raise ValueError(f"parameters.{missing[0]}: default is missing; give all parameters one, or none")
        check_feasible(self.space)
        broken = None if self.baseline is None else self.space.broken(self.baseline)
        if broken is not None:
            raise ValueError(f"parameters: the defaults break the constraint `{broken.text}`")
        size, trials = self.points if rules.distinct else None, self.n_trials or 0
        if size is not None and size < trials:
            raise ValueError(
                f"optimization.n_trials: must be <= {size}, the number of points in the space, but got {trials}"
            )
        if rules.sized and trials * len(self.space.axes) > _LARGEST_DESIGN:
            raise ValueError(
                f"optimization.n_trials: a {self.sweep_type} sweep may have {_LARGEST_DESIGN} values in all, as its"
                f" points are computed together, but {trials} trials of {len(self.space.axes)} parameters have more;"
                " use sobol"
            )
        if self.optimization.strategy == "pbt":
            _check_pbt(self)
        elif self.optimization.strategy is not None:
            _check_halving(self)
        return self

    @property
    def rules(self) -> SweepTypeRules:
        """The rules of the sweep type."""
        return STRATEGIES.load(self.sweep_type, SweepTypeRules)

    @property
    def prunes(self) -> bool:
        """True if a pruner decides how far trials are trained."""
        return self.optimization.pruner not in (None, NO_PRUNER)

    @property
    def n_trials(self) -> int | None:
        """The number of trials that the file gives, or the sweep type's default; None: it follows from the space."""
        if self.optimization.strategy == "pbt" and self.optimization.n_trials is not None:
            pbt, given = self.optimization.pbt, self.optimization.n_trials
            return pbt.members(given) * pbt.generations(given)
        budgeted = self.optimization.halving.budgeted(learns=self.brackets_learn)
        if budgeted is not None:
            return budgeted
        if self.optimization.n_trials is None and self.rules.default_trials is not None:
            return self.rules.default_trials(len(self.space.axes))
        return self.optimization.n_trials

    @property
    def named_metrics(self) -> tuple[str, ...]:
        """The metrics that the file names, which must be finite; values of others that are not are left out."""
        stopping = self.execution.early_stopping
        watched = [stopping.metric] if stopping is not None and stopping.metric is not None else []
        return tuple(dict.fromkeys([*self.optimization.recorded_metrics, *watched]))

    @property
    def brackets_learn(self) -> bool:
        """True if the configurations of a halving's bracket depend on the results of the brackets before."""
        return self.rules.sampler and self.optimization.sampler not in {"Random", "QMC"}

    @property
    def wanted_metrics(self) -> WantedMetrics:
        """The metrics that are looked for in the output of a program."""
        objectives = [each.metric for each in self.optimization.all_objectives]
        return WantedMetrics(objectives, [name for name in self.named_metrics if name not in objectives])

    @property
    def workload(self) -> Workload:
        """The workload of each trial."""
        found = workload_of(self.experiment.model_dump(include=set(WORKLOAD_KEYS)))
        assert found is not None, "the schema fills in the default"
        return found

    @cached_property
    def space(self) -> Space:
        """The axes (experiment's lists first, parents before their dependants) and the fixed parameters."""
        axes: dict[str, Parameter] = {}
        fixed: dict[str, Value] = {}
        for name, value in self.experiment.parameters.items():
            if isinstance(value, list):
                try:
                    axes[name] = Choices(tuple(value))
                except ConfigError as error:
                    raise ValueError(f"experiment.{name}: {error}") from error
            else:
                fixed[name] = value
        axes.update({name: parameter.parameter() for name, parameter in self.parameters.items()})
        conditions = {name: parameter.when for name, parameter in self.parameters.items() if parameter.when}
        kinds = {name: axis.values if isinstance(axis, Choices) else Kind.NUMBER for name, axis in axes.items()}
        constraints = constraints_of(self.constraints, kinds, fixed)
        return Space(in_order(axes, fixed, conditions), fixed, conditions, constraints)

    @cached_property
    def points(self) -> int | None:
        """The number of points in the space; None: an axis is continuous, or too many would have to be checked."""
        points = all_points(self.space, QUICKLY_CHECKED)
        return None if points is None else points.total

    @cached_property
    def baseline(self) -> Params | None:
        """The configuration that the defaults describe, of the searched parameters; None without defaults."""
        defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        if all(value is None for value in defaults.values()):
            return None
        values: list[Value] = []
        for name, axis in self.space.axes.items():
            default = defaults.get(name)
            values.append(axis.grid()[0] if default is None else axis.parse(text(default)))
        return self.space.active(values)

    def settled(self, lookahead: int) -> SweepConfig:
        """Returns the configuration as a sweep that starts now keeps it: what defaults decide is filled in.

        These are the lookahead, the number of trials, the rules of `auto` and the brackets of a halving."""
        optimization = self.optimization
        found: dict[str, object] = {**optimization.settled(lookahead), "n_trials": self.n_trials}
        if optimization.strategy == "halving":
            configurations = min(each for each in (self.n_trials, self.points, _LARGEST_DESIGN) if each is not None)
            found["halving"] = optimization.halving.settled(configurations, learns=self.brackets_learn)
        return self.model_copy(update={"optimization": optimization.model_copy(update=found)})

    @property
    def canonical_json(self) -> str:
        """The whole configuration as one JSON text, defaults filled in.

        The parameters keep the order of the file: it decides which point of a grid has which number.
        """
        return orjson.dumps(self.model_dump(mode="json")).decode()

    @property
    def identifying(self) -> dict[str, object]:
        """All that decides which trials there are and what they compute.

        `execution`, `tracking` and `resources` are left out, and so are the time budget, the storage and, where neither
        points nor rungs depend on it, the number of trials: these may change when a sweep is resumed.
        """
        return _identifying(self.model_dump(mode="json", exclude=set(_NOT_IDENTIFYING)))

    @property
    def identity(self) -> str:
        """The SHA-256 of what identifies the sweep."""
        return _digest(self.identifying)


_LATER_KEYS = frozenset({"mean", "std", "probabilities"})
_LARGEST_DESIGN = 5_000_000
_NOT_IDENTIFYING = ("execution", "tracking", "resources")


def identity_of(written: Mapping[str, object]) -> str:
    """Returns the identity of a configuration as a version of this package wrote it, with the settings it knew."""
    return _digest(_identifying({key: value for key, value in written.items() if key not in _NOT_IDENTIFYING}))


def _without_later_keys(parameter: object) -> object:
    """Returns a parameter without the keys that earlier versions did not know, where they are left out."""
    if not isinstance(parameter, dict):
        return parameter
    return {key: value for key, value in parameter.items() if value is not None or key not in _LATER_KEYS}


def _identifying(dump: dict[str, object]) -> dict[str, object]:
    if not dump.get("constraints"):
        dump.pop("constraints", None)  # the identity of sweeps of earlier versions
    parameters = dump.get("parameters")
    if isinstance(parameters, dict):
        dump["parameters"] = {name: _without_later_keys(each) for name, each in parameters.items()}
    settings = dump.get("optimization")
    if isinstance(settings, dict):
        later = {
            "pbt": settings.get("strategy") == "pbt",
            "outcome_constraints": bool(settings.get("outcome_constraints")),
            "auto_rules": settings.get("auto_rules") not in (None, 1),
        }  # sweeps of earlier versions have no such keys
        free = {"timeout", "storage", *(key for key, used in later.items() if not used)}
        if settings.get("strategy") is None:
            free |= {"strategy", "halving"}  # sweeps of earlier versions have no such keys, and keep their identity
            name = str(dump.get("sweep_type"))
            if name not in STRATEGIES or not STRATEGIES.load(name, SweepTypeRules).sized:
                free.add("n_trials")
        dump["optimization"] = {key: value for key, value in settings.items() if key not in free}
    return dump


def _digest(identifying: Mapping[str, object]) -> str:
    return hashlib.sha256(orjson.dumps(identifying)).hexdigest()


def _check_pbt(config: SweepConfig) -> None:
    """Checks that a population can be trained in generations.

    Raises:
        ValueError: it cannot.
    """
    optimization, rules = config.optimization, config.rules
    if not rules.known_ahead or rules.counts_itself:
        raise ValueError(
            f"optimization.strategy: pbt takes its first members from random, sobol or latin_hypercube, but got"
            f" sweep_type {config.sweep_type}"
        )
    optimization.pbt.check_changes(config.space.axes, config.space.conditions)
    one_seed = config.experiment.replicates == 1
    optimization.pbt.check_beside(prunes=config.prunes, one_seed=one_seed, waits=optimization.reproducible)


def _check_halving(config: SweepConfig) -> None:
    """Checks that the trials of a sweep can be compared at rungs.

    Raises:
        ValueError: they cannot.
    """
    optimization, rules = config.optimization, config.rules
    if not rules.known_ahead and not rules.sampler:
        raise ValueError(
            f"optimization.strategy: a {config.sweep_type} sweep chooses configurations by full trainings; use"
            " sweep_type bayesian, random, latin_hypercube, sobol or grid, or leave strategy out"
        )
    if optimization.strategy == "asha" and not rules.known_ahead:
        raise ValueError(
            f"optimization.strategy: asha takes configurations that are fixed ahead, but got sweep_type"
            f" {config.sweep_type}; use random, sobol, latin_hypercube or grid, or strategy: halving"
        )
    if optimization.strategy == "asha" and config.execution.early_stopping is not None:
        raise ValueError("execution.early_stopping: asha ends after n_trials or optimization.timeout; leave it out")
    if config.prunes:
        raise ValueError("optimization.pruner: halving decides how far trials are trained; leave the pruner out")
    if config.experiment.replicates > 1:
        raise ValueError(
            "experiment.replicates: halving trains a configuration with one seed; leave replicates out, and run the"
            " best on more seeds with: morphogenetic sweep confirm"
        )
    if not optimization.reproducible:
        raise ValueError("optimization.reproducible: halving always is; leave it out")
    budgeted, given = config.n_trials, optimization.n_trials
    if optimization.halving.budget is not None and (rules.counts_itself or given not in (None, budgeted)):
        told = "the grid has its own number of trials" if rules.counts_itself else f"gives {budgeted} trials"
        raise ValueError(f"optimization.halving.budget: {told}; give a budget or n_trials")
