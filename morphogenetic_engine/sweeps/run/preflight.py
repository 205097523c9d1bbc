"""A look at a sweep before it runs: does the workload take it, how many trials are there, how long will it take?"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, FailureReason, WorkloadError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.inputs import read_inputs
from morphogenetic_engine.sweeps.run import workers
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from morphogenetic_engine.sweeps.run.workload_check import rejection, worker_setup
from morphogenetic_engine.sweeps.search.registry import fired_rule, strategy_of
from morphogenetic_engine.sweeps.seeds import trial_seed
from morphogenetic_engine.sweeps.space.search_space import Parameter
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER, Strategy
from morphogenetic_engine.trial import Params


@dataclass(frozen=True)
class SweepCheck:
    """What there is to know of a sweep before it runs."""

    trials: int
    points: int | None
    """The number of points in the space; None: a continuous axis."""
    axes: Mapping[str, Parameter]
    rule: str | None
    """Which rule of the sampler `auto` fired."""
    workers: int
    trial_seconds: float | None
    """How long trial 0 took, or how long it was watched; None: not measured."""
    ended: bool
    """Whether trial 0 ended while it was watched: if not, the estimate is a lower bound."""
    failure: str
    """Why trial 0 failed, or ""."""

    @property
    def estimate(self) -> float | None:
        """Seconds for the whole sweep; None: not measured."""
        return None if self.trial_seconds is None else self.trial_seconds * -(-self.trials // self.workers)


def check_sweep(file: ConfigFile, *, watch_seconds: float) -> SweepCheck:
    """Load the workload in a worker, hold the sweep against it, and run trial 0 in a scratch folder for a while.

    Raises:
        ConfigError: the workload does not take the parameters or does not report the objective; an input is missing.
        WorkloadError: the workload cannot be loaded.
    """
    config = file.config
    read_inputs(file.config.experiment.inputs, Path.cwd(), str(file.path))
    strategy, parallel = _strategy(file), parallel_workers(config.execution)
    first = strategy.suggest(0, NOTHING_EARLIER)
    with tempfile.TemporaryDirectory(prefix="sweep-check-") as scratch:
        setup = worker_setup(config, Path.cwd(), Path(scratch) / "workers.log", parallel)
        with workers.WorkerPool(setup) as pool:
            worker = pool.start(0)
            _wait_until_ready(pool, file)
            begun = time.monotonic()
            ended = None
            if watch_seconds > 0:
                worker.run(_first_trial(config, first, Path(scratch) / "0"))
                ended = _wait_for_end(pool, begun + watch_seconds)
            seconds = time.monotonic() - begun
            pool.kill_all()
    if ended is not None and ended.reason is FailureReason.MISSING_METRIC:
        raise ConfigError(f"{file.path}: optimization.target_metric: {ended.message}")
    return SweepCheck(
        trials=strategy.trials,
        points=config.points,
        axes=config.space.axes,
        rule=fired_rule(config),
        workers=min(parallel, strategy.trials),
        trial_seconds=seconds if watch_seconds > 0 else None,
        ended=ended is not None,
        failure=ended.message if ended is not None and ended.state is TrialState.FAILED else "",
    )


def _strategy(file: ConfigFile) -> Strategy:
    try:
        return strategy_of(file.config)
    except ConfigError as error:
        raise ConfigError(f"{file.path}: {error}") from error


def _first_trial(config: SweepConfig, params: Params, folder: Path) -> workers.TrialTask:
    objectives = [objective.metric for objective in config.optimization.all_objectives]
    return workers.TrialTask(0, trial_seed(config.optimization.seed, 0), params, folder, objectives)


def _wait_until_ready(pool: workers.WorkerPool, file: ConfigFile) -> None:
    while True:
        for _, message in pool.poll(None):
            if isinstance(message, workers.Ready):
                return
            if isinstance(message, workers.Rejected):
                raise rejection(message, file.config, str(file.path))
            if isinstance(message, workers.Died):
                raise WorkloadError(f"{file.path}: experiment.workload: its import ends the process")


def _wait_for_end(pool: workers.WorkerPool, deadline: float) -> workers.Ended | None:
    while time.monotonic() < deadline:
        for _, message in pool.poll(deadline):
            if isinstance(message, workers.Ended):
                return message
            if isinstance(message, workers.Died):
                return workers.failed(FailureReason.KILLED, "the worker process died")
    return None
