"""Emulates Katib's controllers: the state of an ended trial, and the number of trials that are requested next.

Sources: pkg/controller.v1beta1/trial/trial_controller.go, pkg/controller.v1beta1/experiment/{experiment_controller.go,
experiment_controller_util.go, util/status_util.go}, pkg/db/v1beta1/postgres/postgres.go; seen on a real cluster (Katib
0.19).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .collector import UNAVAILABLE, MetricLog, Observed, observe
from .processes import Ended
from .webhook import Json

MOST_ROWS = 65_535 // 4
"""PostgreSQL's limit of placeholders; all values of a trial are inserted by one statement with four for each."""


@dataclass(frozen=True)
class TrialEnd:
    """The phase of a Trial that is over, and its observation; None: Katib never reads one."""

    phase: str
    logs: Sequence[MetricLog] = ()
    observation: dict[str, Observed] | None = None


def trial_end(experiment: Json, ended: Ended) -> TrialEnd:
    """Returns what the Trial of a pod that ended is."""
    spec = experiment["spec"]
    objective = spec["objective"]
    if ended.status or ended.collector_status or len(ended.logs) > MOST_ROWS:
        return TrialEnd("Failed")
    observation = observe(ended.logs, [objective["objectiveMetricName"], *objective.get("additionalMetricNames", [])])
    if ended.stopped:
        # Without `retain` the Job is deleted first, and the observation of a trial without a Job is not read any more.
        retained = spec["trialTemplate"].get("retain", False)
        return TrialEnd("EarlyStopped", ended.logs, observation if retained else None)
    available = observation[objective["objectiveMetricName"]].latest != UNAVAILABLE
    return TrialEnd("Succeeded" if available else "MetricsUnavailable", ended.logs, observation)


def requests(experiment: Json, ends: Sequence[TrialEnd]) -> int:
    """Returns how many trials the algorithm is asked for in all, once these have ended and none runs."""
    missing = sum(end.phase == "EarlyStopped" and end.observation is None for end in ends)
    counted = sum(end.phase != "MetricsUnavailable" for end in ends)
    left = int(experiment["spec"]["maxTrialCount"]) - counted
    return len(ends) + min(left, 1) - missing


def is_complete(experiment: Json, ends: Sequence[TrialEnd]) -> bool:
    """Returns whether Katib takes the Experiment for complete: trials without metrics count, as they do not above."""
    return len(ends) >= int(experiment["spec"]["maxTrialCount"])
