"""The sweep's side of tracking: what the process that follows the journal for MLflow needs to know."""

from __future__ import annotations

from collections.abc import Callable

from morphogenetic_engine.sinks import journal_forwarder as follower
from morphogenetic_engine.sinks.journal_forwarder import DRAIN_SECONDS, Destination
from morphogenetic_engine.sinks.mlflow.client import MISSING, installed
from morphogenetic_engine.sinks.mlflow.server_address import tracking_uri
from morphogenetic_engine.sinks.mlflow.sync_state import read_sent
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.schema.credentials import without_credentials

LOG = "tracking.log"
URI_VARIABLE = "MORPHOGENETIC_TRACKING_URI"


class Follower(follower.Follower):
    """While it is entered, a process of the lowest priority sends the sweep's journal to MLflow.

    It never slows or fails the sweep. On the way out it has `drain` seconds to send the rest; if anything is not sent
    then, `warn` is called once, with one line. Raises nothing of its own.
    """

    def __init__(
        self,
        folder: SweepFolder,
        *,
        uri: str | None = None,
        experiment: str | None = None,
        warn: Callable[[str], object],
        drain: float = DRAIN_SECONDS,
    ) -> None:
        super().__init__(folder, "MLflow", lambda: _mlflow(folder, uri, experiment), warn=warn, drain=drain)


def _mlflow(folder: SweepFolder, uri: str | None, experiment: str | None) -> Destination:
    config = folder.read_info().config.tracking
    address = uri or tracking_uri(config, folder.path.parent)
    name = experiment or config.mlflow_experiment
    return Destination(
        name="MLflow",
        address=address,
        variable=URI_VARIABLE,
        command=("-m", __package__, *([] if experiment is None else [f"--experiment={experiment}"])),
        log=LOG,
        lacking=None if installed() else MISSING,
        progress=lambda: read_sent(folder, without_credentials(address), name),
    )
