"""The outputs of both sweep components: the best trial, the trial table, and metrics for the Kubeflow UI."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from morphogenetic_engine.backends.katib.read.katib_record import trial_names
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.candidate import best_candidate
from morphogenetic_engine.steps.trained.markdown_tables import trials_table, write_markdown
from morphogenetic_engine.steps.trained.ui_metrics import MetricsArtifact, log_metrics
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result


class FolderArtifact(Protocol):
    """The part of kfp's `Artifact` that is used."""

    @property
    def metadata(self) -> dict[str, object]: ...


@dataclass(frozen=True)
class Places:
    """The output paths of a sweep component."""

    sweep: str
    """A results folder, for the sweep's folder."""
    trials: str
    """The trial table, CSV."""
    table: str
    """The trial table for people, Markdown."""


@dataclass(frozen=True)
class SweepOutputs:
    """The outputs besides the sweep's folder."""

    best: str
    """The best trial, as `Candidate` has it in JSON."""
    experiment: str
    """The Experiment's name; "" for a local sweep."""
    metrics: Mapping[str, float]
    """The best trial's metrics, and the number of trials in each state."""


def write_outputs(folder: SweepFolder, places: Places, *, experiment: str = "") -> SweepOutputs:
    """Copies the trial table, also writes it as Markdown, and returns the other outputs.

    Raises:
        StepFailed: no trial is complete; the table is written nevertheless.
        StoreError: the table cannot be written.
    """
    result, trials = read_result(folder), Path(places.trials)
    try:
        trials.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder.table, trials)
        write_markdown(Path(places.table), trials_table(result, trial_names(folder)))
        for lock in folder.path.glob("*.lock"):
            lock.unlink()  # the folder is complete and becomes an artifact
    except OSError as error:
        raise StoreError(f"{error.filename}: cannot be written: {error.strerror}") from error
    best = best_candidate(result)
    counts = {f"trials_{state}": float(result.counts[state]) for state in TrialState if result.counts[state]}
    shown = {"best_trial": float(best.trial), **(result.best.metrics if result.best else {}), **counts}
    return SweepOutputs(best.json_text, experiment, shown)


def log_outputs(found: SweepOutputs, folder: FolderArtifact, metrics: MetricsArtifact) -> str:
    """Shows the metrics and the name of the Experiment in the Kubeflow UI, and returns the best trial."""
    log_metrics(metrics, found.metrics)
    if found.experiment:
        folder.metadata["experiment"] = found.experiment
    return found.best
