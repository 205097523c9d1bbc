"""Copies a sweep's journal to MLflow: a run a sweep, a nested run a trial.

The journal stays the truth. What could not be sent while the sweep ran is sent by `publish`, once.
"""

from __future__ import annotations

from morphogenetic_engine.sinks.mlflow.publisher import Published, publish
from morphogenetic_engine.sinks.mlflow.server_address import tracking_uri

__all__ = ["Published", "publish", "tracking_uri"]
