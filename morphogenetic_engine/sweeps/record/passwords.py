"""Keeps passwords out of the folders of sweeps."""

from __future__ import annotations

from collections.abc import Iterator

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.credentials import has_password


def check_no_passwords(config: SweepConfig, where: str, before: SweepConfig | None = None) -> None:
    """Rejects addresses with passwords in a new sweep, or in the changes to the sweep `before`.

    Raises:
        ConfigError: an address holds a password; the message does not show it.
    """
    known = set(_addresses(before)) if before is not None else set()
    for key, address in _addresses(config):
        if has_password(address) and (key, address) not in known:
            raise ConfigError(
                f"{where}: {key}: holds a password, which the sweep's folder would keep: write ${{NAME}} in its place,"
                " and set that environment variable"
            )


def _addresses(config: SweepConfig) -> Iterator[tuple[str, str]]:
    if config.optimization.storage is not None:
        yield "optimization.storage", config.optimization.storage
    if config.tracking.mlflow_uri is not None:
        yield "tracking.mlflow_uri", config.tracking.mlflow_uri
    for name, address in config.tracking.sinks.items():
        yield f"tracking.sinks.{name}", address
