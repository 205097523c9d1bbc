"""The section `optimization.halving` of a sweep file: how far each configuration is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from morphogenetic_engine.sweeps.schema.halving_plan import (
    HalvingPlan,
    default_brackets,
    most_configurations,
    plan_of,
    rungs_of,
)
from morphogenetic_engine.sweeps.schema.parameters import Section, number

StrategyName = Literal["halving", "asha"]


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
    """Brackets that share the trials; the sampler is shown the results of one for the next. auto: up to 3 with a
    sampler, else 1."""
    budget: float | None = Field(default=None, gt=0)
    """The budget in full trainings, from which n_trials follows. Needs `full`."""

    _numbers = field_validator("eta", "full", "budget", mode="before")(number)

    def plan(self, configurations: int, full: int, *, learns: bool) -> HalvingPlan:
        """Returns the plan for a number of configurations and a full length; `learns`: a sampler suggests them."""
        rungs = self._rungs(full)
        count = default_brackets(configurations, self.eta, learns) if self.brackets == "auto" else self.brackets
        return plan_of(configurations, self.eta, rungs, min(count, configurations))

    def budgeted(self, *, learns: bool) -> int | None:
        """Returns the number of configurations that the budget allows; None: there is no budget."""
        if self.budget is None or self.full is None:
            return None
        brackets = None if self.brackets == "auto" else self.brackets
        return most_configurations(self.budget, self.eta, self._rungs(self.full), brackets, learns)

    def _rungs(self, full: int) -> tuple[int, ...]:
        return rungs_of(full, self.eta, None if self.first_rung == "auto" else self.first_rung)
