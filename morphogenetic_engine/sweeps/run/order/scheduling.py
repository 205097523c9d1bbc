"""From a configuration to the schedule of its trials, and what the schedule needs to know of them."""

from __future__ import annotations

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.budget import BudgetStopper
from morphogenetic_engine.sweeps.run.early_stopping import EarlyStopper
from morphogenetic_engine.sweeps.run.order.rung_schedule import RungSchedule
from morphogenetic_engine.sweeps.run.order.schedule import Schedule, Stopper
from morphogenetic_engine.sweeps.strategy import Promoter, Strategy


def schedule_of(
    config: SweepConfig,
    history: History,
    strategy: Strategy,
    promoter: Promoter | None,
    *,
    parallel: int,
    retry_failed: bool,
) -> Schedule | RungSchedule:
    """Returns the schedule of a sweep; `promoter` decides about paused trials, None: no trial pauses."""
    stoppers: dict[Outcome, Stopper] = {}
    if config.execution.early_stopping is not None:
        stoppers[Outcome.EARLY_STOPPED] = EarlyStopper(config.execution.early_stopping, config.optimization)
    if config.optimization.budget is not None:
        stoppers[Outcome.BUDGET_SPENT] = BudgetStopper(config.optimization.budget, config.optimization)
    if promoter is not None:
        return RungSchedule(history, strategy.trials, promoter, stoppers=stoppers, retry_failed=retry_failed)
    return Schedule(
        history,
        strategy.trials,
        needs=strategy.needs,
        lookahead=config.optimization.lookahead or parallel,
        waits=config.optimization.reproducible,
        stoppers=stoppers,
        retry_failed=retry_failed,
    )


def looks_at_curves(config: SweepConfig) -> bool:
    """Returns whether any decision depends on the reports of trials."""
    optimization = config.optimization
    pauses = optimization.strategy is not None
    return config.rules.learns or config.prunes or pauses or optimization.budget is not None


def trials_at_once(config: SweepConfig, parallel: int) -> int | None:
    """Returns how many trials of a sweep are worth running at once: more would not wait for results that they need.

    None: any number.
    """
    optimization = config.optimization
    if optimization.strategy in {"halving", "pbt"}:
        return None
    learns = config.brackets_learn if config.rules.sampler else config.rules.learns
    stops = config.execution.early_stopping is not None or optimization.budget is not None
    if learns or stops or config.prunes or optimization.strategy == "asha":
        return optimization.lookahead or parallel
    return None
