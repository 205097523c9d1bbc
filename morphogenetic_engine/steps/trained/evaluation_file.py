"""`evaluation.json`: the evaluation of a trained model, written by `evaluate` and read by `report`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.engine.classification import Classification
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.trained.comparison import Baseline, Comparison
from morphogenetic_engine.steps.trained.trained_model import Training
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.record.record_file import read_record

FORMAT = 2
"""Format 2 has trainings of format 2."""
_SYNONYMS = {"accuracy": ("test_acc", "test_accuracy"), "log_loss": ("test_loss", "test_log_loss")}


class Evaluation(BaseModel):
    """The numbers of one model, beside those of its baselines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    training: Training
    baseline: Training | None
    """The configuration of the defaults, trained in the same way; None: the sweep has no defaults."""
    test: Classification | None
    """None: the workload declares no models."""
    comparisons: tuple[Comparison, ...]
    note: str
    """The missing parts and the reason, or ""."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics as a table: those of the trained model under their names in the sweep.

        Those of a baseline have its name as a suffix.
        """
        found = dict(self.training.metrics)
        if self.test is not None:
            scores = {"accuracy": self.test.accuracy, "log_loss": self.test.log_loss}
            found |= {f"test_{name}": value for name, value in scores.items() if not _is_there(name, found)}
            found["test_samples"] = self.test.samples
            if self.test.roc is not None:
                found["test_roc_area"] = self.test.roc.area
        target = self.training.objective.metric
        if self.baseline is not None and target in self.baseline.metrics:
            found[f"{target}_{Baseline.DEFAULTS}"] = self.baseline.metrics[target]
        for each in self.comparisons:
            found[f"test_accuracy_{each.baseline}"] = each.baseline_accuracy
            found[f"p_value_{each.baseline}"] = each.p_value
        return found


def _is_there(name: str, metrics: Mapping[str, float]) -> bool:
    """Returns True if the workload returned a score of the test split under another usual name."""
    return not metrics.keys().isdisjoint(_SYNONYMS[name])


def write_evaluation(path: Path, found: Evaluation) -> None:
    """Writes the evaluation.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be created: {error.strerror}") from error
    write_whole(path, orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def read_evaluation(path: Path) -> Evaluation:
    """Reads an evaluation.

    Raises:
        SweepError: it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    return read_record(path, Evaluation, newest=FORMAT)
