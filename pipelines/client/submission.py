"""Starts the run of a compiled pipeline exactly once, and follows it to its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.client.api_errors import ServerBusy, ServerFailed
from pipelines.client.progress import Diagnose, Progress
from pipelines.client.runs import Run
from pipelines.client.server import PipelinesServer, WantedRun
from pipelines.compiling import identity

Tell = Callable[[str], object]
"""Receives progress messages, one line each."""

_LONGEST_PAUSE = 10.0
"""The longest pause between two retries; with the timeout of a call, a message appears at least every 30 s."""


@dataclass(frozen=True)
class Patience:
    """The timing of polls and retries, in seconds."""

    poll: float = 10.0
    """The interval between two polls."""
    outage: float = 300.0
    """The time for which the server may be unreachable."""
    settle: float = 1.1
    """The delay between a start and the check for a concurrent start: the server's clock counts whole seconds."""
    lost: float = 60.0
    """The time to look for a run whose start got no answer."""


def run_name(stem: str, package: str) -> str:
    """Returns the name of the runs of a compiled pipeline; it depends on configuration, images and code."""
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
        """Returns the live run of this name, and True if it existed; starts it otherwise.

        A start is retried only if nothing can have been started.

        Raises:
            StoreError: the server refuses, or is unreachable for longer than patience allows.
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
        """Returns the live runs of a name, the earliest first."""
        found = self.server.runs(experiment_id, name)
        return sorted((run for run in found if not run.state.final), key=lambda run: run.age_key)

    def _lost(self, error: ServerBusy | ServerFailed, name: str, experiment_id: str) -> Run:
        """Returns the run that a start without a valid answer has created; raises the error if none appears.

        The server creates the workflow before it records the run: a second start might create a second workflow.
        """
        deadline = time.monotonic() + self.patience.lost
        self.tell(f"{error}; checking whether the run was started nevertheless")
        while True:
            try:
                if live := self._live(name, experiment_id):
                    return live[0]
                self.tell(f"no run {name} yet; looking again")
            except (ServerBusy, ServerFailed) as again:
                self.tell(f"{again}; looking again")
            if time.monotonic() >= deadline:
                break
            time.sleep(min(self.patience.poll, _LONGEST_PAUSE, max(0.0, deadline - time.monotonic())))
        hint = (
            f"no run {name} shows up, and it is not started again, for the server may have made a workflow that no page"
            f" lists: kubectl --namespace {self.server.namespace} get workflows --sort-by=.metadata.creationTimestamp"
        )
        raise type(error)(f"{error}; {hint}") from error

    def _the_earliest(self, run: Run, name: str, experiment_id: str) -> tuple[Run, bool]:
        """Returns the earliest of the live runs of a name; if that is not our own, ends our own."""
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
    """Follows a run to its end and returns it.

    Raises:
        StoreError: there is no such run, the server refuses, or is unreachable for longer than patience allows.
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


def failure_lines(run: Run) -> list[str]:
    """Returns the tasks of a run that failed, and how often they were tried."""
    tried = {task.title: task.attempts for task in run.failed_tasks}
    return [f"failed: {title}{f', {count} attempts' if count > 1 else ''}" for title, count in tried.items()]


class Trying:
    """The retry schedule for an unreachable server; reports each retry."""

    def __init__(self, patience: Patience, tell: Tell) -> None:
        self._patience = patience
        self._tell = tell
        self._since: float | None = None
        self._pause = 0.0

    def worked(self) -> None:
        """Resets the schedule after a successful call."""
        self._since = None

    def again_after(self, error: ServerBusy | ServerFailed) -> None:
        """Pauses, longer each time; raises the error if the server has been unreachable for too long."""
        now = time.monotonic()
        if self._since is None:
            self._since, self._pause = now, min(1.0, self._patience.poll)
        if now - self._since >= self._patience.outage:
            raise error
        self._tell(f"{error}; asking again")
        time.sleep(min(self._pause, self._since + self._patience.outage - now))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
