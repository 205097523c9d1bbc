"""The results of trials at rungs, from their records."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord, counted_steps
from morphogenetic_engine.sweeps.schema.halving_plan import HalvingPlan
from morphogenetic_engine.sweeps.schema.objective import Objective
from morphogenetic_engine.trial import Metrics


def metrics_at(trial: TrialRecord, rung: int, plan: HalvingPlan, objectives: Sequence[Objective]) -> Metrics | None:
    """Returns the metrics with which a trial is compared at a rung; None: it failed on the way, or is not there yet.

    These are the last report's, and at the full length, or where a trial ends before the rung, its own at the end.
    """
    if rung < len(trial.pauses):
        return trial.pauses[rung].metrics
    if trial.state is not TrialState.COMPLETE:
        return None
    steps = counted_steps(trial, [each.metric for each in objectives]) if rung < plan.top else []
    if len(steps) >= plan.rungs[rung]:
        return trial.curve[steps[plan.rungs[rung] - 1]]
    return trial.metrics


def as_of_rung(trial: TrialRecord, rung: int, plan: HalvingPlan, objectives: Sequence[Objective]) -> TrialRecord | None:
    """Returns a trial as it was at a rung: complete there, or pruned at a lower rung; None: it failed before.

    A sampler that is shown these compares results of equally long training.
    """
    here = metrics_at(trial, rung, plan, objectives)
    if here is not None:
        return _cut(trial, plan.rungs[rung], TrialState.COMPLETE, here, objectives)
    if not trial.pauses:
        return None
    last = min(rung, len(trial.pauses)) - 1
    return _cut(trial, plan.rungs[last], TrialState.PRUNED, trial.pauses[last].metrics, objectives)


def _cut(
    trial: TrialRecord, reports: int, state: TrialState, metrics: Metrics, objectives: Sequence[Objective]
) -> TrialRecord:
    steps = counted_steps(trial, [each.metric for each in objectives])
    until = steps[reports - 1] if len(steps) >= reports else max(steps, default=0)
    curve = {step: found for step, found in trial.curve.items() if step <= until}
    return TrialRecord(trial.number, trial.seed, trial.params, state, metrics=metrics, curve=curve)
