"""`ensemble/ensemble.json` in a sweep's folder: the members of its ensemble, their weights, and how good it is."""

from __future__ import annotations

import orjson
from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.record.record_file import read_record

FORMAT = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Record):
    """A model and its share of the ensemble."""

    trial: int
    replicate: int | None
    weight: float
    """From 0 to 1; the weights of all members sum to 1."""
    folder: str
    """The path of the model, relative to the sweep's folder."""
    validation_accuracy: float
    test_accuracy: float


class SplitCheck(_Record):
    """The ensemble beside the best single model, on one split."""

    samples: int
    ensemble: float
    """Accuracy."""
    best_single: float
    """Accuracy of the model that is best on the validation split."""
    gained: int
    """Samples that the ensemble has right and the single model wrong."""
    lost: int
    """Samples that the ensemble has wrong and the single model right."""
    p_value: float
    """The p-value of McNemar's exact test, two-sided. Not valid on the validation split, which selected the members."""


class EnsembleInfo(_Record):
    """`ensemble.json`."""

    format: int = FORMAT
    sweep_id: str
    data: str
    """The identity of the data and the splits that it was selected and tested on."""
    models: int
    """The number of models that it was selected from."""
    left_out: dict[str, str]
    """The reasons why complete trials had no usable model, by folder."""
    members: tuple[Member, ...]
    """In order of decreasing weight."""
    best_single: int
    """The trial whose model is best on the validation split."""
    validation: SplitCheck
    """On the validation split, which selected the members: biased upwards."""
    test: SplitCheck
    """On the test split, which had no part in the selection."""
    disagreement: float | None
    """The mean disagreement over the pairs of members, on the test split; None: one member."""
    q_statistic: float | None
    """The mean of Yule's Q over the same pairs; None: undefined for every pair."""


def write_ensemble(folder: SweepFolder, info: EnsembleInfo) -> None:
    """Writes the ensemble of a sweep, replacing an earlier one.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        folder.ensemble.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder.ensemble.parent}: cannot be written: {error.strerror}") from error
    write_whole(folder.ensemble, orjson.dumps(info.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def read_ensemble(folder: SweepFolder) -> EnsembleInfo:
    """Reads the ensemble of a sweep.

    Raises:
        SweepError: there is none, or it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    if not folder.ensemble.exists():
        raise SweepError(f"{folder.ensemble}: there is no ensemble yet; make one with `sweep ensemble`")
    return read_record(folder.ensemble, EnsembleInfo, newest=FORMAT)
