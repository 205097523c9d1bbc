"""After how long each task of a pipeline is ended, and how long it is tried again."""

import math

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.experiment_options import parallel_trials
from morphogenetic_engine.backends.katib.render.job_template import deadline_seconds
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from pipelines.plan import Plan

LIGHT_SECONDS = 3600
"""Of a task that trains nothing."""
EXIT_SECONDS = 900
"""Of the exit task: a run whose exit task hangs never ends."""
MOST_SWEEP_SECONDS = 30 * 24 * 3600
"""Of a sweep whose trials could take longer together."""
FIRST_PAUSE_SECONDS, PAUSE_FACTOR = 10, 2
"""Before a task is tried again."""
_WAITING_SECONDS = 24 * 3600
"""How long the pod of one attempt may wait to start, the pause before it among that; a pod's own deadline counts from
its start."""


def training_seconds(plan: Plan) -> int:
    """Return after how long a training is ended: when a trial on Katib would be."""
    return deadline_seconds(plan.config)


def sweep_seconds(plan: Plan) -> int:
    """Return after how long a sweep is ended: later than its trials, one batch after another, can take."""
    trials, one = total_trials(plan.config), deadline_seconds(plan.config)
    if plan.on_katib:
        parallel = parallel_trials(plan.config, RenderOptions(), trials)
    else:
        wanted = plan.config.execution.max_parallel
        parallel = 1 if wanted == "auto" else parallel_workers(plan.config.execution)
    return min(math.ceil(trials / parallel) * one, MOST_SWEEP_SECONDS)


def retry_seconds(plan: Plan, attempt_seconds: int) -> int:
    """Return for how long after its first start a task may be tried again: longer than all attempts can take.

    Argo counts from the start of the first attempt, and ends an attempt that still runs then.
    """
    return (plan.retries + 1) * (attempt_seconds + _WAITING_SECONDS)


def run_seconds(plan: Plan) -> int:
    """Return after how long a run is ended, whatever keeps it: longer than all attempts of all its tasks can take."""
    tasks = (sweep_seconds(plan), training_seconds(plan), LIGHT_SECONDS, LIGHT_SECONDS)
    return sum(retry_seconds(plan, each) for each in tasks)
