"""The library of saved models that ensembles are selected from: the trials' models and their predictions."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError, StoreError, SweepError, WorkloadError
from morphogenetic_engine.storage.local_file import leads_out
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.project_folder import start_folder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Predictions, SavedModels, declaration_of
from morphogenetic_engine.workload.workload_kinds import ProgramWorkload


@dataclass(frozen=True)
class Model:
    """One saved model."""

    trial: int
    replicate: int | None
    """None: the trial has no replicates."""
    folder: str
    """Its path, relative to the sweep's folder."""
    predictions: Predictions


@dataclass(frozen=True)
class Library:
    """The models of a sweep, at least one; all predict the same samples."""

    models: tuple[Model, ...]
    left_out: Mapping[str, str]
    """The reasons why complete trials have no usable model, by folder."""


def saved_models(info: SweepInfo) -> SavedModels:
    """Returns the declared model functions of a sweep's workload; imports the workload into this process.

    Raises:
        WorkloadError: it cannot be imported, or declares no models.
    """
    workload = info.config.workload
    where = f"sweep {info.sweep_id}: experiment.{workload.key}"
    if isinstance(workload, ProgramWorkload):
        raise WorkloadError(f"{where}: a program cannot say how its models are used; use a Python function")
    with importable(str(start_folder(info))):
        try:
            train = workload.load()
        except WorkloadError as error:
            raise WorkloadError(f"{where}: {error}") from error
    models = declaration_of(train).models
    if models is None:
        name = workload.description
        raise WorkloadError(f"{where}: {name} does not say how its models are used; see declare(models=...)")
    return models


def read_library(folder: SweepFolder, result: SweepResult, models: SavedModels) -> Library:
    """Reads the models of all complete trials that keep the outcome constraints, in the order of their numbers.

    Raises:
        SweepError: no trial has a model.
        ConfigError: two of them predict different samples.
    """
    found: list[Model] = []
    left_out: dict[str, str] = {}
    for trial in result.feasible:
        for replicate, seed in _runs(trial):
            place = f"trials/{trial.number}" + ("" if replicate is None else f"/replicate_{replicate}")
            if leads_out(folder.path / place, folder.path):
                left_out[place] = f"{place}: a link in it leads out of the sweep's folder"
                continue
            try:
                predictions = models.predictions(trial.params, seed, folder.path / place)
            except StoreError as error:
                left_out[place] = str(error)
            else:
                found.append(Model(trial.number, replicate, place, predictions))
    if not found:
        why = next(iter(left_out.values()), f"no trial is {result.rankable}")
        raise SweepError(f"sweep {folder.sweep_id}: has no saved model: {why}")
    for model in found[1:]:
        _check_same_data(folder.sweep_id, found[0], model)
    return Library(tuple(found), left_out)


def _runs(trial: TrialRecord) -> list[tuple[int | None, int]]:
    """Returns the runs of a trial: pairs of replicate and seed."""
    if not trial.replicates:
        return [(None, trial.seed)]
    return [(number, replicate.seed) for number, replicate in sorted(trial.replicates.items())]


def _check_same_data(sweep_id: str, one: Model, other: Model) -> None:
    if one.predictions.data != other.predictions.data:
        raise ConfigError(
            f"sweep {sweep_id}: trials {one.trial} and {other.trial} have different data or splits"
            f" ({one.predictions.data}, {other.predictions.data}), which no ensemble can mix; sweep one at a time"
        )


@contextmanager
def importable(directory: str) -> Iterator[None]:
    """Makes workloads importable from a directory, as in the workers of the sweep."""
    sys.path.insert(0, directory)
    try:
        yield
    finally:
        sys.path.remove(directory)
