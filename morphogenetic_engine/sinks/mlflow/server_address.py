"""Resolves the address of the tracking server that a sweep is published to."""

from __future__ import annotations

import os
from pathlib import Path

from morphogenetic_engine.sweeps.schema.credentials import with_variables
from morphogenetic_engine.sweeps.schema.tracking_section import TrackingConfig

ENVIRONMENT = "MLFLOW_TRACKING_URI"
_SQLITE = "sqlite:///"


def tracking_uri(config: TrackingConfig, results: Path) -> str:
    """Returns the tracking server: the sweep file's, else MLFLOW_TRACKING_URI, else a SQLite file beside the sweeps.

    It may hold a password; show `without_credentials` of it. `results` is the folder that holds the sweeps' folders.
    """
    given = config.mlflow_uri and with_variables(config.mlflow_uri, "tracking.mlflow_uri")
    uri = given or os.environ.get(ENVIRONMENT) or f"{_SQLITE}{results.parent / 'mlflow.db'}"
    path = _sqlite_file(uri)
    return uri if path is None else f"{_SQLITE}{path.absolute()}"


def artifact_folder(uri: str) -> Path | None:
    """Returns the artifact folder of a SQLite store: beside it, because MLflow's default is the working directory.

    None: the server decides.
    """
    path = _sqlite_file(uri)
    return None if path is None else path.absolute().with_name("mlflow-artifacts")


def _sqlite_file(uri: str) -> Path | None:
    path = uri.removeprefix(_SQLITE).split("?", maxsplit=1)[0]
    return Path(path) if uri.startswith(_SQLITE) and path else None
