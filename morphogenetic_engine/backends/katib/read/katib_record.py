"""`katib.json`: which Experiment a sweep folder was collected from, and which of its Trials has which number."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, KatibTrial
from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.record.record_file import read_record
from morphogenetic_engine.sweeps.search.registry import total_trials

FORMAT = 1


class KatibRecord(BaseModel):
    """Where a collected sweep comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    name: str
    namespace: str
    uid: str
    """Tells an Experiment from another one that had its name before."""
    numbers: dict[str, int] = {}
    """The numbers of the trials by their names in Katib; given once, and kept."""


def read_katib_record(folder: SweepFolder) -> KatibRecord:
    """Read `katib.json`.

    Raises:
        SweepError: there is none, or it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    if not folder.katib.exists():
        raise SweepError(f"{folder.path}: is a sweep of this machine, not one of Katib; give the new one a --sweep-id")
    return read_record(folder.katib, KatibRecord, newest=FORMAT)


def write_katib_record(folder: SweepFolder, record: KatibRecord) -> None:
    """Replace `katib.json` as a whole."""
    write_whole(folder.katib, orjson.dumps(record.model_dump(), option=orjson.OPT_INDENT_2))


def check_same(folder: SweepFolder, record: KatibRecord, experiment: KatibExperiment) -> None:
    """Hold a folder's record against the Experiment that is to be collected into it.

    Raises:
        SweepError: it is another one.
    """
    if record.uid != experiment.uid:
        raise SweepError(
            f"{folder.path}: belongs to another Experiment, {record.namespace}/{record.name}"
            f" ({record.uid[:8]}, not {experiment.uid[:8]}); give the new one a --sweep-id"
        )


def with_numbers(record: KatibRecord, config: SweepConfig, trials: Sequence[KatibTrial]) -> KatibRecord:
    """Return the record with a number for each trial.

    In a sweep whose points are known ahead it is the point's, as in a local sweep; a point that comes twice gets a
    number behind them. Elsewhere trials are numbered as they were created.
    """
    numbers = dict(record.numbers)
    used = set(numbers.values())
    for trial in sorted(trials, key=lambda each: (each.created, each.name)):
        if trial.name in numbers:
            continue
        planned = trial_of_assignments(config, trial.assignments)
        number = planned.number
        if not planned.placed or number in used:
            first = total_trials(config) if planned.placed else 0
            number = next(each for each in range(first, first + len(used) + 1) if each not in used)
        numbers[trial.name] = number
        used.add(number)
    return record.model_copy(update={"numbers": numbers})
