"""The sections `halving` and `pbt` of `optimization`: how far each configuration is trained."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from morphogenetic_engine.sweeps.schema.halving_plan import (
    HalvingPlan,
    budgeted_brackets,
    default_brackets,
    most_configurations,
    most_rungs_below,
    plan_of,
    rungs_of,
)
from morphogenetic_engine.sweeps.schema.parameters import Section, number

StrategyName = Literal["halving", "asha", "auto", "pbt"]


def _auto_or_whole(value: object) -> object:
    if value != "auto" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"must be auto or a whole number >= 1, but got {value!r}")
    return value


AutoOrWhole = Annotated[int | Literal["auto"], BeforeValidator(_auto_or_whole)]


class Halving(Section):
    """The rungs of `strategy: halving` and `asha`: all configurations are trained a little, the best go on."""

    eta: int = Field(default=3, ge=2)
    """One configuration in eta goes on from a rung to the next, which is eta times as far."""
    first_rung: AutoOrWhole = "auto"
    """Reports (steps) of the objective at the first rung; auto: 2 to 4 % of the full length with eta 3, at least 2."""
    full: int | None = Field(default=None, ge=1)
    """Reports of a full training. Left out: as many as the first complete trial makes, which runs before all others."""
    brackets: AutoOrWhole = "auto"
    """Brackets that share the trials; the sampler is shown the results of one for the next. auto: up to 5 with a
    sampler, each so large that its rungs are filled, else 1."""
    budget: float | None = Field(default=None, gt=0)
    """The budget in full trainings, from which n_trials follows. Needs `full`."""

    _numbers = field_validator("eta", "full", "budget", mode="before")(number)

    def plan(self, configurations: int, full: int, *, learns: bool) -> HalvingPlan:
        """Returns the plan for a number of configurations and a full length; `learns`: a sampler suggests them."""
        count = min(self._brackets(configurations, learns), configurations)
        return plan_of(configurations, self.eta, self._rungs(full), count)

    def budgeted(self, *, learns: bool) -> int | None:
        """Returns the number of configurations that the budget allows; None: there is no budget."""
        if self.budget is None or self.full is None:
            return None
        return most_configurations(self.budget, self.eta, self._rungs(self.full), self._brackets(1, learns))

    def settled(self, configurations: int, *, learns: bool) -> Halving:
        """Returns the section with its number of brackets filled in, which a sweep keeps when it is resumed."""
        return self.model_copy(update={"brackets": self._brackets(configurations, learns)})

    def _brackets(self, configurations: int, learns: bool) -> int:
        """Returns the number of brackets, which does not change when the full length of a sweep gets known."""
        if self.brackets != "auto":
            return self.brackets
        if self.full is None:
            return default_brackets(configurations, self.eta, most_rungs_below(self.eta), learns)
        rungs = self._rungs(self.full)
        if self.budget is not None:
            return budgeted_brackets(self.budget, self.eta, rungs, learns)
        return default_brackets(configurations, self.eta, len(rungs) - 1, learns)

    def _rungs(self, full: int) -> tuple[int, ...]:
        return rungs_of(full, self.eta, None if self.first_rung == "auto" else self.first_rung)


def with_chosen_strategy(sweep: Mapping[str, object]) -> Mapping[str, object]:
    """Returns a sweep as written, with what `strategy: auto` stands for: halving, or nothing where it cannot be used.

    It looks at the file alone, so that the same file gives the same trials.
    """
    settings = sweep.get("optimization")
    if not isinstance(settings, dict) or settings.get("strategy") != "auto":
        return sweep
    if _can_halve(sweep, settings):
        return {**sweep, "optimization": {**settings, "strategy": "halving"}}
    left = {name: value for name, value in settings.items() if name not in {"strategy", "halving"}}
    halving = settings.get("halving")
    budget = halving.get("budget") if isinstance(halving, dict) else None
    if isinstance(budget, int | float) and left.get("n_trials") is None:
        left["n_trials"] = max(1, int(budget))
    return {**sweep, "optimization": left}


def _can_halve(sweep: Mapping[str, object], settings: Mapping[str, object]) -> bool:
    """Returns whether trials can be compared before their end, and nothing else decides how far they are trained."""
    experiment, halving = sweep.get("experiment"), settings.get("halving")
    replicates = experiment.get("replicates") if isinstance(experiment, dict) else None
    trained = dict(halving) if isinstance(halving, dict) else {}
    full, eta, first = trained.get("full"), trained.get("eta") or 3, trained.get("first_rung", "auto")
    if isinstance(full, int) and isinstance(eta, int) and eta >= 2:
        rungs = rungs_of(full, eta, first if isinstance(first, int) and first >= 1 else None)
    else:
        rungs = (1, 2)  # not known before the first trial has ended
    return (
        len(rungs) > 1
        and sweep.get("sweep_type") != "progressive"
        and settings.get("pruner") in (None, "none")
        and replicates in (None, 1)
        and settings.get("reproducible", True) is not False
    )


class Pbt(Section):
    """The generations of `strategy: pbt`: the worst members go on from copies of the best, with other parameters."""

    change: tuple[str, ...] = ()
    """The searched parameters that may change while a member is trained, such as [lr]. The others are fixed for each
    member, and copied with its files."""
    population: int | None = Field(default=None, ge=2)
    """Members of the population. Left out: the square root of n_trials, 4 at least."""
    generation: int | None = Field(default=None, ge=1)
    """Reports (steps) of a generation. Left out: `full` divided by the number of generations."""
    full: int | None = Field(default=None, ge=1)
    """Reports of a full training. With it, the members of the last generation run to the workload's own end."""
    quantile: float = Field(default=0.25, gt=0, le=0.5)
    """The share of the members that is replaced after a generation, and the share that is copied."""
    factor: float = Field(default=1.2, gt=1)
    """Parameters with log are multiplied or divided by it; others move by half of (factor - 1) of their range."""
    resample: float = Field(default=0.25, ge=0, le=1)
    """The probability that a parameter is drawn anew instead."""

    _numbers = field_validator("population", "generation", "full", "quantile", "factor", "resample", mode="before")(
        number
    )

    def check_changes(self, searched: Collection[str], conditions: Mapping[str, Collection[str]]) -> None:
        """Checks the names of `change`.

        Raises:
            ValueError: one is not searched, or others depend on it.
        """
        for name in self.change:
            if name not in searched:
                raise ValueError(f"optimization.pbt.change: {name} is not searched; choose of {', '.join(searched)}")
            if any(name in condition for condition in conditions.values()):
                raise ValueError(f"optimization.pbt.change: {name} decides which parameters apply; leave it out")

    @staticmethod
    def check_beside(*, prunes: bool, one_seed: bool, waits: bool) -> None:
        """Checks settings that a population does not go with.

        Raises:
            ValueError: there is one.
        """
        if prunes:
            raise ValueError("optimization.pruner: pbt replaces members that fall behind; leave the pruner out")
        if not one_seed:
            raise ValueError("experiment.replicates: pbt trains a member with one seed; leave replicates out")
        if not waits:
            raise ValueError("optimization.reproducible: pbt always is; leave it out")

    def members(self, trials: int) -> int:
        """Returns the size of the population; `trials` are those of all generations together."""
        return min(trials, self.population or max(_FEWEST_MEMBERS, math.isqrt(trials)))

    def generations(self, trials: int) -> int:
        """Returns the number of whole generations."""
        return max(1, trials // self.members(trials))

    def reports_of(self, number: int, trials: int) -> int | None:
        """Returns the reports that a trial makes of its own; None: it runs to the end of the full training."""
        is_last = number // self.members(trials) == self.generations(trials) - 1
        return None if is_last and self.full is not None else self.length(trials)

    def length(self, trials: int) -> int:
        """Returns the reports of a generation."""
        assert self.generation is not None or self.full is not None, "the schema requires one of them"
        return self.generation or -(-(self.full or 1) // self.generations(trials))


_FEWEST_MEMBERS = 4
