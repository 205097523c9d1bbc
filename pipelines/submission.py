"""A compiled pipeline to the end of its run: started once, however often it is asked for, and followed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.compiling import identity
from pipelines.runs import Run, RunState, Task
from pipelines.server import PipelinesServer, ServerBusy

Tell = Callable[[str], object]
"""Is told what happens, a line at a time."""


@dataclass(frozen=True)
class Patience:
    """How to wait; times in seconds."""

    poll: float = 10.0
    """Between two questions to the server."""
    outage: float = 300.0
    """How long the server may be away."""


def run_name(stem: str, package: str) -> str:
    """Return the name of the runs of a compiled pipeline; another configuration, image or code has another one."""
    return f"{stem}-{identity(package)[:12]}"


def submit(
    server: PipelinesServer,
    package: str,
    *,
    name: str,
    experiment: str,
    service_account: str | None,
    patience: Patience,
) -> tuple[Run, bool]:
    """Return the live run of this name, and whether it was there already; start it where there is none.

    A start whose answer got lost is looked for before it is tried again, so that there is never a second run.

    Raises:
        StoreError: the server refuses, or is away for longer than patience has it.
    """
    trying = _Trying(patience)
    while True:
        try:
            experiment_id = server.experiment(experiment)
            live = [run for run in server.runs(name, experiment_id) if not run.state.final]
            if live:
                return live[0], True
            started = server.start(package, name=name, experiment_id=experiment_id, service_account=service_account)
            return started, False
        except ServerBusy as error:
            trying.again_after(error)


def wait(server: PipelinesServer, run_id: str, *, patience: Patience, tell: Tell) -> Run:
    """Follow a run to its end and return it.

    Raises:
        StoreError: there is no such run, the server refuses, or is away for longer than patience has it.
    """
    progress, trying = Progress(), _Trying(patience)
    while True:
        try:
            run = server.run(run_id)
        except ServerBusy as error:
            tell(f"{error}; asking again")
            trying.again_after(error)
            continue
        trying.worked()
        for line in progress.news(run):
            tell(line)
        if run.state.final:
            return run
        time.sleep(patience.poll)


@dataclass
class Progress:
    """What has been told of a run."""

    _told: dict[str, RunState] = field(default_factory=dict)

    def news(self, run: Run) -> list[str]:
        """Return a line for each task that has come further, and one for the run."""
        lines = [_line(task) for task in run.tasks if self._told.get(task.name) is not task.state]
        self._told.update({task.name: task.state for task in run.tasks})
        if self._told.get("") is not run.state:
            lines.append(f"run: {run.state.lower()}{f': {run.error}' if run.error else ''}")
        self._told[""] = run.state
        return lines


def _line(task: Task) -> str:
    return f"{task.name}: {task.state.lower()}{f': {task.error}' if task.error else ''}"


class _Trying:
    """When to ask a server again that is away, and when to give up."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._since: float | None = None
        self._pause = 0.0

    def worked(self) -> None:
        self._since = None

    def again_after(self, error: ServerBusy) -> None:
        """Pause, a little longer each time; raise the error when the server has been away for too long."""
        now = time.monotonic()
        if self._since is None:
            self._since, self._pause = now, min(1.0, self._patience.poll)
        if now - self._since >= self._patience.outage:
            raise error
        time.sleep(min(self._pause, self._since + self._patience.outage - now))
        self._pause = min(2 * self._pause, 30.0)
