"""Passwords in the addresses of a sweep file: they may stay on this machine, and travel nowhere."""

from __future__ import annotations

import re

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig

_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@|[?&][^=&]*(password|token|secret)[^=&]*=", re.IGNORECASE)


def check_no_passwords(config: SweepConfig) -> None:
    """See to it that whoever may look at a cluster may read a configuration.

    Raises:
        ConfigError: an address in it holds a password; the message does not.
    """
    addresses = (
        ("optimization.storage", config.optimization.storage, "PGPASSWORD"),
        ("tracking.mlflow_uri", config.tracking.mlflow_uri, "MLFLOW_TRACKING_PASSWORD"),
    )
    for key, address, variable in addresses:
        if address is not None and _PASSWORD.search(address):
            raise ConfigError(
                f"{key}: holds a password, which many could read on a cluster: leave it out, and set {variable} (or its"
                " like) where the sweep is collected"
            )
