"""The sections of a sweep file beside `parameters`: experiment, execution, optimization, tracking."""

from __future__ import annotations

import ast
import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictStr,
    field_validator,
    model_serializer,
    model_validator,
)

from morphogenetic_engine.sweeps.schema.executors import LOCAL, ExecutorName
from morphogenetic_engine.sweeps.schema.parameters import Scalar, Section, number, scalar
from morphogenetic_engine.sweeps.schema.search_names import PrunerName, SamplerName
from morphogenetic_engine.sweeps.schema.storage_address import checked_storage
from morphogenetic_engine.trial import METRIC_NAME, Value

DEFAULT_WORKLOAD = "morphogenetic_engine.engine.training:train"
DEFAULT_SEED = 42

MetricName = Annotated[str, Field(pattern=f"^{METRIC_NAME.pattern}$")]


class Direction(StrEnum):
    """Whether a larger or a smaller objective is better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"

    def better(self, one: float, other: float) -> bool:
        """Return whether `one` is strictly better than `other`."""
        return one > other if self is Direction.MAXIMIZE else one < other


def _scalar_or_axis(value: object) -> object:
    if not isinstance(value, list):
        return scalar(value)
    if not value:
        raise ValueError("a list is an axis of the search and must not be empty")
    return [scalar(item) for item in value]


_Given = Annotated[Scalar | list[Scalar], BeforeValidator(_scalar_or_axis)]


class ExperimentConfig(Section):
    """What a trial runs, and the parameters that are given. A list is one more axis of the search."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Given]

    workload: str | None = None
    """`module:function`, called as train(params, trial); left out: the morphogenetic engine."""
    workload_source: StrictStr | None = None
    """The text of the module that `workload` names, which workers then import from the sweep's folder. The Python
    interface writes it for functions of scripts and notebooks."""
    inputs: dict[str, Annotated[StrictStr, Field(min_length=1)]] = Field(default_factory=dict)
    """Files that the trials read: a parameter's name and the path that it holds. Their SHA-256 are recorded, and a
    sweep whose inputs have changed is not resumed."""
    replicates: int = Field(default=1, ge=1)
    """Runs of each configuration, with seeds that all configurations share; the objective is made of all of them."""
    command: tuple[StrictStr, ...] | None = None
    """A program and its arguments instead of a workload; {lr} stands for the parameter lr, no shell is involved."""

    _numbers = field_validator("replicates", mode="before")(number)

    @model_validator(mode="before")
    @classmethod
    def _has_a_workload(cls, written: object) -> object:
        if isinstance(written, dict) and written.get("workload") is None and written.get("command") is None:
            return {**written, "workload": DEFAULT_WORKLOAD}
        return written

    @model_validator(mode="after")
    def _one_workload(self) -> ExperimentConfig:
        if self.command is not None and self.workload is not None:
            raise ValueError("workload and command exclude each other; keep one")
        if self.replicates > 1 and "seed" in self.parameters:
            raise ValueError("replicates give each run a seed of its own; leave seed out")
        if self.command is not None and not self.command:
            raise ValueError("command must name a program")
        return self

    @model_validator(mode="after")
    def _source_is_a_module(self) -> ExperimentConfig:
        if self.workload_source is None:
            return self
        if self.workload is None or re.fullmatch(r"[A-Za-z_]\w*:[A-Za-z_]\w*", self.workload) is None:
            raise ValueError("workload_source needs a workload module:function, whose module has no dots in its name")
        try:
            ast.parse(self.workload_source)
        except (SyntaxError, ValueError) as error:
            raise ValueError(f"workload_source must be Python source: {error}") from error
        return self

    @model_serializer(mode="wrap")
    def _without_missing_source(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave the source out where there is none: such sweeps keep the identity that they had before the key."""
        written: dict[str, object] = serialize(self)
        if self.workload_source is None:
            written.pop("workload_source", None)
        return written

    @model_validator(mode="after")
    def _names_are_plain(self) -> ExperimentConfig:
        twice = self.inputs.keys() & self.__pydantic_extra__.keys()
        if twice:
            raise ValueError(f"inputs: {', '.join(sorted(twice))} is given a second time beside them; keep one")
        for name in self.parameters:
            if METRIC_NAME.fullmatch(name) is None:
                raise ValueError(f"names must match {METRIC_NAME.pattern}, but got {name!r}")
        return self

    @property
    def parameters(self) -> dict[str, Value | list[Value]]:
        """The given parameters in the order of the file, the inputs after them; a list is an axis."""
        return {**self.__pydantic_extra__, **self.inputs}


class EarlyStopping(Section):
    """When to stop the sweep before all trials have run; decided in the order of the trials' numbers."""

    metric: MetricName | None = None
    """The metric that is watched; the objective where it is left out."""
    direction: Direction | None = None
    """Whether larger is better; the objective's direction where it is left out."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after this many complete trials in a row without a better one."""
    min_trials: int = Field(default=0, ge=0)
    """Never stop before this many trials have ended."""
    threshold: float | None = None
    """Stop once a trial is at least this good."""

    _numbers = field_validator("patience", "min_trials", "threshold", mode="before")(number)

    @model_validator(mode="after")
    def _has_a_rule(self) -> EarlyStopping:
        if self.patience is None and self.threshold is None:
            raise ValueError("needs patience, threshold or both")
        return self


class Retries(Section):
    """How often a trial is tried again before it counts as failed."""

    crashes: int = Field(default=1, ge=0)
    """After the worker process died (killed, out of memory, crashed in C code)."""
    exceptions: int = Field(default=0, ge=0)
    """After the workload raised an exception or a command ended with a non-zero status."""

    _numbers = field_validator("crashes", "exceptions", mode="before")(number)


def _retries_written_out(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return {"crashes": value, "exceptions": value} if whole else value


def _parallel(value: object) -> object:
    if value != "auto" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"must be auto or a whole number >= 1, but got {value!r}")
    return scalar(value)


class ExecutionConfig(Section):
    """How the trials are run. Nothing here changes which trials there are, so all of it may change on resume."""

    max_parallel: Annotated[int | Literal["auto"], BeforeValidator(_parallel)] = "auto"
    """Worker processes; auto: one for each core that this process may use."""
    threads_per_trial: int | None = Field(default=None, ge=1)
    """Threads of numerical libraries in each worker; left out: the cores shared out evenly."""
    timeout_per_trial: float | None = Field(default=None, gt=0)
    """Seconds after which a trial is killed and recorded as failed (timeout)."""
    early_stopping: EarlyStopping | None = None
    """When to stop the sweep before all trials have run."""
    retries: Annotated[Retries, BeforeValidator(_retries_written_out, json_schema_input_type=Retries | int)] = Retries()
    """How often a trial is tried again; one number serves for crashes and exceptions alike."""
    executor: ExecutorName = LOCAL
    """What runs the trials: local (worker processes on this machine), or the name that an installed package gives."""
    isolate: bool = False
    """Run each trial in a fresh process: nothing that a trial changes or leaves running reaches another one. The
    workload is then imported for each trial."""

    _numbers = field_validator("threads_per_trial", "timeout_per_trial", mode="before")(number)


class Budget(Section):
    """When a sweep has cost enough, or gains too little."""

    trial_seconds: float | None = Field(default=None, gt=0)
    """Seconds of all trials together, over all workers: core- or GPU-seconds where a trial has one."""
    steps: int | None = Field(default=None, ge=1)
    """Steps (epochs) that all trials together have reported."""
    improvement_per_hour: float | None = Field(default=None, gt=0)
    """Stop once the expected improvement of the objective in an hour of trials is smaller."""

    _numbers = field_validator("trial_seconds", "steps", "improvement_per_hour", mode="before")(number)

    @model_validator(mode="after")
    def _has_a_limit(self) -> Budget:
        if self.trial_seconds is None and self.steps is None and self.improvement_per_hour is None:
            raise ValueError("needs trial_seconds, steps or improvement_per_hour")
        return self


class Objective(Section):
    """A metric that is optimised."""

    metric: MetricName
    """A metric that the workload returns."""
    direction: Direction = Direction.MAXIMIZE
    """Whether a larger or a smaller value is better."""


class OptimizationConfig(Section):
    """What is optimised, and how many trials there are."""

    target_metric: MetricName = "val_acc"
    """The objective: a metric that the workload returns."""
    direction: Direction = Direction.MAXIMIZE
    """Whether a larger or a smaller objective is better."""
    secondary_metrics: tuple[MetricName, ...] = ()
    """Further metrics that the workload returns, shown beside the objective."""
    n_trials: int | None = Field(default=None, ge=1)
    """The number of trials in all. A grid has its own; a smaller number takes its first points. Left out, a bayesian
    sweep has 10 for each searched parameter, and 20 at least."""
    timeout: float | None = Field(default=None, gt=0)
    """Seconds after which no new trial starts."""
    seed: int = Field(default=DEFAULT_SEED, ge=0, lt=2**32)
    """The sweep's seed: every design, suggestion and trial seed follows from it."""
    lookahead: int | None = Field(default=None, ge=1)
    """Whatever is decided about trial n uses the results of the trials up to n - lookahead, so that any number of
    workers up to lookahead gives the same trials. Left out: max_parallel at the first start."""
    reproducible: bool = True
    """false: a bayesian search, or a pruner, uses the trials that have ended by now, whichever worker was faster. No
    worker waits then, and two runs need not have the same trials."""
    replicate_objective: Literal["mean", "median", "confidence_bound"] = "mean"
    """What the replicates' objectives come to: their mean, their median, or the end of the 95 % interval of the mean
    that is worse."""
    rounds: int = Field(default=3, ge=1)
    """Grids of a progressive sweep, each finer than the one before."""
    regions: int = Field(default=2, ge=1)
    """Best configurations around which the next grid of a progressive sweep lies."""
    budget: Budget | None = None
    """What the sweep may cost; decided in the order of the trials' numbers."""
    expected_trial_seconds: float | None = Field(default=None, gt=0)
    """How long a trial takes, for the sampler `auto`: costly suggestions are worth their time for costly trials."""
    warm_start: str | None = None
    """An earlier sweep with the same parameters, whose results the sampler is given; see `--from`."""
    objectives: tuple[Objective, ...] = ()
    """Several objectives instead of one: the results are then those that no other trial beats in all."""
    sampler: SamplerName | None = None
    """The sampler of a bayesian sweep (TPE where it is left out); the other sweep types have none."""
    sampler_options: dict[str, Scalar] = Field(default_factory=dict)
    """Options of the sampler, by their names in its library (Optuna)."""
    pruner: PrunerName | None = None
    """The pruner, which ends trials that fall behind earlier ones; it works with every sweep type."""
    pruner_options: dict[str, Scalar] = Field(default_factory=dict)
    """Options of the pruner, by their names in its library (Optuna)."""
    storage: Annotated[str, AfterValidator(checked_storage)] | None = None
    """Your own Optuna storage, which shows every trial while the sweep runs, of whatever type it is: the URL of a
    database (sqlite:///sweeps.db, postgresql+psycopg://host/name), or a journal file (sweeps.log)."""

    _numbers = field_validator("n_trials", "timeout", "seed", "lookahead", "rounds", "regions", mode="before")(number)

    @model_validator(mode="before")
    @classmethod
    def _first_objective_is_the_target(cls, written: object) -> object:
        """Several objectives: the first one is also what tables sort by."""
        if not isinstance(written, dict) or not isinstance(written.get("objectives"), (list, tuple)):
            return written
        first = next(iter(written["objectives"]), None)
        if not isinstance(first, dict):
            return written
        given = {"target_metric": first.get("metric"), "direction": first.get("direction", Direction.MAXIMIZE)}
        return {**{name: value for name, value in given.items() if value is not None}, **written}

    @model_validator(mode="after")
    def _objectives_agree(self) -> OptimizationConfig:
        metrics = [objective.metric for objective in self.objectives]
        if len(set(metrics)) < len(metrics):
            raise ValueError(f"objectives: must differ from each other, but got {', '.join(metrics)}")
        first = Objective(metric=self.target_metric, direction=self.direction)
        if self.objectives and self.objectives[0] != first:
            raise ValueError(
                f"target_metric and direction: leave them out beside objectives, whose first is {metrics[0]}"
            )
        return self

    @property
    def all_objectives(self) -> tuple[Objective, ...]:
        """The objectives; one where `objectives` is left out."""
        return self.objectives or (Objective(metric=self.target_metric, direction=self.direction),)

    @property
    def recorded_metrics(self) -> tuple[str, ...]:
        """The objectives and the secondary metrics, each once, the first objective first."""
        objectives = [objective.metric for objective in self.all_objectives]
        return tuple(dict.fromkeys([*objectives, *self.secondary_metrics]))


class TrackingConfig(Section):
    """Where the journal is copied to while the sweep runs."""

    mlflow: bool = False
    """Send the sweep to MLflow."""
    mlflow_uri: str | None = None
    """The tracking server; left out: MLFLOW_TRACKING_URI, else a SQLite file beside the sweeps."""
    mlflow_experiment: str = "morphogenetic sweeps"
    """MLflow's experiment in which the sweep is one run."""
    sinks: dict[str, str] = Field(default_factory=dict)
    """Further sinks, of installed packages: the name of each, and the address that it sends the sweep to."""
