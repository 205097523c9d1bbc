"""The section `tracking` of a sweep file: where the journal is copied to while the sweep runs."""

from __future__ import annotations

from pydantic import Field

from morphogenetic_engine.sweeps.schema.parameters import Section


class TrackingConfig(Section):
    """The systems that the journal is sent to while the sweep runs."""

    mlflow: bool = False
    """Send the sweep to MLflow."""
    mlflow_uri: str | None = None
    """The tracking server; left out: MLFLOW_TRACKING_URI, else a SQLite file beside the sweeps."""
    mlflow_experiment: str = "morphogenetic sweeps"
    """MLflow's experiment in which the sweep is one run."""
    sinks: dict[str, str] = Field(default_factory=dict)
    """Further sinks, of installed packages: the name of each, and the address that it sends the sweep to."""
