"""Checks that a configuration contains no passwords before it leaves this machine."""

from __future__ import annotations

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.credentials import has_password


def check_no_passwords(config: SweepConfig) -> None:
    """Rejects configurations that contain credentials, which users of the cluster could read.

    Raises:
        ConfigError: an address contains a password; the message does not show it.
    """
    addresses = (
        ("optimization.storage", config.optimization.storage, "PGPASSWORD"),
        ("tracking.mlflow_uri", config.tracking.mlflow_uri, "MLFLOW_TRACKING_PASSWORD"),
    )
    for key, address, variable in addresses:
        if address is not None and has_password(address):
            raise ConfigError(
                f"{key}: holds a password, which many could read on a cluster: leave it out, and set {variable} (or its"
                " like) where the sweep is collected"
            )
