"""The Python interface: run, resume, load, confirm and compare sweeps.

import morphogenetic_engine as me

space = {"lr": me.Float(1e-4, 1e-1, log=True), "layers": [1, 2, 4]}
result = me.sweep(train, space, objective="val_acc", trials=50)
result.best.params
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.python_api.call_arguments import Given, sweep_file
from morphogenetic_engine.python_api.compared_result import Comparison, comparison_of
from morphogenetic_engine.python_api.confirmed_result import Confirmation
from morphogenetic_engine.python_api.local_run import SweepLike, continued, folder_for, folder_of, run_and_read
from morphogenetic_engine.python_api.ranges import Choice, Float, Int
from morphogenetic_engine.python_api.result import Interrupted, Result, TrialResult
from morphogenetic_engine.python_api.visible_modules import imported_by_a_worker
from morphogenetic_engine.trial import Metrics, Trial, Value

RESULTS = "results/sweeps"
"""The folder of sweeps, the same as the command line's."""

Workload = (
    Callable[[dict[str, Value], Trial], Metrics] | Callable[..., Metrics] | str | Path | Sequence[str | Sequence[str]]
)
"""A function train(params, trial) -> metrics, `module:function`, a sweep file, or a command with its arguments."""
Axis = Float | Int | Choice | Sequence[Value] | Value | Mapping[str, object]
"""A range, choices, a list of values, one value, or what a sweep file would say of the parameter."""
Section = Mapping[str, object]
"""A section of a sweep file, with the keys that it has there."""


def sweep(  # pylint: disable=too-many-arguments,too-many-locals  # a sweep file has as many sections
    workload: Workload | Section,
    parameters: Mapping[str, Axis] | None = None,
    *,
    objective: str | Mapping[str, str] | None = None,
    direction: str | None = None,
    trials: int | None = None,
    sweep_type: str | None = None,
    seed: int | None = None,
    timeout: float | None = None,
    parallel: int | str | None = None,
    constraints: str | Sequence[str] | None = None,
    outcome_constraints: Mapping[str, Mapping[str, float]] | None = None,
    experiment: Section | None = None,
    execution: Section | None = None,
    optimization: Section | None = None,
    tracking: Section | None = None,
    resources: Section | None = None,
    sweep_id: str | None = None,
    results: str | Path = RESULTS,
    progress: bool = True,
) -> Result:
    """Runs a sweep, or continues the sweep of this `sweep_id` where it stopped, and returns all of it.

    The keyword arguments `experiment` to `resources` are the sections of a sweep file, with its keys. `objective`,
    `direction`, `trials`, `seed`, `timeout` and `parallel` are short for keys of them; several objectives are a
    mapping: {"val_acc": "maximize", "seconds": "minimize"}. `constraints` are conditions that all trials keep, such as
    "hidden_dim * num_layers <= 4096"; `outcome_constraints` are limits of metrics, which the best keeps:
    {"latency_ms": {"max": 20}}. Without `sweep_type` a sweep of a function is a grid where
    every parameter is a list and `trials` is left out, else a bayesian search. What is given beside a sweep file takes
    the place of what it says.

    A function of a module is imported by the workers. One of a script or a notebook is written to the sweep's folder
    with everything of its module that it uses.

    Raises:
        ConfigError: a value breaks a rule, or does not fit the workload.
        WorkloadError: the workload cannot be loaded or written down.
        SweepError: the sweep of this id has another search or another function, or another process runs it.
        StoreError: the sweep's folder cannot be written.
        Interrupted: a signal stopped it; it can be resumed.
    """
    if imported_by_a_worker():
        raise WorkloadError(
            "sweep() runs whenever this module is imported, and workers import it: put the call under"
            ' `if __name__ == "__main__":`'
        )
    given = Given(
        objective=objective,
        direction=direction,
        trials=trials,
        sweep_type=sweep_type,
        seed=seed,
        timeout=timeout,
        parallel=parallel,
        constraints=constraints,
        outcome_constraints=outcome_constraints,
        experiment=experiment,
        execution=execution,
        optimization=optimization,
        tracking=tracking,
        resources=resources,
    )
    file = sweep_file(workload, parameters, given)
    return run_and_read(folder_for(file, sweep_id, Path(results)), progress=progress)


def resume(
    sweep: SweepLike,  # pylint: disable=redefined-outer-name  # the name that reads best in a call
    *,
    trials: int | None = None,
    parallel: int | None = None,
    timeout: float | None = None,
    tracking: Section | None = None,
    retry_failed: bool = False,
    results: str | Path = RESULTS,
    progress: bool = True,
) -> Result:
    """Continues a sweep that was stopped or killed, or with more `trials` in all; no ended trial runs again.

    Raises:
        SweepError: there is no such sweep, another process runs it, or an input has changed.
        ConfigError, WorkloadError, StoreError, Interrupted: as `sweep`.
    """
    folder = folder_of(sweep, results)
    overrides = Given(trials=trials, parallel=parallel, timeout=timeout, tracking=tracking).overrides()
    continued(folder, overrides)
    return run_and_read(folder, progress=progress, retry_failed=retry_failed)


def load(sweep: SweepLike, *, results: str | Path = RESULTS) -> Result:  # pylint: disable=redefined-outer-name
    """Reads a sweep, running or not, by its id or the path of its folder.

    Raises:
        SweepError: there is no such sweep, or a file of it is damaged or of a newer format.
        StoreError: a file of it cannot be read.
    """
    return Result(folder_of(sweep, results))


def confirm(
    sweep: SweepLike,  # pylint: disable=redefined-outer-name
    *,
    top: int = 3,
    seeds: int = 10,
    parallel: int | None = None,
    retry_failed: bool = False,
    results: str | Path = RESULTS,
    progress: bool = True,
) -> Confirmation:
    """Runs the `top` best configurations and the baseline on fresh seeds, which all of them share.

    What was confirmed before is not run again.

    Raises:
        SweepError: there is no such sweep, it has no complete trial, or another process runs it.
        ConfigError, WorkloadError, StoreError, Interrupted: as `sweep`.
    """
    from morphogenetic_engine.python_api.confirming import confirm_and_read  # pylint: disable=import-outside-toplevel

    return confirm_and_read(
        folder_of(sweep, results),
        top=top,
        seeds=seeds,
        parallel=parallel,
        retry_failed=retry_failed,
        progress=progress,
    )


def compare(
    *sweeps: SweepLike | TrialResult,
    metric: str | None = None,
    tolerance: float = 0.0,
    direction: str | None = None,
    results: str | Path = RESULTS,
) -> Comparison:
    """Compares the first sweep or trial with each of the others: results, trials, ids, `ID:7`, `ID:baseline`.

    `tolerance` is the largest difference that does not matter. `direction` is of a metric that is no objective.

    Raises:
        ConfigError: a name is no sweep or trial that has a value, or there are not two of them.
        SweepError: there is no such sweep, or its journal is damaged.
    """
    return comparison_of(sweeps, metric=metric, tolerance=tolerance, direction=direction, results=results)


__all__ = [
    "Choice",
    "Comparison",
    "Confirmation",
    "Float",
    "Int",
    "Interrupted",
    "Result",
    "TrialResult",
    "compare",
    "confirm",
    "load",
    "resume",
    "sweep",
]
