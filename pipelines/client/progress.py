"""Reports the progress of a run in lines, each change once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipelines.client.runs import Run, RunState, Task

PENDING_SECONDS = 180.0
"""Seconds that a pod may take to start before the reason is reported."""

Diagnose = Callable[[Run], list[str]]
"""Returns why the pods of a run do not start, a line each."""

_WORDS = {RunState.RUNNING: "started", RunState.PENDING: "waits", RunState.CANCELING: "is being stopped"}


@dataclass
class Progress:
    """The reported progress of a run."""

    diagnose: Diagnose
    clock: Callable[[], float] = time.monotonic
    _told: dict[str, tuple[RunState | None, int]] = field(default_factory=dict)
    _waiting_since: dict[str, float] = field(default_factory=dict)
    _explained: set[str] = field(default_factory=set)

    def news(self, run: Run) -> list[str]:
        """Returns a line for each change of a task, for each reason that pods wait, and for the run."""
        return [*self._tasks(run), *self._stuck(run), *self._run(run)]

    def _tasks(self, run: Run) -> Iterator[str]:
        for task in run.tasks:
            key, now = task.node.task_id or task.node.name, (task.state, task.attempts)
            if self._told.get(key) == now or (task.state is None and not _is_missed(run)):
                continue
            self._told[key] = now
            yield task_line(task, run)

    def _stuck(self, run: Run) -> Iterator[str]:
        """Reports once why pods have waited for long."""
        waiting = {node.task_id: node for node in run.waiting}
        self._waiting_since = {key: self._waiting_since.get(key, self.clock()) for key in waiting}
        late = {
            key
            for key, since in self._waiting_since.items()
            if self.clock() - since >= PENDING_SECONDS and key not in self._explained
        }
        if late and not run.state.final:
            self._explained |= late
            who = "pods have" if len(late) > 1 else "pod has"
            yield f"{len(late)} {who} not started for {PENDING_SECONDS / 60:.0f} minutes:"
            yield from (f"  {line}" for line in self.diagnose(run))

    def _run(self, run: Run) -> Iterator[str]:
        now = (run.state, 0)
        if self._told.get("") != now:
            self._told[""] = now
            yield f"run: {run_words(run)}"


def task_line(task: Task, run: Run) -> str:
    """Returns a line with the state of a task."""
    return f"{task.title}: {_words(task, run)}"


def run_words(run: Run) -> str:
    """Returns the state of a run in words; a terminated one is CANCELING, then FAILED."""
    words = {RunState.CANCELING: "is being stopped", RunState.CANCELED: "stopped"}
    if run.stopped and run.state is RunState.FAILED:
        return "stopped"
    return f"{words.get(run.state, run.state.lower())}{f': {run.error}' if run.error else ''}"


def _is_missed(run: Run) -> bool:
    """Returns True if a task that was not started should be reported: at the end of a run that failed."""
    return run.state.final and run.state is not RunState.SUCCEEDED


def _words(task: Task, run: Run) -> str:
    if task.state is None:
        return "not started"
    words = _WORDS.get(task.state, task.state.lower())
    if task.state is RunState.RUNNING and task.attempts > 1:
        words = f"attempt {task.attempts}"
    elif task.state.final and task.attempts > 1:
        words = f"{words} at attempt {task.attempts}"
    if task.state is RunState.FAILED and run.stopped:
        words = "stopped"
    return f"{words}{f': {task.error}' if task.error else ''}"
