"""The section `execution` of a sweep file: how the trials are run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from morphogenetic_engine.sweeps.schema.executors.dask_section import DaskWorkers
from morphogenetic_engine.sweeps.schema.executors.executor_names import DASK, LOCAL, ExecutorName
from morphogenetic_engine.sweeps.schema.executors.kubernetes_section import KubernetesWorkers
from morphogenetic_engine.sweeps.schema.objective import Direction, MetricName
from morphogenetic_engine.sweeps.schema.parameters import Section, number, scalar


class EarlyStopping(Section):
    """The rule that stops a sweep before all trials have run; evaluated in the order of the trials' numbers."""

    metric: MetricName | None = None
    """The metric that is watched; the objective where it is left out."""
    direction: Direction | None = None
    """The direction of the metric; left out: that of the objective."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after this many complete trials in a row without a better one."""
    min_trials: int = Field(default=0, ge=0)
    """Never stop before this many trials have ended."""
    threshold: float | None = None
    """Stop once a trial is at least this good."""

    _numbers = field_validator("patience", "min_trials", "threshold", mode="before")(number)

    @model_validator(mode="after")
    def _has_a_rule(self) -> EarlyStopping:
        if self.patience is None and self.threshold is None:
            raise ValueError("needs patience, threshold or both")
        return self


class Retries(Section):
    """The number of retries before a trial counts as failed."""

    crashes: int = Field(default=1, ge=0)
    """After the worker process died (killed, out of memory, crashed in C code)."""
    exceptions: int = Field(default=0, ge=0)
    """After the workload raised an exception or a command ended with a non-zero status."""

    _numbers = field_validator("crashes", "exceptions", mode="before")(number)


def _retries_written_out(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return {"crashes": value, "exceptions": value} if whole else value


def _parallel(value: object) -> object:
    if value != "auto" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"must be auto or a whole number >= 1, but got {value!r}")
    return scalar(value)


def _fuse(value: object) -> object:
    if value is False:  # YAML 1.1 reads a bare off so
        return "off"
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if value not in ("auto", "off") and not whole:
        raise ValueError(f"must be auto, off or a whole number >= 1, but got {value!r}")
    return scalar(value)


class ExecutionConfig(Section):
    """The execution of the trials. No setting here changes which trials there are, so all may change on a resume."""

    max_parallel: Annotated[int | Literal["auto"], BeforeValidator(_parallel)] = "auto"
    """Worker processes; auto: one for each core that this process may use, or as many as the executor has."""
    threads_per_trial: int | None = Field(default=None, ge=1)
    """Threads of numerical libraries in each worker; left out: the cores shared out evenly."""
    fuse: Annotated[int | Literal["auto", "off"], BeforeValidator(_fuse)] = "auto"
    """Trials that a worker trains at once if the workload can: auto, off or their largest number; changes no result."""
    timeout_per_trial: float | None = Field(default=None, gt=0)
    """Seconds after which a trial is killed and recorded as failed (timeout)."""
    early_stopping: EarlyStopping | None = None
    """The rule that stops the sweep before all trials have run."""
    retries: Annotated[Retries, BeforeValidator(_retries_written_out, json_schema_input_type=Retries | int)] = Retries()
    """The number of retries of a trial; one number applies to crashes and exceptions alike."""
    executor: ExecutorName = LOCAL
    """The executor: local (worker processes on this machine), dask (workers on other machines), or the name of one from
    an installed package."""
    dask: DaskWorkers = DaskWorkers()
    """The workers of the executor dask."""
    isolate: bool = False
    """Run each trial in a fresh process: nothing that a trial changes or leaves running reaches another one. The
    workload is then imported for each trial."""

    _numbers = field_validator("threads_per_trial", "timeout_per_trial", mode="before")(number)

    @model_validator(mode="after")
    def _counts_workers(self) -> ExecutionConfig:
        if self.executor == DASK and self.dask.scheduler and self.max_parallel == "auto" and not self.dask.workers:
            raise ValueError("dask.workers: is required with dask.scheduler: the number of its workers to use")
        return self

    @property
    def worker_pods(self) -> KubernetesWorkers | None:
        """The pods in which the trials run; None: they run elsewhere."""
        return self.dask.kubernetes if self.executor == DASK else None
