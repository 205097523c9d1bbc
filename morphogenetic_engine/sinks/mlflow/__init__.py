"""Copies a sweep's journal to MLflow: one run per sweep, and one nested run per trial.

The journal stays the source of truth. `publish` sends what could not be sent while the sweep ran, exactly once.
"""

from __future__ import annotations

from morphogenetic_engine.sinks.mlflow.publisher import Published, publish
from morphogenetic_engine.sinks.mlflow.server_address import tracking_uri

__all__ = ["Published", "publish", "tracking_uri"]
