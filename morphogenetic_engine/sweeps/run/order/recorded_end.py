"""The end of a trial whose last message was lost with its process, as far as its recorded reports tell it.

A worker decides by itself, and with the last replicate a trial is done: a process that is killed between the report and
the end leaves nothing to be trained.
"""

from __future__ import annotations

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.run.messages import Ended
from morphogenetic_engine.sweeps.search.pruners.fixed_decisions import HasThresholds
from morphogenetic_engine.sweeps.strategy import TrialDecisions


def recorded_end(trial: TrialRecord, decisions: TrialDecisions | None, config: SweepConfig) -> Ended | None:
    """Returns how a trial has ended; None: it goes on, or its reports do not tell.

    `decisions` are those about the next attempt, which have the reports of the earlier ones.
    """
    if trial.state not in {TrialState.RUNNING, TrialState.INTERRUPTED}:
        return None  # it is promoted, or runs again because a user said so
    replicates = config.experiment.replicates
    if isinstance(decisions, HasThresholds) and decisions.thresholds is not None:
        decider, what = decisions.thresholds.decider(), "step" if replicates == 1 else "replicate"
        for place, value in decisions.reported.items():
            if decider.stops(place, value):
                return Ended(trial.number, trial.attempt, TrialState.PRUNED, message=f"pruned at {what} {place}")
    if replicates != 1 and len(trial.replicates) == replicates:
        return Ended(trial.number, trial.attempt, TrialState.COMPLETE)
    return None
