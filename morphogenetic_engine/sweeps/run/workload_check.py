"""The check of a workload before the first trial: it can be loaded, and takes the sweep's parameters and metrics."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, MorphogeneticError, StoreError, WorkloadError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import CODE_FOLDER, write_whole
from morphogenetic_engine.sweeps.run.resources import thread_environment
from morphogenetic_engine.sweeps.run.workers.wire import Rejected
from morphogenetic_engine.sweeps.run.workers.worker import WorkerSetup
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload, Workload

_VALUES_AN_AXIS = 100


def probe_points(space: Space) -> list[Params]:
    """Returns points that the workload must accept: the first values, and from there each other value of each axis."""
    values = {name: list(islice(axis.grid(), _VALUES_AN_AXIS)) for name, axis in space.axes.items()}
    first = {**space.fixed, **{name: each[0] for name, each in values.items()}}
    return [first, *({**first, name: value} for name, each in values.items() for value in each[1:])]


def worker_setup(config: SweepConfig, directory: Path, log: Path, workers: int) -> WorkerSetup:
    """Returns the setup of a sweep's workers; they import the workload from `directory`."""
    wanted = (config.optimization.target_metric, *config.optimization.secondary_metrics)
    workload, environment = importable_workload(config.workload, log.parent / CODE_FOLDER)
    return WorkerSetup(
        workload=workload,
        metrics=wanted,
        probe=probe_points(config.space),
        change=config.optimization.pbt.change,
        working_directory=directory if directory.is_dir() else Path.cwd(),
        environment={
            **thread_environment(workers, config.execution.threads_per_trial),
            **environment,
        },
        log=log,
        wanted=config.wanted_metrics,
    )


def importable_workload(workload: Workload, folder: Path) -> tuple[Workload, dict[str, str]]:
    """Writes the workload's source, if the sweep has it, as a module into a folder.

    Returns the workload that workers import from there, and the environment variables with which they find it.

    Raises:
        StoreError: it cannot be written.
    """
    if not isinstance(workload, FunctionWorkload) or workload.source is None:
        return workload, {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be created: {error.strerror}") from error
    write_whole(folder / f"{workload.module}.py", workload.source.encode())
    places = [str(folder.absolute()), *filter(None, [os.environ.get("PYTHONPATH")])]
    return FunctionWorkload(workload.spec), {"PYTHONPATH": os.pathsep.join(places)}


def rejection(message: Rejected, config: SweepConfig, where: str) -> MorphogeneticError:
    """Returns the error for a sweep that its workload does not take, with the place in the sweep file."""
    if message.error != ConfigError.__name__:
        return WorkloadError(f"{where}: experiment.{config.workload.key}: {message.message}")
    name = message.message.split(":", maxsplit=1)[0]
    if name in config.parameters:
        return ConfigError(f"{where}: parameters.{message.message}")
    section = "experiment." if name in config.experiment.parameters else ""
    return ConfigError(f"{where}: {section}{message.message}")
