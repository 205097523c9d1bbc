"""The client of a Kubeflow Pipelines server: the required calls, with timeouts and one-line errors.

kfp's own client finds the server and its credentials (kubeconfig, service account, cookie). Its waiting and its retries
are not used: it never returns from a run that was cancelled, and retries an unreachable server for half a minute.
"""

# pylint: disable=no-member  # kfp's client creates its members at run time
import json
import os
import re
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import kfp_server_api
import urllib3
import yaml
from kfp import client as kfp_client

from morphogenetic_engine.errors import ConfigError
from pipelines.client.api_errors import AlreadyThere, refusal, unreachable
from pipelines.client.runs import RecurringRun, Run, run_of

TIMES = (3.0, 17.0)
"""Timeouts in seconds to connect and to answer; a pair, because the client ignores a single float."""
_LOG_TIMES = (3.0, 7.0)
"""The same for logs, of which there may be none."""
_PAGE = 100
_EXPERIMENT_DESCRIPTION = "Sweeps: each run is one sweep, its best trial trained again, evaluated and reported."
_IN_POD = "KUBERNETES_SERVICE_HOST"
_HOST = "KF_PIPELINES_ENDPOINT"
_LOG_OF_PAGES = "/k8s/pod/logs"
_LOG_OF_API = "/apis/v1alpha1/runs/{}/nodes/{}/log"


@dataclass(frozen=True)
class Address:
    """The address of a server and the user's namespace. Defaults come from the environment, as in kfp's client."""

    host: str | None = None
    """http://localhost:8080; None: KF_PIPELINES_ENDPOINT, else the cluster that this pod or the kubeconfig is of."""
    ui: str | None = None
    """The address of the Kubeflow UI; None: KF_PIPELINES_UI_ENDPOINT, else the host."""
    namespace: str | None = None
    """The user's namespace, on a multi-user server."""
    token: str | None = None
    cookies: str | None = None


@dataclass(frozen=True)
class WantedRun:
    """The inputs of a new run."""

    package: str
    """The compiled pipeline."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The parameters that the Kubeflow UI shows and compares; they equal the compiled defaults."""
    description: str = ""


