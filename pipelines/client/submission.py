"""A compiled pipeline to the end of its run: started once, however often it is asked for, and followed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.client.api_errors import ServerBusy, ServerFailed
from pipelines.client.progress import Diagnose, Progress
from pipelines.client.runs import Run, RunState
from pipelines.client.server import PipelinesServer, WantedRun
from pipelines.compiling import identity

Tell = Callable[[str], object]
"""Is told what happens, a line at a time."""

_LONGEST_PAUSE = 10.0
"""Between two tries; with the time that a call may take, nobody waits longer than 30 s for a word."""


@dataclass(frozen=True)
class Patience:
    """How to wait; times in seconds."""

    poll: float = 10.0
    """Between two questions to the server."""
    outage: float = 300.0
    """How long the server may be away."""
    settle: float = 1.1
    """Between a start and the question whether somebody else started the same: the server's clock has whole seconds."""
    lost: float = 60.0
    """How long a run is looked for whose start got no answer."""


def run_name(stem: str, package: str) -> str:
    """Return the name of the runs of a compiled pipeline; another configuration, image or code has another one."""
    return f"{stem}-{identity(package)[:12]}"


@dataclass(frozen=True)
class Starter:
    """Starts runs on a server, never two of one name."""

    server: PipelinesServer
    experiment: str
    """KFP's folder of runs."""
    service_account: str | None
    patience: Patience
    tell: Tell

    def submit(self, wanted: WantedRun, name: str) -> tuple[Run, bool]:
        """Return the live run of this name, and whether it was there already; start it where there is none.

        A start is tried again only where nothing can have been started.

        Raises:
            StoreError: the server refuses, or is away for longer than patience has it.
        """
        trying = Trying(self.patience, self.tell)
        while True:
            try:
                experiment_id = self.server.experiment(self.experiment)
                live = self._live(name, experiment_id)
            except (ServerBusy, ServerFailed) as error:
                trying.again_after(error)
                continue
            if live:
                return live[0], True
            try:
                run = self.server.start(
                    wanted, name=name, experiment_id=experiment_id, service_account=self.service_account
                )
            except ServerBusy as error:
                if error.nothing_done:
                    trying.again_after(error)
                    continue
                return self._lost(error, name, experiment_id), False
            except ServerFailed as error:
                return self._lost(error, name, experiment_id), False
            return self._the_earliest(run, name, experiment_id)

    def _live(self, name: str, experiment_id: str) -> list[Run]:
        """Return the live runs of a name, the earliest first."""
        found = self.server.runs(experiment_id, name)
        return sorted((run for run in found if not run.state.final), key=lambda run: run.age_key)

    def _lost(self, error: ServerBusy | ServerFailed, name: str, experiment_id: str) -> Run:
        """Return the run that a start without a good answer has made; raise the error if none shows up.

        The server makes the workflow before it writes the run down: a second start might make a second workflow.
        """
        deadline = time.monotonic() + self.patience.lost
        self.tell(f"{error}; looking whether the run was started all the same")
        while True:
            try:
                if live := self._live(name, experiment_id):
                    return live[0]
            except (ServerBusy, ServerFailed) as again:
                self.tell(str(again))
            if time.monotonic() >= deadline:
                break
            time.sleep(min(self.patience.poll, _LONGEST_PAUSE, max(0.0, deadline - time.monotonic())))
        hint = (
            f"no run {name} shows up, and it is not started again, for the server may have made a workflow that no page"
            f" lists: kubectl --namespace {self.server.namespace} get workflows --sort-by=.metadata.creationTimestamp"
        )
        raise type(error)(f"{error}; {hint}") from error

    def _the_earliest(self, run: Run, name: str, experiment_id: str) -> tuple[Run, bool]:
        """Return the earliest of the live runs of a name; where that is another one, the own one is ended."""
        trying = Trying(self.patience, self.tell)
        time.sleep(self.patience.settle)
        while True:
            try:
                live = self._live(name, experiment_id)
                first = live[0] if live else run
                if first.run_id == run.run_id:
                    return run, False
                self.server.stop(run.run_id)
            except (ServerBusy, ServerFailed) as error:
                trying.again_after(error)
                continue
            self.tell(f"the same was started a moment earlier: {run.run_id} is ended")
            return first, True


def wait(server: PipelinesServer, run_id: str, *, patience: Patience, tell: Tell, diagnose: Diagnose) -> Run:
    """Follow a run to its end and return it.

    Raises:
        StoreError: there is no such run, the server refuses, or is away for longer than patience has it.
    """
    progress, trying = Progress(diagnose), Trying(patience, tell)
    while True:
        try:
            run = server.run(run_id)
        except (ServerBusy, ServerFailed) as error:
            trying.again_after(error)
            continue
        trying.worked()
        for line in progress.news(run):
            tell(line)
        if run.state.final:
            return run
        time.sleep(patience.poll)


def failure_lines(run: Run, namespace: str) -> list[str]:
    """Return what a user wants to know of a run that did not succeed: which tasks, and where the reason is."""
    if run.state is RunState.SUCCEEDED or run.stopped:
        return []
    tried = {task.title: task.attempts for task in run.failed_tasks}
    lines = [f"failed: {title}{f', {count} attempts' if count > 1 else ''}" for title, count in tried.items()]
    lines += [f"log: kubectl --namespace {namespace} logs {pod} --container main" for pod in run.failed_pods]
    return [*lines, f"what there is: {run.report}"] if run.report else lines


class Trying:
    """When to ask a server again that is away, and when to give up; each time is told."""

    def __init__(self, patience: Patience, tell: Tell) -> None:
        self._patience = patience
        self._tell = tell
        self._since: float | None = None
        self._pause = 0.0

    def worked(self) -> None:
        """The server is there."""
        self._since = None

    def again_after(self, error: ServerBusy | ServerFailed) -> None:
        """Pause, a little longer each time; raise the error when the server has been away for too long."""
        now = time.monotonic()
        if self._since is None:
            self._since, self._pause = now, min(1.0, self._patience.poll)
        if now - self._since >= self._patience.outage:
            raise error
        self._tell(f"{error}; asking again")
        time.sleep(min(self._pause, self._since + self._patience.outage - now))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
