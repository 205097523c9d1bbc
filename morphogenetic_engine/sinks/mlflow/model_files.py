"""The best trial's model as a folder that MLflow can load anywhere: signature, input example, code, requirements."""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import morphogenetic_engine
from morphogenetic_engine.errors import StoreError, SweepError, WorkloadError
from morphogenetic_engine.sweeps.ensemble.model_library import importable, saved_models
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.project_folder import start_folder
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.experiment_section import DEFAULT_WORKLOAD
from morphogenetic_engine.trial import SavedModels
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload

_PACKAGE = Path(morphogenetic_engine.__file__).parent
_SERVED = Path(__file__).with_name("served_model.py")


@dataclass(frozen=True)
class TrialModel:
    """The saved model of one trial, and how it is used."""

    folder: Path
    workload: FunctionWorkload
    directory: str
    """The directory that the workload is imported from."""
    models: SavedModels
    data: str
    """The identity of the data and the split that it was evaluated on."""


def trial_model(folder: SweepFolder, result: SweepResult, trial: TrialRecord) -> TrialModel:
    """Returns a trial's model; if it has replicates, that of the best one.

    Raises:
        WorkloadError: the workload declares no models, or no example of their input.
        SweepError: the trial has no whole model.
    """
    models = saved_models(result.info)
    workload = result.config.workload
    assert isinstance(workload, FunctionWorkload), "programs declare no models"
    if models.example is None:
        where = f"sweep {result.info.sweep_id}: experiment.workload"
        raise WorkloadError(
            f"{where}: {workload.spec} gives no example of what its models take; see SavedModels.example"
        )
    home, seed = folder.trial(trial.number), trial.seed
    if trial.replicates:
        rule = result.config.optimization
        number = max(
            trial.replicates, key=lambda each: rule.direction.sign * trial.replicates[each].metrics[rule.target_metric]
        )
        home, seed = home / f"replicate_{number}", trial.replicates[number].seed
    try:
        data = models.predictions(trial.params, seed, home).data
    except StoreError as error:
        raise SweepError(f"sweep {result.info.sweep_id}: trial {trial.number} has no whole model: {error}") from error
    return TrialModel(home, workload, str(start_folder(result.info)), models, data)


def write_model(model: TrialModel, to: Path) -> None:
    """Writes the model in MLflow's format into the new folder `to`."""
    assert model.models.example is not None
    x_NF = model.models.example(model.folder)
    p_NC = model.models.predictor(model.folder)(x_NF)
    with warnings.catch_warnings(), _files(model, to.with_name("trial")) as files, importable(model.directory):
        warnings.simplefilter("ignore")  # mlflow warns about its own classes
        from mlflow.models import infer_signature  # pylint: disable=import-outside-toplevel  # takes seconds
        from mlflow.pyfunc import save_model  # pylint: disable=import-outside-toplevel

        save_model(
            path=str(to),
            python_model=str(_SERVED),
            artifacts={"trial": str(files)},
            model_config=model.workload.keys,
            signature=infer_signature(x_NF, p_NC),
            input_example=x_NF,
            code_paths=[str(_PACKAGE), *_workload_code(model.workload)],
            pip_requirements=_requirements(model.workload),
        )


@contextmanager
def _files(model: TrialModel, place: Path) -> Iterator[Path]:
    """Copies only the model's files from the trial's folder."""
    place.mkdir()
    for path in sorted(model.folder.glob("model*")):
        if path.is_dir():
            shutil.copytree(path, place / path.name)
        else:
            shutil.copy(path, place)
    yield place


def _workload_code(workload: FunctionWorkload) -> list[str]:
    """Returns the file or the package that holds the user's workload."""
    name = workload.module.partition(".")[0]
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None or name == _PACKAGE.name:
        return []
    path = Path(file)
    return [str(path.parent if path.name == "__init__.py" else path)]


def _requirements(workload: FunctionWorkload) -> list[str]:
    names = ["numpy", "torch"] if workload.spec == DEFAULT_WORKLOAD else ["numpy"]
    return [f"{name}=={version(name)}" for name in names]
