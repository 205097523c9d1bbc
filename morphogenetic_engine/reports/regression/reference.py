"""The reference that sweeps are compared with: a file kept under version control."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.reports.regression.measurements import Measurements, measure
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.record.machine import Machine
from morphogenetic_engine.sweeps.record.record_file import read_record
from morphogenetic_engine.sweeps.results import SweepResult, read_result

FORMAT = 1


class Origin(BaseModel):
    """The sweep that measurements belong to, and the machine it ran on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sweep_id: str
    created: str
    identity: str
    """The configuration's identity: only sweeps with the same search configuration can be compared."""
    sweep_seed: int
    git_commit: str | None
    python: str
    versions: dict[str, str]
    machine: Machine | None
    """None: the sweep does not record it."""


class Reference(BaseModel):
    """A baseline file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    written: str
    """The time of writing, in UTC, ISO 8601."""
    origin: Origin
    measurements: Measurements


def origin_of(result: SweepResult) -> Origin:
    """Returns the origin of a sweep's measurements."""
    info = result.info
    return Origin(
        sweep_id=info.sweep_id,
        created=info.created,
        identity=info.identity,
        sweep_seed=info.config.optimization.seed,
        git_commit=info.git_commit,
        python=info.python,
        versions=info.versions,
        machine=info.machine if len({session.host for session in result.sessions}) == 1 else None,
    )


def read_reference(path: Path) -> Reference:
    """Reads a baseline file.

    Raises:
        SweepError: it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    try:
        return read_record(path, Reference, newest=FORMAT)
    except SweepError as error:
        raise SweepError(f"{error}; expected a reference written by `sweep baseline`") from error


def write_reference(folder: SweepFolder, path: Path, *, update: bool) -> Reference:
    """Writes a sweep's measurements as the reference for later sweeps.

    Raises:
        SweepError: the reference exists and `update` is False, or the sweep was not confirmed.
        StoreError: the file cannot be written.
    """
    if path.exists() and not update:
        raise SweepError(f"{path}: already exists; --update replaces it")
    result = read_result(folder)
    written = datetime.now(UTC).isoformat(timespec="seconds")
    reference = Reference(written=written, origin=origin_of(result), measurements=measure(result))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(
        path, orjson.dumps(reference.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
    return reference
