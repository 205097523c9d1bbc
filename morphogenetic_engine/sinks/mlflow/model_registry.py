"""The thin client of MLflow's model registry: versions of a model, their tags and aliases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from morphogenetic_engine.errors import ConfigError, MorphogeneticError, StoreError
from morphogenetic_engine.sinks.mlflow.client import MISSING, installed
from morphogenetic_engine.sweeps.schema.credentials import reason, without_credentials

if TYPE_CHECKING:
    from mlflow import MlflowClient

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
        if not installed():
            raise ConfigError(MISSING)
        self._uri = uri
        with self._one_line():
            from mlflow import MlflowClient  # pylint: disable=import-outside-toplevel  # takes seconds

            self._client: MlflowClient = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def holder(self, name: str, alias: str) -> Version | None:
        """Returns the version that an alias stands for."""
        from mlflow.exceptions import MlflowException  # pylint: disable=import-outside-toplevel

        with self._one_line():
            try:
                found = self._client.get_model_version_by_alias(name, alias)
            except MlflowException as error:
                if error.error_code in _ABSENT:
                    return None
                raise
            return Version(str(found.version), dict(found.tags))

    def find(self, name: str, tags: Mapping[str, str | None]) -> Version | None:
        """Returns the latest version of a model that carries all these tags."""
        with self._one_line():
            found = self._client.search_model_versions(f"name = '{name}'")
        fitting = [each for each in found if tags.items() <= dict(each.tags).items()]
        latest = max(fitting, key=lambda each: int(each.version), default=None)
        return None if latest is None else Version(str(latest.version), dict(latest.tags))

    def register(self, name: str, run_id: str, model: Path, tags: Mapping[str, str]) -> Version:
        """Uploads a model's folder to a run, and registers it as a new version."""
        from mlflow.exceptions import MlflowException  # pylint: disable=import-outside-toplevel

        with self._one_line():
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
        with self._one_line():
            self._client.set_registered_model_alias(name, alias, version.number)

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except MorphogeneticError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # those of mlflow's libraries too
            shown = without_credentials(self._uri)
            raise StoreError(f"MLflow at {shown}: {reason(error, self._uri)}") from error
