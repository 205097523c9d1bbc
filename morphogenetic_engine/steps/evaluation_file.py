"""`evaluation.json`: what there is to say of a trained model, as `evaluate` writes it and `report` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.engine.classification import Classification
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.comparison import Comparison
from morphogenetic_engine.steps.trained_model import Training
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.record.record_file import read_record

FORMAT = 1


class Evaluation(BaseModel):
    """The numbers of one model, beside those of its baselines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    training: Training
    baseline: Training | None
    """The configuration of the defaults, trained in the same way; None: the sweep has no defaults."""
    test: Classification | None
    """None: the workload saves no model that others may use."""
    comparisons: tuple[Comparison, ...]
    note: str
    """What is missing and why, or ""."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """The numbers for a table, by names that say which split they are of."""
        found = {f"trained_{name}": value for name, value in self.training.metrics.items()}
        if self.baseline is not None:
            found |= {f"baseline_{name}": value for name, value in self.baseline.metrics.items()}
        if self.test is not None:
            found |= {"test_samples": self.test.samples, "test_accuracy": self.test.accuracy}
            found["test_log_loss"] = self.test.log_loss
            if self.test.roc is not None:
                found["test_roc_area"] = self.test.roc.area
        for each in self.comparisons:
            found[f"{each.baseline}_test_accuracy"] = each.baseline_accuracy
            found[f"{each.baseline}_p_value"] = each.p_value
        return found


def write_evaluation(path: Path, found: Evaluation) -> None:
    """Write the evaluation.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made: {error.strerror}") from error
    write_whole(path, orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def read_evaluation(path: Path) -> Evaluation:
    """Read an evaluation.

    Raises:
        SweepError: it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    return read_record(path, Evaluation, newest=FORMAT)
