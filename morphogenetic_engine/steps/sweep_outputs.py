"""What both sweep components hand on: the best trial, the trial table, and metrics for the Kubeflow UI."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.candidate import best_candidate
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult


@dataclass(frozen=True)
class SweepOutputs:
    """What is handed on beside the sweep's folder."""

    best: str
    """The best trial, as `Candidate` has it in JSON."""
    metrics: Mapping[str, float]
    """The best trial's, and how many trials there are in each state."""


def write_outputs(folder: SweepFolder, result: SweepResult, trials: Path) -> SweepOutputs:
    """Copy the trial table, and return the rest.

    Raises:
        SweepError: no trial is complete; the table is written all the same.
        StoreError: the table cannot be written.
    """
    try:
        trials.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder.table, trials)
    except OSError as error:
        raise StoreError(f"{error.filename}: cannot be written: {error.strerror}") from error
    best = best_candidate(result)
    counts = {f"trials_{state}": float(result.counts[state]) for state in TrialState if result.counts[state]}
    shown = {"best_trial": float(best.trial), **(result.best.metrics if result.best else {}), **counts}
    return SweepOutputs(best.json_text, shown)
