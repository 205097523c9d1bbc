"""The API of a Kubeflow Pipelines server: the few calls that are needed, answered in time, every mistake a line.

kfp's own client finds the server and its credentials (kubeconfig, service account, cookie); its waiting and its retries
are not used: it never comes back from a run that was cancelled, and asks a server that is gone for half a minute.
"""

# pylint: disable=no-member  # kfp's client makes its members when it is made
import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import kfp_server_api
import urllib3
import yaml
from kfp import client as kfp_client

from morphogenetic_engine.errors import ConfigError, StoreError
from pipelines.runs import RecurringRun, Run, run_of

_TIMES = (5.0, 30.0)
"""Seconds to connect, and to answer; a pair, because the client takes no notice of a single float."""
_PAGE = 100
_IN_POD = "KUBERNETES_SERVICE_HOST"
_HOST = "KF_PIPELINES_ENDPOINT"


class ServerBusy(StoreError):
    """The server did not answer, or said that it cannot now: the same call may well succeed later."""


@dataclass(frozen=True)
class Address:
    """Where a server is, and who asks. What is left out comes from the environment, as kfp's client takes it."""

    host: str | None = None
    """http://localhost:8080; None: KF_PIPELINES_ENDPOINT, else the cluster that this pod or the kubeconfig is of."""
    ui: str | None = None
    """Where people look at runs; None: KF_PIPELINES_UI_ENDPOINT, else the host."""
    namespace: str | None = None
    """Of the user, where the server has several."""
    token: str | None = None
    cookies: str | None = None


class PipelinesServer:
    """One server."""

    def __init__(self, address: Address) -> None:
        """Find the server, and ask whether it is there.

        Raises:
            ConfigError: nothing says where it is.
            StoreError: it is not there, or lets nobody in.
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
        """Return the page of a run in the Kubeflow UI."""
        return f"{self._client.url_prefix}/#/runs/details/{run_id}"

    def experiment(self, name: str) -> str:
        """Return the id of KFP's experiment (a folder of runs) of this name; it is made where there is none.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        with self._calls(f"experiment {name!r}"):
            found = self._client.experiments.experiment_service_list_experiments(
                filter=_named(name), page_size=_PAGE, _request_timeout=_TIMES, **self._in_namespace()
            )
            if found.experiments:
                return str(found.experiments[0].experiment_id)
            wanted = kfp_server_api.V2beta1Experiment(display_name=name, namespace=self._namespace)
            made = self._client.experiments.experiment_service_create_experiment(
                experiment=wanted, _request_timeout=_TIMES
            )
            return str(made.experiment_id)

    def runs(self, name: str, experiment_id: str) -> list[Run]:
        """Return the runs of this name, the latest first.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        runs: list[Run] = []
        token = ""
        with self._calls("its runs"):
            while True:
                page = self._client.runs.run_service_list_runs(
                    experiment_id=experiment_id,
                    filter=_named(name),
                    page_size=_PAGE,
                    page_token=token,
                    sort_by="created_at desc",
                    _request_timeout=_TIMES,
                )
                runs += map(run_of, page.runs or [])
                token = page.next_page_token or ""
                if not token:
                    return runs

    def start(self, package: str, *, name: str, experiment_id: str, service_account: str | None) -> Run:
        """Start a compiled pipeline; each call makes a run.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        wanted = kfp_server_api.V2beta1Run(
            experiment_id=experiment_id,
            display_name=name,
            pipeline_spec=_spec(package),
            runtime_config=kfp_server_api.V2beta1RuntimeConfig(parameters={}),
            service_account=service_account,
        )
        with self._calls("the run cannot be started"):
            return run_of(self._client.runs.run_service_create_run(run=wanted, _request_timeout=_TIMES))

    def run(self, run_id: str) -> Run:
        """Return how a run stands.

        Raises:
            StoreError: there is no such run, the server refuses, or cannot be reached.
        """
        with self._calls(f"run {run_id}"):
            return run_of(self._client.runs.run_service_get_run(run_id, _request_timeout=_TIMES))

    def stop(self, run_id: str) -> None:
        """End a run; its exit task still runs.

        Raises:
            StoreError: there is no such run, the server refuses, or cannot be reached.
        """
        with self._calls(f"run {run_id}"):
            self._client.runs.run_service_terminate_run(run_id, _request_timeout=_TIMES)

    def recurring_runs(self, name: str, experiment_id: str) -> list[RecurringRun]:
        """Return the recurring runs of this name.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        with self._calls("its recurring runs"):
            page = self._client.recurring_runs.recurring_run_service_list_recurring_runs(
                experiment_id=experiment_id, filter=_named(name), page_size=_PAGE, _request_timeout=_TIMES
            )
        return [RecurringRun(each.recurring_run_id, each.display_name) for each in page.recurring_runs or []]

    def repeat(
        self, package: str, *, name: str, experiment_id: str, cron: str, service_account: str | None
    ) -> RecurringRun:
        """Start a compiled pipeline again and again; one at a time, and a start that was missed is not made up for.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        wanted = kfp_server_api.V2beta1RecurringRun(
            experiment_id=experiment_id,
            display_name=name,
            mode=kfp_server_api.RecurringRunMode.ENABLE,
            pipeline_spec=_spec(package),
            runtime_config=kfp_server_api.V2beta1RuntimeConfig(parameters={}),
            trigger=kfp_server_api.V2beta1Trigger(cron_schedule=kfp_server_api.V2beta1CronSchedule(cron=cron)),
            max_concurrency="1",
            no_catchup=True,
            service_account=service_account,
        )
        with self._calls("the recurring run cannot be made"):
            made = self._client.recurring_runs.recurring_run_service_create_recurring_run(
                recurring_run=wanted, _request_timeout=_TIMES
            )
        return RecurringRun(made.recurring_run_id, made.display_name)

    def forget(self, recurring: RecurringRun) -> None:
        """Delete a recurring run; the runs that it started stay.

        Raises:
            StoreError: the server refuses, or cannot be reached.
        """
        with self._calls(f"recurring run {recurring.name!r}"):
            self._client.recurring_runs.recurring_run_service_delete_recurring_run(
                recurring.recurring_run_id, _request_timeout=_TIMES
            )

    def _in_namespace(self) -> Mapping[str, str]:
        return {"namespace": self._namespace} if self._namespace else {}

    @contextmanager
    def _calls(self, what: str) -> Iterator[None]:
        """Word what goes wrong in a call."""
        try:
            yield
        except kfp_server_api.ApiException as error:
            raise _refusal(self._where, what, error) from error
        except urllib3.exceptions.HTTPError as error:
            raise ServerBusy(f"{self._where}: cannot be reached: {_reason(error)}") from error


