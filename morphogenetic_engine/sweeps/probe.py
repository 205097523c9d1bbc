"""What a worker is asked before the first trial: does the workload exist, and does it take this sweep?"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from morphogenetic_engine.sweeps.folder import SweepInfo
from morphogenetic_engine.sweeps.resources import thread_environment
from morphogenetic_engine.sweeps.space import Space
from morphogenetic_engine.sweeps.workers import WorkerSetup
from morphogenetic_engine.trial import Params

_VALUES_AN_AXIS = 100


def probe_points(space: Space) -> list[Params]:
    """Return points that the workload must accept: the first values, and from there each other value of each axis."""
    values = {name: list(islice(axis.grid(), _VALUES_AN_AXIS)) for name, axis in space.axes.items()}
    first = {**space.fixed, **{name: each[0] for name, each in values.items()}}
    return [first, *({**first, name: value} for name, each in values.items() for value in each[1:])]


def worker_setup(info: SweepInfo, log: Path, workers: int) -> WorkerSetup:
    """Return what the workers of a sweep are told."""
    config = info.config
    wanted = (config.optimization.target_metric, *config.optimization.secondary_metrics)
    directory = Path(info.working_directory)
    return WorkerSetup(
        workload=config.experiment.workload,
        command=config.experiment.command,
        metrics=wanted,
        probe=probe_points(config.space),
        working_directory=directory if directory.is_dir() else Path.cwd(),
        environment=thread_environment(workers, config.execution.threads_per_trial),
        log=log,
    )
