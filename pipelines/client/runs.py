"""Parses the runs that a Kubeflow Pipelines server returns.

The server lists technical nodes beside the tasks: drivers, DAGs, a node for each attempt. Names are not
unique, so tasks are told apart by their ids, and a node without a state was never started.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import kfp_server_api

from morphogenetic_engine.steps.pipeline_run import experiment_name
from pipelines.titles import TITLES

_POD_OF_ATTEMPT = "retry-system-container-impl"
"""Argo's template of a task with retries; a pod's name has it between the workflow's and the node's hash."""
_ON_KATIB = ("morphogenetic-sweep", "morphogenetic-smoke")


class RunState(StrEnum):
    """The state of a run or a task. Unknown states of later servers count as pending."""

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
_FAILED = {RunState.FAILED, RunState.ERROR}


@dataclass(frozen=True)
class Node:
    """A node that the server lists for a run."""

    task_id: str
    name: str
    state: RunState | None
    """None: it was never started."""
    error: str
    started: datetime | None
    ended: datetime | None
    children: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """A task of our pipelines."""

    node: Node
    attempts: int
    """The number of attempts so far, as far as it can be determined."""

    @property
    def title(self) -> str:
        return TITLES[self.node.name]

    @property
    def state(self) -> RunState | None:
        return self.node.state

    @property
    def error(self) -> str:
        return self.node.error


@dataclass(frozen=True)
class Run:
    """The state of a run when the server was queried."""

    run_id: str
    name: str
    state: RunState
    error: str
    created: datetime | None = None
    finished: datetime | None = None
    description: str = ""
    pipeline: str = ""
    """Its pipeline's name; "" if the server does not return it."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    stopped: bool = False
    """True if it was terminated: it is CANCELING for a while, and then FAILED."""

    @property
    def tasks(self) -> Sequence[Task]:
        """The tasks of our pipelines that have started or will never start, in the order of execution."""
        order = list(TITLES)
        tasks = [Task(node, _attempts(node, self.nodes)) for node in self.nodes if node.name in order]
        return sorted(tasks, key=lambda task: order.index(task.node.name))

    @property
    def failed_tasks(self) -> Iterator[Task]:
        return (task for task in self.tasks if task.state in _FAILED)

    @property
    def waiting(self) -> Sequence[Node]:
        """The nodes whose pods have not started."""
        return [node for node in self.nodes if node.state is RunState.PENDING]

    @property
    def failed_pods(self) -> Sequence[str]:
        """The pods of the last attempts of tasks that failed."""
        failed = [node for node in self.nodes if node.name == "executor" and node.state in _FAILED and node.children]
        return [_pod_name(node.children[-1]) for node in failed]

    @property
    def storage(self) -> str:
        return self.parameters.get("storage", "").rstrip("/")

    @property
    def report(self) -> str:
        """The address of its report; "": it has none."""
        return f"{self.storage}/reports/{self.run_id}/index.html" if self.storage else ""

    @property
    def experiment(self) -> str:
        """The name of its Katib Experiment; "": it has none, or the server does not return it."""
        if self.pipeline not in _ON_KATIB or "name" not in self.parameters:
            return ""
        return experiment_name(self.parameters["name"], self.run_id)

    @property
    def age_key(self) -> tuple[float, str]:
        """The key that orders runs by creation, the same for every client."""
        return (self.created.timestamp() if self.created else 0.0, self.run_id)


@dataclass(frozen=True)
class RecurringRun:
    """A recurring run."""

    recurring_run_id: str
    name: str
    cron: str = ""
    enabled: bool = True


def run_of(answer: kfp_server_api.V2beta1Run) -> Run:
    """Parses the server's description of a run."""
    details = answer.run_details.task_details if answer.run_details else None
    given = answer.runtime_config.parameters if answer.runtime_config else None
    return Run(
        run_id=answer.run_id,
        name=answer.display_name,
        state=_state(answer.state) or RunState.PENDING,
        error=_error(answer.error),
        created=_time(answer.created_at),
        finished=_time(answer.finished_at),
        description=answer.description or "",
        pipeline=_pipeline(answer.pipeline_spec),
        parameters={name: value for name, value in (given or {}).items() if isinstance(value, str)},
        nodes=tuple(_node(each) for each in details or []),
        stopped=any(each.state == RunState.CANCELING for each in answer.state_history or ()),
    )


def _attempts(node: Node, nodes: Sequence[Node]) -> int:
    """Returns the number of attempts of a task: the number of children of the node that groups its attempts.

    That node is found by its start and end times, which equal the task's. For parallel tasks it may be ambiguous until
    one of them ends; until then the result is 1.
    """
    twins = [each for each in nodes if (each.name, each.started, each.ended) == ("executor", node.started, node.ended)]
    counts = {len(each.children) for each in twins}
    return counts.pop() if len(counts) == 1 else int(node.state is not None)


def _node(answer: kfp_server_api.V2beta1PipelineTaskDetail) -> Node:
    children = tuple(child.pod_name for child in answer.child_tasks or () if child.pod_name)
    return Node(
        task_id=answer.task_id or "",
        name=answer.display_name or "",
        state=_state(answer.state),
        error=_error(answer.error),
        started=_time(answer.start_time),
        ended=_time(answer.end_time),
        children=children,
    )


def _pod_name(node_id: str) -> str:
    """Returns the name of the pod of a workflow's node: Argo puts the template's name before the hash."""
    workflow, _, number = node_id.rpartition("-")
    return f"{workflow}-{_POD_OF_ATTEMPT}-{number}"


def _pipeline(spec: object) -> str:
    if not isinstance(spec, dict):
        return ""
    inner = spec.get("pipeline_spec", spec)
    info = inner.get("pipelineInfo") if isinstance(inner, dict) else None
    return str(info.get("name", "")) if isinstance(info, dict) else ""


def _state(said: str | None) -> RunState | None:
    if said is None:
        return None
    return RunState(said) if said in set(RunState) else RunState.PENDING


def _time(said: datetime | None) -> datetime | None:
    """Parses a time; the years 1 and 1970 mean that it is not set."""
    return said if said is not None and said.year > 1970 else None


def _error(said: kfp_server_api.GoogleRpcStatus | None) -> str:
    return " ".join((said.message or "").split()) if said else ""
