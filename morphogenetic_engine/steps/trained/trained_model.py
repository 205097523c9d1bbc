"""The output folder of a training: the workload's files, and `training.json`, which describes the run."""

from __future__ import annotations

from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.record.record_file import read_record
from morphogenetic_engine.sweeps.schema.objective import Objective
from morphogenetic_engine.trial import Value

FORMAT = 1
_FILE = "training.json"


class Training(BaseModel):
    """One configuration that was trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    workload: str | None
    """`module:function`; None: a program was run."""
    workload_source: str | None = None
    """The source of that module, if the sweep file holds it."""
    trial: int
    """The number of the sweep's trial with this configuration."""
    seed: int
    params: dict[str, Value]
    metrics: dict[str, float]
    """The metrics that the workload returned."""
    found: dict[str, float] = {}
    """The sweep's metrics of the same configuration and seed, filled in by `report`; empty: not in a sweep."""
    objective: Objective
    seconds: float


def write_training(folder: Path, training: Training) -> None:
    """Writes the record into the folder of the model.

    Raises:
        StoreError: it cannot be written.
    """
    write_whole(folder / _FILE, orjson.dumps(training.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def was_trained(folder: Path) -> bool:
    """Returns True if a training's folder holds a model; there is none if the sweep has no defaults to train."""
    return (folder / _FILE).is_file()


def read_training(folder: Path) -> Training:
    """Reads the record of the model in a folder.

    Raises:
        StoreError: the folder is not the output of a training, or cannot be read.
        SweepError: the record is damaged or of a newer format.
    """
    if not (folder / _FILE).is_file():
        raise StoreError(f"{folder}: holds no {_FILE}; it must be the model of the component train")
    return read_record(folder / _FILE, Training, newest=FORMAT)
