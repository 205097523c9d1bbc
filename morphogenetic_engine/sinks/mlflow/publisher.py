"""Publishes a sweep: sends the journal's events that the server lacks, in batches, exactly once.

A process may be killed between any two calls. Everything sent since `tracking.json` was last written is then sent
again, which is idempotent: runs are looked up by their tags before one is created, and MLflow keeps equal rows once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.sinks.mlflow.artifacts import artifacts_of
from morphogenetic_engine.sinks.mlflow.client import FoundRun, TrackingServer, quiet_mlflow
from morphogenetic_engine.sinks.mlflow.pending import PendingUpdates, sweep_identity
from morphogenetic_engine.sinks.mlflow.runs import RunUpdate, Status, TrialUpdate, pages
from morphogenetic_engine.sinks.mlflow.server_address import tracking_uri
from morphogenetic_engine.sinks.mlflow.sync_state import Sent, only_publisher, read_sent, write_sent
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal_file.lock import is_locked
from morphogenetic_engine.sweeps.record.journal_tail import JournalTail
from morphogenetic_engine.sweeps.schema.credentials import without_credentials

EVENTS_A_BATCH = 2000
REQUEST_SECONDS = 30.0


@dataclass(frozen=True)
class Published:
    """The summary of one call of `publish`."""

    uri: str
    """Without credentials."""
    run_id: str
    """The sweep's run; "" for a sweep that was never started."""
    trials: int
    """Trials of which something was sent."""
    artifacts: int
    """Files that were uploaded."""


def publish(folder: SweepFolder, *, uri: str | None = None, experiment: str | None = None) -> Published:
    """Sends everything of a sweep that the server lacks; a second call finds nothing to send.

    Left out, `uri` is as `tracking_uri` says and `experiment` as the sweep's configuration says.

    Raises:
        ConfigError: mlflow is not installed.
        SweepError: another process publishes this sweep, or a file of it is damaged.
        StoreError: the server cannot be reached or refuses, or a file cannot be read or written.
    """
    with only_publisher(folder), quiet_mlflow(REQUEST_SECONDS):
        publisher = Publisher(folder, uri=uri, experiment=experiment)
        publisher.catch_up(lambda: False)
        publisher.settle()
        return publisher.published


