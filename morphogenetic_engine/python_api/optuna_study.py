"""A sweep's study in the Optuna storage that its configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.sinks.optuna_storage.storage_sink import MISSING, NAME, installed, storage_of
from morphogenetic_engine.sweeps.schema.credentials import without_credentials

if TYPE_CHECKING:
    import optuna

    from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo


def study_of(info: SweepInfo) -> optuna.Study:
    """Returns the study of a sweep.

    Raises:
        ConfigError: the sweep has no storage, or Optuna is not installed.
        StoreError: the storage cannot be reached, or has no such study.
    """
    return study_at(storage_of(info), info.sweep_id)


def study_at(address: str, name: str) -> optuna.Study:
    """Returns the study of a name in the storage at an address; raises as `study_of`."""
    if not installed():
        raise ConfigError(MISSING)
    from optuna import load_study  # pylint: disable=import-outside-toplevel  # large, and an extra

    from morphogenetic_engine.sinks.optuna_storage.study import open_storage  # pylint: disable=import-outside-toplevel

    try:
        return load_study(study_name=name, storage=open_storage(address))
    except Exception as error:  # pylint: disable=broad-exception-caught  # Optuna lets its libraries' errors through
        shown = without_credentials(address)
        raise StoreError(f"{NAME} at {shown}: the study {name!r} cannot be read") from error
