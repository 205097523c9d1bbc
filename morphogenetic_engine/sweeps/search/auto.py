"""The sampler `auto`: which search suits the space, the number of trials and their cost.

The rules follow what Optuna's documentation and the black-box optimisation challenge of NeurIPS 2020 (Turner et al.,
arXiv 2104.10201) found for small budgets. They look at the configuration alone, so the same file gives the same search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.sweeps.config import SweepConfig, SweepType
from morphogenetic_engine.sweeps.grid_search import Grid, design_of, whole_grid
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaSuggestions
from morphogenetic_engine.sweeps.space.search_space import Choices
from morphogenetic_engine.sweeps.strategy import Earlier, Suggestions
from morphogenetic_engine.trial import Value

FEW_TRIALS = 250
"""Up to here TPE and GP make the most of each result."""
MOST_GP_AXES = 20
COSTLY_SECONDS = 10.0
"""Trials from this length on are worth GP's costly suggestions."""


@dataclass(frozen=True)
class Phase:
    """A sampler and the first trial that it suggests."""

    first: int
    sampler: str


@dataclass(frozen=True)
class AutoChoice:
    """What was chosen, and why."""

    rule: str
    phases: tuple[Phase, ...]
    """After the Sobol points at the start; none: every point of the space."""


def auto_choice(config: SweepConfig) -> AutoChoice:
    """Return the search that the rules choose; the first rule that fits fires."""
    optimization = config.optimization
    trials = optimization.n_trials or 0
    axes = config.space.axes
    start = min(trials, max(10, 2 * len(axes), optimization.lookahead or 1))
    numeric = not config.space.conditions and not any(isinstance(axis, Choices) for axis in axes.values())
    costly = (optimization.expected_trial_seconds or 0) >= COSTLY_SECONDS
    if config.points is not None and config.points <= trials:
        return AutoChoice(f"the space has {config.points} points, no more than there are trials: each once", ())
    if len(optimization.objectives) > 1:
        return AutoChoice("several objectives: TPE", (Phase(start, "TPE"),))
    if numeric and costly and trials <= FEW_TRIALS and 1 <= len(axes) <= MOST_GP_AXES:
        return AutoChoice("few costly trials of ranges alone: GP", (Phase(start, "GP"),))
    if numeric and trials >= 2 * FEW_TRIALS and len(axes) > 1:
        rule = f"many trials of ranges alone: TPE up to trial {FEW_TRIALS}, then CMA-ES"
        return AutoChoice(rule, (Phase(start, "TPE"), Phase(FEW_TRIALS, "CmaEs")))
    return AutoChoice("choices, conditions or few trials: TPE", (Phase(start, "TPE"),))


class AutoSuggestions:
    """A way to search: Sobol points first, then the samplers of the phases."""

    def __init__(self, config: SweepConfig, known: Sequence[TrialRecord] = ()) -> None:
        choice = auto_choice(config)
        self._grid: Grid | None = None if choice.phases else whole_grid(config)
        start = choice.phases[0].first if choice.phases else 0
        self._parts: list[tuple[int, Suggestions]] = [(0, design_of(_sobol(config, start)))] if start else []
        for phase in choice.phases:
            part = OptunaSuggestions(config, sampler=phase.sampler, first=phase.first, known=known)
            self._parts.append((phase.first, part))
        self._total = len(self._grid) if self._grid else config.optimization.n_trials or 0

    def __len__(self) -> int:
        return self._total

    def needs(self, number: int, /) -> int:
        return 0 if self._grid else self._part(number).needs(number)

    def params(self, number: int, earlier: Earlier) -> dict[str, Value]:
        if self._grid:
            return self._grid.params(number)
        return self._part(number).params(number, earlier)

    def _part(self, number: int) -> Suggestions:
        return next(part for first, part in reversed(self._parts) if number >= first)


def _sobol(config: SweepConfig, trials: int) -> SweepConfig:
    optimization = config.optimization.model_copy(update={"n_trials": trials})
    return config.model_copy(update={"sweep_type": SweepType.SOBOL, "optimization": optimization})
