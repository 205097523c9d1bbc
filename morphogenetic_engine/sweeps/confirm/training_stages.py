"""The stages of a re-evaluation: one for a configuration; for a schedule, one for each trial of its line of descent."""

from __future__ import annotations

from dataclasses import dataclass

from morphogenetic_engine.sweeps.record.trials import TrialRecord, line_of
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Params


@dataclass(frozen=True)
class TrainingStage:
    """A part of a training during which the parameters stay the same."""

    trial: int
    """The trial of the search that trained it."""
    params: Params
    reports: int | None
    """Its reports, after which the next stage goes on from the same files; None: it runs to the workload's own end."""


def stages_of(trial: TrialRecord, result: SweepResult) -> tuple[TrainingStage, ...]:
    """Returns the stages of training a trial from the start.

    In a population, trial 0 stands for the baseline where the sweep has one: its parameters over the whole length.
    """
    optimization = result.config.optimization
    pbt, given = optimization.pbt, optimization.n_trials
    if optimization.strategy != "pbt" or given is None:
        return (TrainingStage(trial.number, trial.params, None),)
    if trial.number == 0 and result.config.baseline is not None:
        whole = None if pbt.full is not None else pbt.length(given) * pbt.generations(given)
        return (TrainingStage(0, trial.params, whole),)
    trials = {each.number: each for each in result.trials}
    return tuple(
        TrainingStage(each.number, each.params, pbt.reports_of(each.number, given)) for each in line_of(trial, trials)
    )


def searched_reports(trial: TrialRecord, result: SweepResult) -> int | None:
    """Returns the reports that a trial made of its own in the search; None: it ran to its end.

    The baseline of a population did not run as long as its re-evaluation does.
    """
    optimization = result.config.optimization
    if optimization.strategy != "pbt" or optimization.n_trials is None:
        return None
    return optimization.pbt.reports_of(trial.number, optimization.n_trials)
