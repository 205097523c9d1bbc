"""Computes the time limits of a pipeline's tasks, and for how long they are retried."""

import math

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.pods.job_template import deadline_seconds
from morphogenetic_engine.backends.katib.render.experiment_options import parallel_trials
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from pipelines.plan import Plan

LIGHT_SECONDS = 3600
"""The limit of a task that trains nothing."""
EXIT_SECONDS = 900
"""The limit of the exit task: a run whose exit task hangs never ends."""
MOST_SWEEP_SECONDS = 30 * 24 * 3600
"""The limit of a sweep whose trials could take longer in total."""
FIRST_PAUSE_SECONDS, PAUSE_FACTOR = 10, 2
"""The pause before a task is retried."""
_WAITING_SECONDS = 24 * 3600
"""The time for the pod of one attempt to start, with the pause before it; its deadline counts from its start."""


def training_seconds(plan: Plan) -> int:
    """Returns the time limit of a training: that of a trial on Katib."""
    return deadline_seconds(plan.config)


def sweep_seconds(plan: Plan) -> int:
    """Returns the time limit of a sweep: more than its trials, in sequential batches, can take."""
    trials, one = total_trials(plan.config), deadline_seconds(plan.config)
    if plan.on_katib:
        parallel = parallel_trials(plan.config, RenderOptions(), trials)
    else:
        execution = plan.config.execution
        unknown = execution.max_parallel == "auto" and execution.worker_pods is None
        parallel = 1 if unknown else parallel_workers(execution)
    return min(math.ceil(trials / parallel) * one, MOST_SWEEP_SECONDS)


def retry_seconds(plan: Plan, attempt_seconds: int) -> int:
    """Returns for how long after its first start a task may be retried: more than all attempts can take.

    Argo counts from the start of the first attempt, and ends an attempt that still runs then.
    """
    return (plan.retries + 1) * (attempt_seconds + _WAITING_SECONDS)


def run_seconds(plan: Plan) -> int:
    """Returns the time limit of a run: more than all attempts of all its tasks can take."""
    tasks = (sweep_seconds(plan), training_seconds(plan), LIGHT_SECONDS, LIGHT_SECONDS)
    return sum(retry_seconds(plan, each) for each in tasks)
