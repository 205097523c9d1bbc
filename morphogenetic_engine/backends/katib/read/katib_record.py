"""`katib.json`: the uid of the Experiment that a sweep folder was collected from, and the numbers of its Trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, KatibTrial
from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
from morphogenetic_engine.backends.katib.render.numbered_names import number_of
from morphogenetic_engine.backends.katib.render.sent_course import assigned_job
from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.record.origin import read_trial_names
from morphogenetic_engine.sweeps.record.record_file import read_record

FORMAT = 1
RECORD_FILE = "katib.json"


class KatibRecord(BaseModel):
    """The Experiment of a collected sweep, and the numbers of its Trials."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    name: str
    namespace: str
    uid: str
    """Distinguishes an Experiment from an earlier one of the same name."""
    numbers: dict[str, int] = {}
    """The numbers of the trials by their names in Katib; assigned once and never changed."""


def has_katib_record(folder: SweepFolder) -> bool:
    """Returns True if a folder was collected from Katib."""
    return (folder.path / RECORD_FILE).exists()


def trial_names(folder: SweepFolder) -> Mapping[int, str]:
    """Returns the names of Katib's Trials by their numbers; empty for a sweep that ran elsewhere.

    Raises:
        SweepError: `katib.json` is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    return read_trial_names(folder.path)


def read_katib_record(folder: SweepFolder) -> KatibRecord:
    """Reads `katib.json`.

    Raises:
        SweepError: it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    return read_record(folder.path / RECORD_FILE, KatibRecord, newest=FORMAT)


def katib_record(folder: SweepFolder, experiment: KatibExperiment) -> KatibRecord:
    """Returns the record of a folder that an Experiment is collected into, or a new one.

    Raises:
        SweepError: `katib.json` is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    if has_katib_record(folder):
        return read_katib_record(folder)
    return KatibRecord(name=experiment.name, namespace=experiment.namespace, uid=experiment.uid)


def write_katib_record(folder: SweepFolder, record: KatibRecord) -> None:
    """Replaces `katib.json` atomically."""
    write_whole(folder.path / RECORD_FILE, orjson.dumps(record.model_dump(), option=orjson.OPT_INDENT_2))


def check_same(folder: SweepFolder, record: KatibRecord, experiment: KatibExperiment) -> None:
    """Checks that a folder was collected from the Experiment that is to be collected into it.

    Raises:
        SweepError: it belongs to another Experiment.
    """
    if record.uid != experiment.uid:
        raise SweepError(
            f"{folder.path}: belongs to another Experiment, {record.namespace}/{record.name}"
            f" ({record.uid[:8]}, not {experiment.uid[:8]}); give the new one a --sweep-id"
        )


def with_numbers(record: KatibRecord, config: SweepConfig, trials: Sequence[KatibTrial]) -> KatibRecord:
    """Returns the record with a number for each trial: the one in its name, if the service of our search gave it.

    With a halving the service gives several of Katib's trials to one trial of the sweep, the last to its highest rung.

    If the sweep's points are fixed in advance, it is the point's number, as in a local sweep; a duplicate point gets a
    number after all of them. Otherwise, trials are numbered in the order of creation.
    """
    numbers = dict(record.numbers)
    used = set(numbers.values())
    for trial in sorted(trials, key=lambda each: (each.created, each.name)):
        if trial.name in numbers:
            continue
        job = assigned_job(trial.assignments)
        named = number_of(trial.name) if job is None else job.trial
        if named is not None:
            numbers[trial.name] = named
            continue
        planned = trial_of_assignments(config, trial.assignments)
        number = planned.number
        if not planned.placed or number in used:
            first = total_trials(config) if planned.placed else 0
            number = next(each for each in range(first, first + len(used) + 1) if each not in used)
        numbers[trial.name] = number
        used.add(number)
    return record.model_copy(update={"numbers": numbers})
