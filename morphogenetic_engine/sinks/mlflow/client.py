"""The thin client: one method, one call to MLflow. The only file that imports mlflow, and only when it is used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.sinks.mlflow.artifacts import Artifact
from morphogenetic_engine.sinks.mlflow.runs import TAG, Page, RunUpdate, Status
from morphogenetic_engine.sinks.mlflow.server_address import artifact_folder
from morphogenetic_engine.sweeps.schema.credentials import reason, without_credentials

if TYPE_CHECKING:
    from mlflow import MlflowClient

MISSING = "mlflow is not installed: pip install 'morphogenetic-engine[tracking]'"
PARENT_TAG = "mlflow.parentRunId"
_RUNS_A_PAGE = 1000


@dataclass(frozen=True)
class FoundRun:
    """A run of a trial that is on the server."""

    run_id: str
    trial: int
    attempt: int
    status: str


def installed() -> bool:
    """Returns True if mlflow is installed, without importing it."""
    return find_spec("mlflow") is not None


@contextmanager
def quiet_mlflow(timeout: float) -> Iterator[None]:
    """Sets mlflow's environment variables: short timeouts, no retries, no log output, no telemetry.

    mlflow's own retries would create a run twice if the answer to the first request was late. `timeout` is in seconds.
    """
    forced = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(1, round(timeout))),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
    wished = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_CONFIGURE_LOGGING": "false"}
    before = {name: os.environ.get(name) for name in (*forced, *wished)}
    os.environ.update({**wished, **{name: old for name, old in before.items() if old is not None}, **forced})
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                del os.environ[name]
            else:
                os.environ[name] = old


def open_client(uri: str) -> MlflowClient:
    """Returns MLflow's client of a tracking server and its model registry.

    Raises:
        ConfigError: mlflow is not installed.
        StoreError: the address is not valid.
    """
    if not installed():
        raise ConfigError(MISSING)
    with one_line_errors(uri):
        from mlflow import MlflowClient  # pylint: disable=import-outside-toplevel  # takes seconds

        return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def one_line_errors(uri: str) -> Iterator[None]:
    """Converts every error into a StoreError of one line, which names the server without credentials."""
    try:
        yield
    except Exception as error:  # pylint: disable=broad-exception-caught  # mlflow passes on its libraries' errors
        raise StoreError(f"MLflow at {without_credentials(uri)}: {reason(error, uri)}") from error


class TrackingServer:
    """A tracking server, or a database that stands in for one.

    Every method raises StoreError, in one line and without credentials, if the request fails.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._experiment = ""
        self._client = open_client(uri)

    def enter_experiment(self, name: str) -> None:
        """Selects the experiment of this name for the other methods, and creates it if it does not exist."""
        place = artifact_folder(self._uri)
        with one_line_errors(self._uri):
            found = self._client.get_experiment_by_name(name)
            if found is None:
                location = None if place is None else place.as_uri()
                self._experiment = self._client.create_experiment(name, artifact_location=location)
            elif found.lifecycle_stage != "active":
                raise StoreError(f"the experiment {name!r} was deleted there; restore it or name another one")
            else:
                self._experiment = str(found.experiment_id)

    def enter_experiment_of(self, run_id: str) -> bool:
        """Selects the experiment of a run; returns False if the run does not exist or was deleted."""
        with one_line_errors(self._uri):
            from mlflow.exceptions import MlflowException  # pylint: disable=import-outside-toplevel

            try:
                info = self._client.get_run(run_id).info
            except MlflowException as error:
                if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                    return False
                raise
            if info.lifecycle_stage == "active":
                self._experiment = str(info.experiment_id)
            return info.lifecycle_stage == "active"

    def params(self, run_id: str) -> dict[str, str]:
        """Returns the params of a run."""
        with one_line_errors(self._uri):
            return dict(self._client.get_run(run_id).data.params)

    def is_active(self, run_id: str) -> bool:
        """Returns True if a run exists and is not deleted."""
        with one_line_errors(self._uri):
            from mlflow.exceptions import MlflowException  # pylint: disable=import-outside-toplevel

            try:
                info = self._client.get_run(run_id).info
            except MlflowException as error:
                if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                    return False
                raise
            return info.lifecycle_stage == "active" and str(info.experiment_id) == self._experiment

    def find(self, tags: Mapping[str, str]) -> str | None:
        """Returns the first run that carries all these tags."""
        found = self._search(tags)
        return min((run_id for run_id, _, _ in found), default=None)

    def trials(self, parent: str, number: int | None = None) -> list[FoundRun]:
        """Returns the runs of a sweep's trials, or of one trial."""
        tags = {PARENT_TAG: parent} | ({} if number is None else {f"{TAG}trial": str(number)})
        return [
            FoundRun(run_id, int(tags[f"{TAG}trial"]), int(tags[f"{TAG}attempt"]), status)
            for run_id, status, tags in self._search(tags)
            if f"{TAG}trial" in tags and f"{TAG}attempt" in tags
        ]

    def create(self, run: RunUpdate, parent: str | None) -> str:
        """Creates a run and returns its id."""
        tags = dict(run.identity) | ({} if parent is None else {PARENT_TAG: parent})
        with one_line_errors(self._uri):
            made = self._client.create_run(self._experiment, start_time=run.started, tags=tags, run_name=run.name)
        return str(made.info.run_id)

    def log(self, run_id: str, page: Page) -> None:
        """Adds metrics, params and tags to a run."""
        with one_line_errors(self._uri):
            from mlflow.entities import Metric, Param, RunTag  # pylint: disable=import-outside-toplevel

            self._client.log_batch(
                run_id,
                [Metric(row.key, row.value, row.time, row.step) for row in page.metrics],
                [Param(key, value) for key, value in page.params.items()],
                [RunTag(key, value) for key, value in page.tags.items()],
            )

    def set_status(self, run_id: str, status: Status, ended: int | None) -> None:
        """Sets the status of a run and, if it is over, its end time."""
        with one_line_errors(self._uri):
            if ended is None:
                self._client.update_run(run_id, status=status.value)
            else:
                self._client.set_terminated(run_id, status=status.value, end_time=ended)

    def delete(self, run_id: str) -> None:
        """Deletes a run; MLflow only marks it as deleted."""
        with one_line_errors(self._uri):
            self._client.delete_run(run_id)

    def upload(self, run_id: str, artifact: Artifact) -> None:
        """Uploads a file or a folder to a run's artifacts, replacing one of the same name."""
        with one_line_errors(self._uri):
            if artifact.text is not None:
                self._client.log_text(run_id, artifact.text, artifact.name)
            elif artifact.source.is_dir():
                self._client.log_artifacts(run_id, str(artifact.source), artifact.name)
            else:
                self._client.log_artifact(run_id, str(artifact.source), artifact.folder or None)

    def _search(self, tags: Mapping[str, str]) -> list[tuple[str, str, dict[str, str]]]:
        """Returns id, status and tags of the active runs that carry all these tags."""
        condition = " AND ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        found: list[tuple[str, str, dict[str, str]]] = []
        token: str | None = None
        with one_line_errors(self._uri):
            while True:
                page = self._client.search_runs(
                    [self._experiment], filter_string=condition, max_results=_RUNS_A_PAGE, page_token=token
                )
                found += [(str(run.info.run_id), str(run.info.status), dict(run.data.tags)) for run in page]
                token = page.token
                if not token:
                    return found
