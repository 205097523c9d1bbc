"""Exports the data set of a problem to a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from morphogenetic_engine.engine.data.data_file import samples_bytes
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.settings import DATA_PARAMETERS, TrainingSettings
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.local_file import one_line, written_whole


@dataclass(frozen=True)
class DataSet:
    """The exported file."""

    samples: int
    features: int
    classes: int
    sha256: str
    """The SHA-256 of the file's bytes."""


def write_data_set(settings: TrainingSettings, path: Path, *, replace: bool) -> DataSet:
    """Writes the samples of the configured problem; equal settings produce identical bytes.

    Raises:
        StoreError: the file cannot be written, or exists with other content and `force` is false.
    """
    problem = make_problem(settings)
    names = ("problem_type", "seed", *DATA_PARAMETERS)
    about = json.dumps({name: getattr(settings, name) for name in names})
    content = samples_bytes(problem.x_NF, problem.y_N, about)
    with one_line(path, "written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        taken = path.exists() and path.read_bytes() != content
        if taken and not replace:
            raise StoreError(f"{path}: holds something else; use --force to write over it")
        with written_whole(path) as part:
            part.write_bytes(content)
    return DataSet(len(problem.y_N), problem.x_NF.shape[1], problem.classes, sha256(content).hexdigest())
