"""The sampler `auto`: chooses a search by the space, the number of trials and their cost.

The rules follow what Optuna's documentation and the black-box optimisation challenge of NeurIPS 2020 (Turner et al.,
arXiv 2104.10201) found for small budgets, and what `make bench-search` measures. They look at the configuration alone,
so the same file gives the same search. Rules that change get a new version, because a sweep keeps those that it was
started with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.grid_search import Grid, sampled_design, sobol_points, whole_grid
from morphogenetic_engine.sweeps.kinds import SamplerKind, SingleSearch
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.space.parameter_axes import Choices
from morphogenetic_engine.sweeps.strategy import Earlier, RunsToTheEnd, Strategy
from morphogenetic_engine.trial import Value

FEW_TRIALS = 250
"""Up to here TPE and GP make the most of each result."""
MOST_GP_AXES = 20
COSTLY_SECONDS = 10.0
"""Trials from this length on are worth GP's costly suggestions."""
FEW_GP_TRIALS = 100
"""Up to here GP's suggestions take tenths of a second, which trials of unknown length are worth."""
SHORT_SECONDS = 1.0
"""Trials below this length are not worth them."""
LEAST_START = 10
"""Sobol points at the start, at least."""


@dataclass(frozen=True)
class Phase:
    """A sampler and the first trial that it suggests."""

    first: int
    sampler: str


@dataclass(frozen=True)
class AutoChoice:
    """The chosen search and the rule that chose it."""

    rule: str
    phases: tuple[Phase, ...]
    """After the Sobol points at the start; none: every point of the space."""


def auto_choice(config: SweepConfig) -> AutoChoice:
    """Returns the search that the rules choose; the first rule that fits fires."""
    optimization = config.optimization
    first_rules = optimization.auto_rules == 1
    trials = config.n_trials or 0
    axes = config.space.axes
    start = min(trials, max(LEAST_START, 2 * len(axes) if first_rules else 0, optimization.lookahead or 1))
    numeric = not config.space.conditions and not any(isinstance(axis, Choices) for axis in axes.values())
    costly = (optimization.expected_trial_seconds or 0) >= COSTLY_SECONDS
    if config.points is not None and config.points <= trials:
        return AutoChoice(f"the space has {config.points} points, no more than there are trials: each once", ())
    if len(optimization.objectives) > 1:
        return AutoChoice("several objectives: TPE", (Phase(start, "TPE"),))
    if numeric and costly and trials <= FEW_TRIALS and 1 <= len(axes) <= MOST_GP_AXES:
        return AutoChoice("few costly trials of ranges alone: GP", (Phase(start, "GP"),))
    if not first_rules and _takes_gp_with_choices(config):
        return AutoChoice("few full trainings with choices: GP", (Phase(start, "GP"),))
    if numeric and trials >= 2 * FEW_TRIALS and len(axes) > 1 and optimization.outcome_constraints:
        return AutoChoice("outcome constraints, which CMA-ES does not use: TPE", (Phase(start, "TPE"),))
    if numeric and trials >= 2 * FEW_TRIALS and len(axes) > 1:
        rule = f"many trials of ranges alone: TPE up to trial {FEW_TRIALS}, then CMA-ES"
        return AutoChoice(rule, (Phase(start, "TPE"), Phase(FEW_TRIALS, "CmaEs")))
    return AutoChoice("choices, conditions or few trials: TPE", (Phase(start, "TPE"),))


def _takes_gp_with_choices(config: SweepConfig) -> bool:
    """Returns whether a space with choices is small enough for GP, and its trials train to their end."""
    optimization, axes = config.optimization, config.space.axes
    if config.space.conditions or config.prunes or optimization.strategy is not None:
        return False
    seconds = SHORT_SECONDS if optimization.expected_trial_seconds is None else optimization.expected_trial_seconds
    most = FEW_TRIALS if seconds >= COSTLY_SECONDS else FEW_GP_TRIALS
    few = (config.n_trials or 0) <= most and len(axes) <= MOST_GP_AXES and seconds >= SHORT_SECONDS
    return few and any(isinstance(axis, Choices) for axis in axes.values())


class AutoStrategy(RunsToTheEnd):
    """Sobol points first, then the samplers of the phases; or every point of a small space."""

    def __init__(self, config: SweepConfig, known: Sequence[TrialRecord] = ()) -> None:
        # pylint: disable-next=import-outside-toplevel  # Optuna takes a third of a second, also to count the trials
        from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaStrategy

        choice = auto_choice(config)
        self._grid: Grid | None = None if choice.phases else whole_grid(config)
        start = choice.phases[0].first if choice.phases else 0
        self._parts: list[tuple[int, Strategy]] = [(0, sampled_design(config, start, sobol_points))] if start else []
        for phase in choice.phases:
            try:
                part = OptunaStrategy(config, sampler=phase.sampler, first=phase.first, known=known)
            except ConfigError as error:
                raise ConfigError(f"{error}; auto chose it ({choice.rule}), or name another sampler") from error
            self._parts.append((phase.first, part))
        self._trials = AUTO.trials(config)

    @property
    def trials(self) -> int:
        return self._trials

    def needs(self, number: int, /) -> int:
        return 0 if self._grid else self._part(number).needs(number)

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        if self._grid:
            return self._grid.suggest(number)
        return self._part(number).suggest(number, earlier)

    def _part(self, number: int) -> Strategy:
        return next(part for first, part in reversed(self._parts) if number >= first)


@dataclass(frozen=True, kw_only=True)
class _AutoKind(SamplerKind):
    """The sampler that the rules choose."""

    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> AutoStrategy:
        return AutoStrategy(config, known)

    def trials(self, config: SweepConfig) -> int:
        trials = super().trials(config)
        return trials if config.points is None else min(trials, config.points)

    def rule(self, config: SweepConfig) -> str | None:
        return auto_choice(config).rule

    def single_search(self, config: SweepConfig) -> SingleSearch:
        choice = auto_choice(config)
        return SingleSearch(choice.phases[0].sampler if choice.phases else None, choice.rule)


AUTO = _AutoKind(packages=("optuna",), outcome_constraints=True)