class PipelinesServer:
    """One server."""

    @property
    def namespace(self) -> str:
        """The namespace of its runs' pods."""
        return self._namespace or "kubeflow"

    def __init__(self, address: Address) -> None:
        """Connects to the server, and checks that it answers.

        Raises:
            ConfigError: no address is given or configured.
            StoreError: it cannot be reached, or refuses access.
        """
        host = address.host or os.environ.get(_HOST)
        if not host and not _has_cluster():
            raise ConfigError(
                "no Kubeflow Pipelines server is known: give --host (or HOST=...), such as http://localhost:8080 after"
                " `make port-forward`; or set KF_PIPELINES_ENDPOINT, or a kubeconfig"
            )
        if host and not re.fullmatch(r"https?://[^/\s]+\S*", host):
            raise ConfigError(f"--host: must be http://... or https://..., but got {host!r}")
        self._where = host or "the cluster of the kubeconfig"
        with warnings.catch_warnings(), self._calls("is not there"):
            warnings.simplefilter("ignore", FutureWarning)  # kfp's remark on servers before 2.0
            self._client = _Client(
                host=host,
                ui_host=address.ui,
                existing_token=address.token,
                cookies=address.cookies,
            )
            self._client.get_kfp_healthz()
        self._namespace = address.namespace or self._client.get_user_namespace() or None

    def link(self, run_id: str) -> str:
        """Returns the page of a run in the Kubeflow UI."""
        return f"{self._client.url_prefix}/#/runs/details/{run_id}"

    def experiment(self, name: str) -> str:
        """Returns the id of KFP's experiment (a folder of runs) of this name; creates it if it does not exist.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        wanted = kfp_server_api.V2beta1Experiment(
            display_name=name, description=_EXPERIMENT_DESCRIPTION, namespace=self._namespace
        )
        if known := self.known_experiment(name):
            return known
        try:
            with self._calls(f"experiment {name!r}"):
                made = self._client.experiments.experiment_service_create_experiment(
                    experiment=wanted, _request_timeout=TIMES
                )
        except AlreadyThere:
            if known := self.known_experiment(name):
                return known
            raise
        return str(made.experiment_id)

    def known_experiment(self, name: str) -> str:
        """Returns the id of KFP's experiment of this name; "": there is none.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        with self._calls(f"experiment {name!r}"):
            found = self._client.experiments.experiment_service_list_experiments(
                filter=_named(name), page_size=_PAGE, _request_timeout=TIMES, **self._in_namespace()
            )
        return str(found.experiments[0].experiment_id) if found.experiments else ""

    def runs(self, experiment_id: str, name: str = "", *, most: int | None = None) -> list[Run]:
        """Returns the runs of this name, or all, the latest first; `most`: at most this many.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        runs: list[Run] = []
        token = ""
        with self._calls("its runs"):
            while True:
                page = self._client.runs.run_service_list_runs(
                    experiment_id=experiment_id,
                    page_size=_PAGE,
                    page_token=token,
                    **({"filter": _named(name)} if name else {}),
                    sort_by="created_at desc",
                    _request_timeout=TIMES,
                )
                runs += map(run_of, page.runs or [])
                token = page.next_page_token or ""
                if not token or (most is not None and len(runs) >= most):
                    return runs[:most]

    def start(self, wanted: "WantedRun", *, name: str, experiment_id: str, service_account: str | None) -> Run:
        """Starts a compiled pipeline; each call creates a run.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        run = kfp_server_api.V2beta1Run(
            experiment_id=experiment_id,
            display_name=name,
            description=wanted.description,
            pipeline_spec=_spec(wanted.package),
            runtime_config=kfp_server_api.V2beta1RuntimeConfig(parameters=dict(wanted.parameters)),
            service_account=service_account,
        )
        with self._calls("the run cannot be started"):
            return run_of(self._client.runs.run_service_create_run(run=run, _request_timeout=TIMES))

    def run(self, run_id: str) -> Run:
        """Returns the state of a run.

        Raises:
            StoreError: there is no such run, the server refuses, or cannot be reached.
        """
        with self._calls(f"run {run_id}"):
            return run_of(self._client.runs.run_service_get_run(run_id, _request_timeout=TIMES))

    def stop(self, run_id: str) -> None:
        """Ends a run; its exit task still runs.

        Raises:
            StoreError: there is no such run, the server refuses, or cannot be reached.
        """
        with self._calls(f"run {run_id}"):
            self._client.runs.run_service_terminate_run(run_id, _request_timeout=TIMES)

    def pod_log(self, run_id: str, pod: str, *, day: str, lines: int) -> list[str]:
        """Returns the last lines of a pod's log; [] if the server has none. `day`: when the run was created.

        The server of the web pages and the API server have different addresses for logs. The former also reads logs
        that are archived.
        """
        asked = {"podname": pod, "podnamespace": self.namespace, "createdat": day}
        return self._log(_LOG_OF_PAGES, asked, lines) or self._log(_LOG_OF_API.format(run_id, pod), {}, lines)

    def _log(self, path: str, asked: Mapping[str, str], lines: int) -> list[str]:
        try:
            answer = self._client.runs.api_client.call_api(
                *(path, "GET"),
                query_params=list(asked.items()),
                auth_settings=["Bearer"],
                _return_http_data_only=True,
                _preload_content=False,
                _request_timeout=_LOG_TIMES,
            )
            if "html" in answer.headers.get("content-type", ""):
                return []  # the web pages answer with their first page what they do not know
            return [line.decode(errors="replace").rstrip() for line in deque(answer, lines)]
        except (kfp_server_api.ApiException, urllib3.exceptions.HTTPError):
            return []

    def recurring_runs(self, experiment_id: str, name: str = "") -> list[RecurringRun]:
        """Returns the recurring runs of this name, or all.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        found: list[RecurringRun] = []
        token = ""
        with self._calls("its recurring runs"):
            while True:
                page = self._client.recurring_runs.recurring_run_service_list_recurring_runs(
                    experiment_id=experiment_id,
                    page_size=_PAGE,
                    page_token=token,
                    _request_timeout=TIMES,
                    **({"filter": _named(name)} if name else {}),
                )
                found += map(_recurring, page.recurring_runs or [])
                token = page.next_page_token or ""
                if not token:
                    return found

    def repeat(
        self, wanted: "WantedRun", *, name: str, experiment_id: str, cron: str, service_account: str | None
    ) -> RecurringRun:
        """Creates a recurring run of a compiled pipeline; one at a time, and missed starts are not made up for.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        recurring = kfp_server_api.V2beta1RecurringRun(
            experiment_id=experiment_id,
            display_name=name,
            description=wanted.description,
            mode=kfp_server_api.RecurringRunMode.ENABLE,
            pipeline_spec=_spec(wanted.package),
            runtime_config=kfp_server_api.V2beta1RuntimeConfig(parameters=dict(wanted.parameters)),
            trigger=kfp_server_api.V2beta1Trigger(cron_schedule=kfp_server_api.V2beta1CronSchedule(cron=cron)),
            max_concurrency="1",
            no_catchup=True,
            service_account=service_account,
        )
        with self._calls("the recurring run cannot be created"):
            made = self._client.recurring_runs.recurring_run_service_create_recurring_run(
                recurring_run=recurring, _request_timeout=TIMES
            )
        return _recurring(made)

    def forget(self, recurring: RecurringRun) -> None:
        """Deletes a recurring run; the runs that it started stay.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        with self._calls(f"recurring run {recurring.name!r}"):
            self._client.recurring_runs.recurring_run_service_delete_recurring_run(
                recurring.recurring_run_id, _request_timeout=TIMES
            )

    def _in_namespace(self) -> Mapping[str, str]:
        return {"namespace": self._namespace} if self._namespace else {}

    @contextmanager
    def _calls(self, what: str) -> Iterator[None]:
        """Converts the errors of a call."""
        try:
            yield
        except kfp_server_api.ApiException as error:
            raise refusal(self._where, what, error) from error
        except urllib3.exceptions.HTTPError as error:
            raise unreachable(self._where, error) from error


class _Client(kfp_client.Client):
    """Returns kfp's client for the target."""

    @property
    def url_prefix(self) -> str:
        return str(self._get_url_prefix()).rstrip("/")

    def get_kfp_healthz(self, sleep_duration: int = 0) -> kfp_server_api.V2beta1GetHealthzResponse:
        """Asks once."""
        return self._healthz_api.healthz_service_get_healthz(_request_timeout=TIMES)

    def _load_config(self, *arguments: object) -> kfp_server_api.Configuration:
        config = super()._load_config(*arguments)
        config.retries = urllib3.Retry(0)
        return config


def _recurring(answer: kfp_server_api.V2beta1RecurringRun) -> RecurringRun:
    cron = answer.trigger.cron_schedule.cron if answer.trigger and answer.trigger.cron_schedule else ""
    return RecurringRun(answer.recurring_run_id, answer.display_name, cron or "", answer.status != "DISABLED")


def _has_cluster() -> bool:
    """Returns True in a pod, or if there is a kubeconfig."""
    named = os.environ.get("KUBECONFIG", "")
    files = [Path(each) for each in named.split(os.pathsep) if each] or [Path.home() / ".kube" / "config"]
    return _IN_POD in os.environ or any(file.is_file() for file in files)


def _named(name: str) -> str:
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": name}]})


def _spec(package: str) -> dict[str, object]:
    """Returns a compiled pipeline in the API's form: the pipeline and its Kubernetes settings."""
    pipeline, *platforms = yaml.safe_load_all(package)
    if not platforms:
        return {"pipeline_spec": pipeline}
    return {"pipeline_spec": pipeline, "platform_spec": platforms[0]}
