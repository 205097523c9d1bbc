"""The check of a sweep before it runs: loads the workload, counts the trials, and estimates the time."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile, check_no_passwords
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.inputs import read_inputs
from morphogenetic_engine.sweeps.run.executor import Executor, ExecutorSetup, executor_of
from morphogenetic_engine.sweeps.run.messages import Ended, Reported, TrialTask
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from morphogenetic_engine.sweeps.schema.executors.executor_names import DASK, LOCAL
from morphogenetic_engine.sweeps.schema.halving_plan import HalvingPlan
from morphogenetic_engine.sweeps.search.registry import fired_rule, strategy_of
from morphogenetic_engine.sweeps.space.feasibility import Share, feasible_share
from morphogenetic_engine.sweeps.space.parameter_axes import Parameter
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER, Strategy
from morphogenetic_engine.trial import Params


@dataclass(frozen=True)
class SweepCheck:
    """The result of the check."""

    trials: int
    points: int | None
    """The number of points in the space; None: a continuous axis, or too many to check the constraints of each."""
    feasible: Share | None
    """The part of the space that keeps the constraints; None: there are no constraints."""
    axes: Mapping[str, Parameter]
    rule: str | None
    """The rule of the sampler `auto` that applied."""
    workers: int
    trial_seconds: float | None
    """Seconds that trial 0 took, or for which it was watched; None: not measured."""
    ended: bool
    """True if trial 0 ended within the time; otherwise the estimate is a lower bound."""
    failure: str
    """The reason why trial 0 failed, or ""."""
    plan: HalvingPlan | None = None
    """The rungs of a halving; None: every trial runs to its end, or nobody knows how far that is."""
    workers_elsewhere: str = ""
    """The workers that a run would start or use on other machines, in words; "" if there are none."""

    @property
    def estimate(self) -> float | None:
        """Seconds for the whole sweep; None: not measured."""
        if self.trial_seconds is None:
            return None
        if self.plan is not None:
            return self.trial_seconds * max(self.plan.cost / self.workers, 1.0)
        return self.trial_seconds * -(-self.trials // self.workers)


def check_sweep(file: ConfigFile, *, watch_seconds: float) -> SweepCheck:
    """Loads the workload, checks the sweep against it, and runs trial 0 in a temporary folder for a limited time.

    All of it happens on this machine, wherever the sweep's workers are.

    Raises:
        ConfigError: the workload does not take the parameters or does not report the objective; an input is missing;
            an address holds a password.
        WorkloadError: the workload cannot be loaded.
    """
    config = file.config
    check_no_passwords(config, str(file.path))
    read_inputs(file.config.experiment.inputs, Path.cwd(), str(file.path))
    strategy, parallel = _strategy(file), parallel_workers(config.execution)
    first = strategy.suggest(0, NOTHING_EARLIER)
    with tempfile.TemporaryDirectory(prefix="sweep-check-") as scratch:
        here = _on_this_machine(config)
        setup = ExecutorSetup(here, str(file.path), Path.cwd(), Path(scratch) / "workers.log", parallel)
        with executor_of(here)(setup) as executor:
            slot = _free_slot(executor)
            begun = time.monotonic()
            ended, reports = None, 0
            if watch_seconds > 0:
                executor.start(slot, [_first_trial(config, first, Path(scratch) / "0")])
                ended, reports = _wait_for_end(executor, begun + watch_seconds, config)
            seconds = time.monotonic() - begun
            executor.stop_all()
    if ended is not None and ended.reason is FailureReason.MISSING_METRIC:
        raise ConfigError(f"{file.path}: {ended.missing_key}: {ended.message}")
    return SweepCheck(
        trials=strategy.trials,
        points=config.points,
        feasible=feasible_share(config.space) if config.constraints else None,
        axes=config.space.axes,
        rule=fired_rule(config),
        workers=min(parallel, strategy.trials),
        trial_seconds=seconds if watch_seconds > 0 else None,
        ended=ended is not None,
        failure=ended.message if ended is not None and ended.state is TrialState.FAILED else "",
        workers_elsewhere=_workers_elsewhere(config, min(parallel, strategy.trials)),
        plan=_plan(config, strategy.trials, reports if ended is not None else None),
    )


def _workers_elsewhere(config: SweepConfig, workers: int) -> str:
    """Returns what a run starts on other machines, in words; "" if it runs here."""
    execution = config.execution
    if execution.executor != DASK:
        return ""
    found = execution.dask.description(workers)
    asked = "" if execution.worker_pods is None else config.resources.description
    return f"{found}{' with ' if workers == 1 else ', each with '}{asked}" if asked else found


def _on_this_machine(config: SweepConfig) -> SweepConfig:
    """Returns a configuration whose trials run in local workers, if they would run in those of Dask."""
    if config.execution.executor != DASK:
        return config
    execution = config.execution.model_copy(update={"executor": LOCAL, "max_parallel": 1})
    return config.model_copy(update={"execution": execution})


def _strategy(file: ConfigFile) -> Strategy:
    with file.named():
        return strategy_of(file.config)


def _first_trial(config: SweepConfig, params: Params, folder: Path) -> TrialTask:
    objectives = [objective.metric for objective in config.optimization.all_objectives]
    seed = trial_seed(config.optimization.seed, 0)
    constrained = tuple(config.optimization.outcome_constraints)
    return TrialTask(0, 0, seed, params, folder, objectives, constrained, config.named_metrics)


def _free_slot(executor: Executor) -> int:
    """Waits until the workload is loaded and checked, and returns the slot that can run a trial."""
    while True:
        slots = executor.free(1)
        if slots:
            return slots[0]
        deque(executor.messages(None), maxlen=0)  # of the workers' starts: nothing runs yet


def _wait_for_end(executor: Executor, deadline: float, config: SweepConfig) -> tuple[Ended | None, int]:
    """Returns how the trial ended, and at how many steps it reported all objectives; None: it goes on."""
    names = {objective.metric for objective in config.optimization.all_objectives}
    steps: set[int] = set()
    while time.monotonic() < deadline:
        for message in executor.messages(deadline):
            if isinstance(message, Ended):
                return message, len(steps)
            if isinstance(message, Reported) and names.issubset(message.metrics):
                steps.add(message.step)
    return None, len(steps)


def _plan(config: SweepConfig, trials: int, watched: int | None) -> HalvingPlan | None:
    """Returns the plan of a halving; `watched` are the reports of trial 0, if it ended while it was watched."""
    halving = config.optimization.halving
    full = halving.full or watched
    if config.optimization.strategy != "halving" or not full:
        return None
    return halving.plan(trials, full, learns=config.brackets_learn)
