"""The last lines of a failed step's log, from the server or the archive; otherwise the address of the archive."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.client.runs import Node, Run, RunState
from pipelines.client.server import PipelinesServer
from pipelines.client.step_logs import LINES, log_lines
from tests.pipelines.client.stub_server import StubServer

WORKFLOW = "morphogenetic-local-sweep-g9m5f"
POD = f"{WORKFLOW}-retry-system-container-impl-450492224"
FAILED = Node("1", "executor", RunState.FAILED, "", None, None, (f"{WORKFLOW}-1", f"{WORKFLOW}-450492224"))
RUN = Run("run-0", "one", RunState.FAILED, "", created=datetime(2026, 11, 28, 5, 53, tzinfo=UTC), nodes=(FAILED,))
COMMAND = f"log: kubectl --namespace kubeflow logs {POD} --container main"
OF_PAGES = f"k8s/pod/logs?podname={POD}&podnamespace=kubeflow&createdat=2026-11-28"
OF_API = f"apis/v1alpha1/runs/run-0/nodes/{POD}/log"
LOG = "".join(f"line {number}\n" for number in range(3 * LINES))
SHOWN = [f"  line {number}" for number in range(2 * LINES, 3 * LINES)]


@pytest.mark.parametrize("address", [OF_PAGES, OF_API])
def test_the_server_of_the_pages_and_that_of_the_api_are_asked(
    stub: StubServer, server: PipelinesServer, address: str
) -> None:
    stub.logs[address] = LOG
    assert list(log_lines(RUN, server, "")) == [COMMAND, *SHOWN]


def test_an_archived_log_is_read_from_the_store(server: PipelinesServer, tmp_path: Path) -> None:
    for pod, text in ((POD, LOG), (f"{WORKFLOW}-retry-system-container-impl-1", "of an earlier attempt\n")):
        file = tmp_path / "kubeflow" / WORKFLOW / "2026" / "11" / "28" / pod / "main.log"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    assert list(log_lines(RUN, server, str(tmp_path))) == [COMMAND, *SHOWN]


@pytest.mark.parametrize("archive", ["s3://mlpipeline/private-artifacts", "ftp://mlpipeline/private-artifacts"])
def test_a_log_that_cannot_be_read_is_named(
    server: PipelinesServer, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    said = list(log_lines(RUN, server, archive))
    assert said == [COMMAND, f"archived log: {archive}/kubeflow/{WORKFLOW}/.../{POD}/main.log"]


def test_a_page_is_no_log(stub: StubServer, server: PipelinesServer) -> None:
    stub.logs[OF_API] = "<html>Kubeflow Pipelines</html>"
    assert list(log_lines(RUN, server, "")) == [COMMAND]


def test_a_run_without_a_failed_pod_has_no_log(server: PipelinesServer) -> None:
    assert not list(log_lines(Run("run-0", "one", RunState.FAILED, ""), server, "s3://b/c"))
