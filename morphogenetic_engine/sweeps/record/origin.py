"""The origin of a sweep that another system ran: the system, and the object there that was collected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.sweeps.record.record_file import read_record

LEGACY_FILE = "katib.json"
"""The file in which earlier versions recorded the origin; it still holds the numbers of Katib's Trials."""
_LEGACY_FORMAT = 1


class Origin(BaseModel):
    """The object on another system that runs, or ran, a sweep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delegate: str
    """The name under which the system is registered, as `--to` takes it: "katib"."""
    system: str
    """The system's name in messages: "Katib"."""
    kind: str
    """The kind of the object that runs the sweep: "Experiment"."""
    name: str
    """The object's name."""
    namespace: str = ""
    uid: str = ""
    """Tells the object from a deleted one of the same name."""
    cluster: str = ""
    """The address of the cluster; "": not recorded, as in sweeps of earlier versions."""

    @property
    def where(self) -> str:
        """The object in messages: "Experiment ml/toy"."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def stop_command(self) -> str:
        """The command that stops the sweep."""
        target = "" if self.delegate == "katib" else f"--to {self.delegate} "
        place = f" --namespace {self.namespace}" if self.namespace else ""
        return f"morphogenetic sweep stop {target}--experiment {self.name}{place}"


class _LegacyRecord(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    namespace: str
    uid: str
    numbers: dict[str, int] = {}
    """Of the trials, by their names there."""


def read_legacy_origin(folder: Path) -> Origin | None:
    """Returns the origin that an earlier version recorded beside `sweep.json`; None: the sweep ran on this machine.

    Raises:
        SweepError: the file is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    path = folder / LEGACY_FILE
    if not path.exists():
        return None
    record = read_record(path, _LegacyRecord, newest=_LEGACY_FORMAT)
    place = {"name": record.name, "namespace": record.namespace, "uid": record.uid}
    return Origin(delegate="katib", system="Katib", kind="Experiment", **place)


def read_trial_names(folder: Path) -> Mapping[int, str]:
    """Returns the names of a sweep's trials on the system that ran it, by their numbers; none of one of this machine.

    Raises:
        SweepError: the file is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    path = folder / LEGACY_FILE
    if not path.exists():
        return {}
    record = read_record(path, _LegacyRecord, newest=_LEGACY_FORMAT)
    return {number: name for name, number in record.numbers.items()}
