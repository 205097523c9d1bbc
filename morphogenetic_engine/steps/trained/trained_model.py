"""The output folder of a training: the workload's files, and `training.json`, which describes the run."""

from __future__ import annotations

from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer, model_validator

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.record.record_file import read_record
from morphogenetic_engine.sweeps.schema.objective import Objective
from morphogenetic_engine.trial import Value
from morphogenetic_engine.workload.workload_kinds import (
    WORKLOAD_KEYS,
    FunctionWorkload,
    ProgramWorkload,
    Workload,
    workload_of,
)

FORMAT = 2
"""Since format 2, a program has its `command`, where format 1 had no workload at all."""
_FILE = "training.json"


class Training(BaseModel):
    """One configuration that was trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    workload: Workload | None
    """In the file: its keys in a sweep file. None: a program, in a file of format 1."""
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

    @model_validator(mode="before")
    @classmethod
    def _read_workload(cls, written: object) -> object:
        if not isinstance(written, dict) or isinstance(written.get("workload"), FunctionWorkload | ProgramWorkload):
            return written
        others = {key: value for key, value in written.items() if key not in WORKLOAD_KEYS}
        return {**others, "workload": workload_of(written)}

    @model_serializer(mode="wrap")
    def _write_workload(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        written: dict[str, object] = serialize(self)
        del written["workload"]
        return {**({} if self.workload is None else self.workload.keys), **written}


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
