"""Fetches the last lines that failed steps logged: from the server, or from the archive in the object store."""

from collections.abc import Iterator

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import open_store
from pipelines.client.runs import Run
from pipelines.client.server import PipelinesServer

LINES = 10
"""The number of lines to show of each log."""
_PATIENCE_SECONDS = 5.0
_FILE = "main.log"


def log_lines(run: Run, server: PipelinesServer, archive: str) -> Iterator[str]:
    """Yields, for each failed pod of a run, the command that shows its log, and the log's last lines.

    `archive` is the folder in which Kubeflow Pipelines keeps logs. If neither the server nor the archive has the log,
    the address at which it is archived follows instead of its lines.
    """
    for pod in run.failed_pods:
        yield from _of_pod(run, server, archive, pod)


def _of_pod(run: Run, server: PipelinesServer, archive: str, pod: str) -> Iterator[str]:
    yield f"log: kubectl --namespace {server.namespace} logs {pod} --container main"
    day = f"{run.created:%Y-%m-%d}" if run.created else ""
    lines = server.pod_log(run.run_id, pod, day=day, lines=LINES) or _archived(archive, server.namespace, pod)
    yield from (f"  {line}" for line in lines)
    if archive and not lines:
        yield f"archived log: {archive.rstrip('/')}/{server.namespace}/{_workflow(pod)}/.../{pod}/{_FILE}"


def _archived(archive: str, namespace: str, pod: str) -> list[str]:
    """Returns the last lines of an archived log; the folders between the workflow and the pod are the day's."""
    if not archive:
        return []
    folder = f"{namespace}/{_workflow(pod)}"
    try:
        store = open_store(archive, patience=_PATIENCE_SECONDS)
        names = [each.name for each in store.list(folder) if each.name.endswith(f"/{pod}/{_FILE}")]
        content = store.read_bytes(names[0]) if names else b""
    except StoreError:
        return []
    return content.decode(errors="replace").splitlines()[-LINES:]


def _workflow(pod: str) -> str:
    """Returns the name of a pod's workflow, which the pod's own name begins with."""
    return pod.partition("-retry-system-")[0]