class _Client(kfp_client.Client):
    """kfp's client, for where the server is and who asks."""

    @property
    def url_prefix(self) -> str:
        return str(self._get_url_prefix()).rstrip("/")

    def get_kfp_healthz(self, sleep_duration: int = 0) -> kfp_server_api.V2beta1GetHealthzResponse:
        """Ask once."""
        return self._healthz_api.healthz_service_get_healthz(_request_timeout=_TIMES)

    def _load_config(self, *arguments: object) -> kfp_server_api.Configuration:
        config = super()._load_config(*arguments)
        config.retries = urllib3.Retry(0)
        return config


def _has_cluster() -> bool:
    """Tell whether this is a pod, or there is a kubeconfig."""
    named = os.environ.get("KUBECONFIG", "")
    files = [Path(each) for each in named.split(os.pathsep) if each] or [Path.home() / ".kube" / "config"]
    return _IN_POD in os.environ or any(file.is_file() for file in files)


def _named(name: str) -> str:
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": name}]})


def _spec(package: str) -> dict[str, object]:
    """Return a compiled pipeline as the API takes it: what it runs, and what that asks of Kubernetes."""
    pipeline, *platforms = yaml.safe_load_all(package)
    if not platforms:
        return {"pipeline_spec": pipeline}
    return {"pipeline_spec": pipeline, "platform_spec": platforms[0]}


def _refusal(where: str, what: str, error: kfp_server_api.ApiException) -> StoreError:
    said = _message(error)
    if error.status == 401:
        return StoreError(f"{where}: does not know you (401): give a token in KFP_TOKEN or cookies in KFP_COOKIES")
    if error.status == 403:
        return StoreError(f"{where}: {what}: forbidden (403){said}")
    if error.status in {408, 429} or (error.status or 500) >= 500:
        return ServerBusy(f"{where}: {what}: the server failed ({error.status or error.reason}){said}")
    return StoreError(f"{where}: {what}: refused ({error.status}){said}")


def _message(error: kfp_server_api.ApiException) -> str:
    """Return what the server said, if it said it in its own form."""
    try:
        answer = json.loads(error.body or "")
    except (json.JSONDecodeError, TypeError):
        return ""
    said = answer.get("message") or answer.get("error") if isinstance(answer, dict) else None
    return f": {' '.join(str(said).split())[:300]}" if said else ""


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    reason = getattr(error, "reason", None) or error
    return str(reason).rsplit(": ", maxsplit=1)[-1]
