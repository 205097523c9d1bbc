"""The thin client of MLflow's model registry: versions of a model, their tags and aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.sinks.mlflow.client import one_line_errors, open_client

_ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""The registry's error codes for a missing model or alias."""
_ARTIFACT = "promoted_model"


@dataclass(frozen=True)
class Version:
    """One version of a registered model."""

    number: str
    tags: Mapping[str, str]


class ModelRegistry:
    """The registry of a tracking server. Every method raises StoreError, in one line and without credentials."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._client = open_client(uri)

    def holder(self, name: str, alias: str) -> Version | None:
        """Returns the version that an alias stands for."""
        from mlflow.exceptions import MlflowException  # pylint: disable=import-outside-toplevel

        with one_line_errors(self._uri):
            try:
                found = self._client.get_model_version_by_alias(name, alias)
            except MlflowException as error:
                if error.error_code in _ABSENT:
                    return None
                raise
            return Version(str(found.version), dict(found.tags))

    def find(self, name: str, tags: Mapping[str, str | None]) -> Version | None:
        """Returns the latest version of a model that carries all these tags."""
        with one_line_errors(self._uri):
            found = self._client.search_model_versions(f"name = '{name}'")
        fitting = [each for each in found if tags.items() <= dict(each.tags).items()]
        latest = max(fitting, key=lambda each: int(each.version), default=None)
        return None if latest is None else Version(str(latest.version), dict(latest.tags))

    def register(self, name: str, run_id: str, model: Path, tags: Mapping[str, str]) -> Version:
        """Uploads a model's folder to a run, and registers it as a new version."""
        from mlflow.exceptions import MlflowException  # pylint: disable=import-outside-toplevel

        with one_line_errors(self._uri):
            self._client.log_artifacts(run_id, str(model), _ARTIFACT)
            try:
                self._client.create_registered_model(name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            source = f"{self._client.get_run(run_id).info.artifact_uri}/{_ARTIFACT}"
            made = self._client.create_model_version(name, source, run_id=run_id, tags=dict(tags))
            return Version(str(made.version), dict(tags))

    def point(self, name: str, alias: str, version: Version) -> None:
        """Moves an alias to a version."""
        with one_line_errors(self._uri):
            self._client.set_registered_model_alias(name, alias, version.number)