class Publisher:
    """One process's work on one sweep and one server; needs `only_publisher` and `quiet_mlflow` around it."""

    def __init__(self, folder: SweepFolder, *, uri: str | None, experiment: str | None) -> None:
        info = folder.read_info()
        self._folder = folder
        self._info = info
        self._uri = uri or tracking_uri(info.config.tracking, folder.path.parent)
        self._opened = None if experiment else info.mlflow_run
        experiment = experiment or info.config.tracking.mlflow_experiment
        self._sent = read_sent(folder, without_credentials(self._uri), experiment)
        self._pending = PendingUpdates(info)
        self._tail = JournalTail(folder.journal)
        self._server: TrackingServer | None = None
        self._runs: dict[int, str] = {}
        self._trials: set[int] = set()
        self._uploads = 0
        self._in_doubt = self._was_in_doubt = False

    @property
    def published(self) -> Published:
        return Published(self._sent.uri, self._sent.run_id, len(self._trials), self._uploads)

    @property
    def summary(self) -> str:
        """The summary as one line."""
        return f"{len(self._trials)} trials and {self._uploads} files sent to {self._sent.uri}"

    @property
    def offset(self) -> int:
        """The byte of the journal up to which everything is sent."""
        return self._sent.offset

    @property
    def session_ended(self) -> bool:
        """True if the last event that was sent is the end of a session."""
        return not self._pending and self._pending.history.last_end is not None

    def catch_up(self, stops: Callable[[], bool]) -> None:
        """Sends batches, then the files, until nothing is left or `stops` returns true."""
        sent = False
        while not stops() and self.send_next():
            sent = True
        if sent and not stops():
            self.upload()

    def send_next(self) -> bool:
        """Sends the next batch; False when there was none. After an error, the next call sends the same batch again."""
        try:
            server = self._connected()
            if not self._pending:
                for event in self._tail.read(most=EVENTS_A_BATCH):
                    self._pending.add(event)
            if self._pending:
                self._send(server)
                return True
            self._in_doubt = False  # everything up to here was sent; settle() looks for requests that took effect late
            return False
        except MorphogeneticError as error:
            self._fail(error)
            raise

    def upload(self) -> None:
        """Uploads new or changed files; those that are complete only at the sweep's end are uploaded then."""
        if not self._sent.run_id:
            return
        best = self._pending.best
        config = self._info.config
        addresses = [
            each or ""
            for each in (config.tracking.mlflow_uri, config.optimization.storage, *config.tracking.sinks.values())
        ]
        over = self._pending.history.last_end is not None
        try:
            server = self._connected()
            for artifact in artifacts_of(self._folder, addresses, ended=over, best=best.number if best else None):
                if self._sent.artifacts.get(artifact.name) != artifact.digest:
                    server.upload(self._sent.run_id, artifact)
                    self._uploads += 1
                    self._remember(artifacts={**self._sent.artifacts, artifact.name: artifact.digest})
            if over:
                self._remember(settled=self._sent.offset, problem="")
        except MorphogeneticError as error:
            self._fail(error)
            raise

    def settle(self) -> None:
        """Repairs the final state: duplicate runs, a sweep whose process was killed, files."""
        if not self._sent.run_id:
            return
        try:
            server = self._connected()
            if self._was_in_doubt:
                known = self._pending.history.trials
                for number, found in _by_trial(server.trials(self._sent.run_id)).items():
                    if number in known:
                        self._keep_one(server, found, self._pending.run_attempt(number))
            if self._pending.history.last_end is None and not is_locked(self._folder.journal):
                self._give_up(server)
        except MorphogeneticError as error:
            self._fail(error)
            raise
        self.upload()
        self._remember(settled=self._sent.offset, problem="")

    def _connected(self) -> TrackingServer:
        """Returns the server; the first call reconciles `tracking.json` with the server's runs."""
        if self._server is None:
            server = TrackingServer(self._uri)
            opened = self._opened if self._opened and server.enter_experiment_of(self._opened) else None
            if opened is None:
                server.enter_experiment(self._sent.experiment)
            if not self._sent.run_id or not server.is_active(self._sent.run_id) or self._tail.size < self._sent.offset:
                found = opened or server.find(sweep_identity(self._info))
                self._sent = Sent(uri=self._sent.uri, experiment=self._sent.experiment, run_id=found or "")
            if self._sent.run_id and self._tail.size > self._sent.offset:
                self._doubt()  # an earlier process may have been killed between sending and writing tracking.json
            self._runs = dict(self._sent.runs)
            for event in self._tail.read_up_to(self._sent.offset):
                self._pending.skip(event)
            self._server = server
        return self._server

    def _send(self, server: TrackingServer) -> None:
        sweep, trials = self._pending.sweep(), self._pending.trials()
        if not self._sent.run_id:
            self._sent = self._sent.model_copy(update={"run_id": self._sweep_run(server, sweep)})
        if self._sent.run_id == self._opened:
            sweep = _beside(sweep, server.params(self._sent.run_id))
        for trial in trials:
            run_id = self._trial_run(server, trial)
            _tell(server, run_id, trial.run)
            if trial.run.resumed or trial.run.status is not Status.RUNNING:
                server.set_status(run_id, trial.run.status, trial.run.ended)
        _tell(server, self._sent.run_id, sweep)
        if sweep.begun or sweep.status is not Status.RUNNING:
            server.set_status(self._sent.run_id, sweep.status, sweep.ended)
        self._trials.update(trial.number for trial in trials)
        self._runs = {n: run_id for n, run_id in self._runs.items() if not self._pending.history.ended(n)}
        self._pending.clear()
        self._remember(offset=self._tail.offset, runs=self._runs, problem="")

    def _sweep_run(self, server: TrackingServer, sweep: RunUpdate) -> str:
        found = server.find(sweep.identity) if self._in_doubt else None
        return found or server.create(sweep, parent=None)

    def _trial_run(self, server: TrackingServer, trial: TrialUpdate) -> str:
        """Returns the run of a trial's attempt, after a search for existing runs of the trial if there may be any."""
        known = self._runs.get(trial.number)
        first = trial.run.begun and trial.attempt == 0
        run_id = known if known and not trial.run.begun else None
        if self._in_doubt or (run_id is None and not first):
            run_id = self._keep_one(server, server.trials(self._sent.run_id, trial.number), trial.attempt)
        if run_id is None:
            run_id = server.create(trial.run, parent=self._sent.run_id)
        self._runs[trial.number] = run_id
        return run_id

    def _keep_one(self, server: TrackingServer, found: list[FoundRun], attempt: int) -> str | None:
        """Returns the run of the attempt; deletes runs of earlier attempts and duplicates."""
        same = [run for run in found if run.attempt == attempt]
        kept = min(same, key=self._preference, default=None)
        for run in found:
            if run.attempt < attempt or (run in same and run is not kept):
                server.delete(run.run_id)
        return kept.run_id if kept else None

    def _preference(self, run: FoundRun) -> tuple[bool, bool, str]:
        return run.run_id != self._runs.get(run.trial), run.status == Status.RUNNING, run.run_id

    def _give_up(self, server: TrackingServer) -> None:
        """Marks a sweep whose process was killed as killed, and its running trials as waiting."""
        sweep, trials = self._pending.abandoned()
        for trial in trials:
            run_id = self._trial_run(server, trial)
            _tell(server, run_id, trial.run)
            server.set_status(run_id, trial.run.status, None)
        _tell(server, self._sent.run_id, sweep)
        server.set_status(self._sent.run_id, sweep.status, sweep.ended)

    def _fail(self, error: MorphogeneticError) -> None:
        self._doubt()  # a request without an answer may have succeeded
        if str(error) != self._sent.problem:
            self._remember(problem=str(error))

    def _doubt(self) -> None:
        self._in_doubt = self._was_in_doubt = True

    def _remember(self, **changes: object) -> None:
        self._sent = self._sent.model_copy(update=changes)
        write_sent(self._folder, self._sent)


def _tell(server: TrackingServer, run_id: str, run: RunUpdate) -> None:
    for page in pages(run, with_params=run.begun):
        server.log(run_id, page)


def _beside(sweep: RunUpdate, params: Mapping[str, str]) -> RunUpdate:
    """Returns an update of a run that `mlflow run` opened: keeps the run's own params and adds the identifying tags."""
    new = {name: value for name, value in sweep.params.items() if name not in params}
    return replace(sweep, params=new, tags={**sweep.tags, **sweep.identity})


def _by_trial(found: list[FoundRun]) -> dict[int, list[FoundRun]]:
    trials: dict[int, list[FoundRun]] = {}
    for run in found:
        trials.setdefault(run.trial, []).append(run)
    return trials
