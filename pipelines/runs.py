"""Runs as a Kubeflow Pipelines server tells of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import kfp_server_api


class RunState(StrEnum):
    """Where a run or a task stands. What a later server may say besides counts as pending."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    CANCELING = "CANCELING"
    SUCCEEDED = "SUCCEEDED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        return self in _FINAL


_FINAL = {RunState.SUCCEEDED, RunState.SKIPPED, RunState.FAILED, RunState.ERROR, RunState.CANCELED}


@dataclass(frozen=True)
class Task:
    """A task of a run."""

    name: str
    state: RunState
    error: str


@dataclass(frozen=True)
class Run:
    """A run, as it stood when the server was asked."""

    run_id: str
    name: str
    state: RunState
    error: str
    tasks: tuple[Task, ...]

    @property
    def failed_tasks(self) -> Iterator[Task]:
        return (task for task in self.tasks if task.state in {RunState.FAILED, RunState.ERROR})


@dataclass(frozen=True)
class RecurringRun:
    """A run that is started again and again."""

    recurring_run_id: str
    name: str


def run_of(answer: kfp_server_api.V2beta1Run) -> Run:
    """Return what the server's answer says of a run."""
    details = answer.run_details.task_details if answer.run_details else None
    tasks = [
        Task(each.display_name, _state(each.state), _error(each.error))
        for each in details or []
        if _is_own(each.display_name)
    ]
    return Run(answer.run_id, answer.display_name, _state(answer.state), _error(answer.error), tuple(tasks))


def _is_own(name: str | None) -> bool:
    """Tell a task of the pipeline from the steps that Kubeflow Pipelines takes to run it."""
    return bool(name) and name not in {"root", "executor"} and not str(name).endswith("-driver")


def _state(said: str | None) -> RunState:
    return RunState(said) if said in set(RunState) else RunState.PENDING


def _error(said: kfp_server_api.GoogleRpcStatus | None) -> str:
    return " ".join((said.message or "").split()) if said else ""
