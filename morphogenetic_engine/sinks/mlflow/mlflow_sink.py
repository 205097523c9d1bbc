"""MLflow as a sink: chooses the server of a sweep, and opens the publisher."""

# Sinks have no state.
# pylint: disable=no-self-use
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from morphogenetic_engine.sinks.mlflow.client import MISSING, installed, quiet_mlflow
from morphogenetic_engine.sinks.mlflow.publisher import Publisher
from morphogenetic_engine.sinks.mlflow.server_address import tracking_uri
from morphogenetic_engine.sinks.mlflow.sync_state import FILES, read_sent
from morphogenetic_engine.sinks.sink import Destination
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.schema.credentials import without_credentials


@dataclass(frozen=True)
class MlflowSink:
    """Sends each sweep to a run of MLflow's, and each trial to a nested one."""

    title: str = "MLflow"

    def wanted(self, config: SweepConfig) -> bool:
        """Returns whether the sweep file asks for MLflow."""
        return config.tracking.mlflow

    def closes_with(self, info: SweepInfo) -> bool:
        """Returns True if `mlflow run` opened the sweep's run, which it closes when the process ends."""
        return info.mlflow_run is not None

    def destination(self, folder: SweepFolder, info: SweepInfo, address: str | None) -> Destination:
        """Returns the tracking server: the one given, else the one of the sweep file or the environment."""
        tracking = info.config.tracking
        uri = address or tracking_uri(tracking, folder.path.parent)
        return Destination(
            name=self.title,
            address=uri,
            files=FILES,
            progress=lambda: read_sent(folder, without_credentials(uri), tracking.mlflow_experiment),
            lacking=None if installed() else MISSING,
        )

    @contextmanager
    def open(self, folder: SweepFolder, destination: Destination, *, patience: float) -> Iterator[Publisher]:
        """Opens a sweep for sending."""
        with quiet_mlflow(patience):
            yield Publisher(folder, uri=destination.address, experiment=None)


MLFLOW = MlflowSink()
