"""The section `optimization` of a sweep file: what is optimised, and how many trials there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from morphogenetic_engine.sweeps.schema.halving_section import Halving, Pbt, StrategyName
from morphogenetic_engine.sweeps.schema.objective import (
    Direction,
    MetricName,
    Objective,
    WrittenLimit,
    broken_limits,
)
from morphogenetic_engine.sweeps.schema.parameters import Scalar, Section, number
from morphogenetic_engine.sweeps.schema.search_names import AUTO_SAMPLER, PrunerName, SamplerName
from morphogenetic_engine.sweeps.schema.storage_address import checked_storage

DEFAULT_SEED = 42
AUTO_RULES = 3
"""The newest rules of the sampler `auto`; 1: those of version 0.1."""


class Budget(Section):
    """The limits of a sweep's cost, and of its expected improvement."""

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


class OptimizationConfig(Section):
    """The objective, the number of trials, and the search."""

    target_metric: MetricName = "val_acc"
    """The objective: a metric that the workload returns."""
    direction: Direction = Direction.MAXIMIZE
    """The direction: whether a larger or a smaller objective is better."""
    secondary_metrics: tuple[MetricName, ...] = ()
    """Further metrics that the workload returns, shown beside the objective."""
    n_trials: int | None = Field(default=None, ge=1, le=10_000_000)
    """The number of trials in all. A grid has its own; a smaller number takes its first points. Left out, a bayesian
    sweep has 10 for each searched parameter, and 20 at least."""
    timeout: float | None = Field(default=None, gt=0)
    """Seconds after which no new trial starts."""
    seed: int = Field(default=DEFAULT_SEED, ge=0, lt=2**32)
    """The sweep's seed: every design, suggestion and trial seed follows from it."""
    lookahead: int | None = Field(default=None, ge=1)
    """Whatever is decided about trial n uses the results of the trials up to n - lookahead, so that any number of
    workers up to lookahead gives the same trials. Left out: max_parallel at the first start, twice that with a pruner
    and several workers."""
    reproducible: bool = True
    """false: a bayesian search, or a pruner, uses the trials that have ended by now, whichever worker was faster. No
    worker waits then, and two runs need not have the same trials."""
    replicate_objective: Literal["mean", "median", "confidence_bound"] = "mean"
    """The value of a configuration from its replicates: their mean, their median, or the worse end of the mean's 95 %
    interval."""
    rounds: int = Field(default=3, ge=1)
    """Grids of a progressive sweep, each finer than the one before."""
    regions: int = Field(default=2, ge=1)
    """Best configurations around which the next grid of a progressive sweep lies."""
    budget: Budget | None = None
    """The budget of the sweep; evaluated in the order of the trials' numbers."""
    expected_trial_seconds: float | None = Field(default=None, gt=0)
    """The duration of a trial in seconds, for the sampler `auto`: long trials justify slow suggestions."""
    auto_rules: int | None = Field(default=None, ge=1, le=AUTO_RULES)
    """The version of the rules by which the sampler `auto` chooses. Left out: the newest one; a sweep that is resumed
    keeps its own."""
    warm_start: str | None = None
    """An earlier sweep with the same parameters, whose results the sampler is given; see `--from`."""
    objectives: tuple[Objective, ...] = ()
    """Several objectives instead of one: the results are then those that no other trial beats in all."""
    outcome_constraints: dict[MetricName, WrittenLimit] = Field(default_factory=dict)
    """Limits of metrics that the workload returns, such as latency_ms: {max: 20}. A trial that breaks one is ruled out:
    the best, the Pareto front and all that is chosen from them keep all limits."""
    sampler: SamplerName | None = None
    """The sampler of a bayesian sweep (TPE where it is left out); the other sweep types have none."""
    sampler_options: dict[str, Scalar] = Field(default_factory=dict)
    """Options of the sampler, by their names in its library (Optuna)."""
    pruner: PrunerName | None = None
    """The pruner, which ends trials that fall behind earlier ones; it works with every sweep type."""
    pruner_options: dict[str, Scalar] = Field(default_factory=dict)
    """Options of the pruner, by their names in its library (Optuna)."""
    strategy: StrategyName | None = None
    """The training length of configurations: halving trains all of them a little, and the best go on; it works with
    every sweep type but progressive. asha is halving without brackets, for an open end and designs fixed ahead. pbt
    trains a population whose worst members go on from copies of the best. auto: halving, unless something else decides
    the length, or the full length is too short for rungs. Left out: to their end, or as far as the pruner lets them."""
    halving: Halving = Halving()
    """The rungs of `strategy: halving` and `asha`."""
    pbt: Pbt = Pbt()
    """The generations of `strategy: pbt` (population-based training)."""
    storage: Annotated[str, AfterValidator(checked_storage)] | None = None
    """Your own Optuna storage, which shows every trial while the sweep runs, of whatever type it is: the URL of a
    database (sqlite:///sweeps.db, postgresql+psycopg://host/name), or a journal file (sweeps.log)."""

    _numbers = field_validator(
        "n_trials", "timeout", "seed", "lookahead", "rounds", "regions", "auto_rules", mode="before"
    )(number)

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
    def _strategy_has_its_section(self) -> OptimizationConfig:
        if self.strategy == "pbt":
            self._check_pbt()
        elif self.pbt != Pbt():
            raise ValueError("pbt: needs strategy: pbt")
        if self.strategy not in {"halving", "asha"} and self.halving != Halving():
            raise ValueError("halving: needs strategy: halving or asha")
        if self.strategy == "asha":
            self._check_asha()
        if self.halving.budget is not None and self.halving.full is None:
            raise ValueError("halving.full: must be given with a budget in full trainings")
        return self

    def _check_pbt(self) -> None:
        if not self.pbt.change:
            raise ValueError("pbt.change: must name the parameters that may change in training, such as [lr]")
        if self.pbt.generation is None and self.pbt.full is None:
            raise ValueError("pbt.full: must be given, the reports of a full training; or pbt.generation")
        if self.n_trials is None:
            raise ValueError("n_trials: must be given with strategy: pbt: members times generations")
        if self.pbt.population is not None and self.pbt.population > self.n_trials:
            raise ValueError(
                f"pbt.population: must be <= n_trials, which counts the members of all generations, but got"
                f" {self.pbt.population} and {self.n_trials}"
            )

    def _check_asha(self) -> None:
        if self.halving.full is None:
            raise ValueError("halving.full: must be given with strategy: asha, which has no first trial to wait for")
        if self.halving.brackets != "auto" or self.halving.budget is not None:
            raise ValueError(
                "halving: asha has neither brackets nor a budget; use strategy: halving, or leave them out"
            )
        if self.budget is not None:
            raise ValueError("budget: asha ends after n_trials or timeout; leave the budget out")

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
        """The required and the secondary metrics, each once, the first objective first."""
        return tuple(dict.fromkeys([*self.required_metrics, *self.secondary_metrics]))

    @property
    def required_metrics(self) -> tuple[str, ...]:
        """The metrics without which a trial has failed: the objectives, and those that are constrained."""
        objectives = [objective.metric for objective in self.all_objectives]
        return tuple(dict.fromkeys([*objectives, *self.outcome_constraints]))

    def settled(self, lookahead: int) -> Mapping[str, object]:
        """Returns what a sweep that starts now keeps of the defaults that depend on the machine or the version."""
        chosen = (self.auto_rules or AUTO_RULES) if self.sampler == AUTO_SAMPLER else self.auto_rules
        return {"lookahead": self.lookahead or lookahead, "auto_rules": chosen}

    def is_feasible(self, metrics: Mapping[str, float]) -> bool:
        """Returns whether metrics keep all outcome constraints, as far as they are known."""
        return not broken_limits(self.outcome_constraints, metrics)
