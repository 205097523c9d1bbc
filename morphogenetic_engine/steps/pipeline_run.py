"""The run of a pipeline, as its steps know it: its names, its place in the object store, and how it ended."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from morphogenetic_engine.steps.kept.kept_run import KeptRun

LONGEST_NAME = 40
"""Of an Experiment; Katib makes longer names of it."""
RUN_LABEL = "morphogenetic.dev/run"
"""On an Experiment, as label and annotation: the run of the pipeline that made it."""
_RUN_DIGITS = 8
_SUCCESS = frozenset({"SUCCEEDED", "COMPLETE", "CACHED"})
_FAILURE = frozenset({"FAILED"})


@dataclass(frozen=True)
class PipelineRun:
    """One run."""

    run_id: str
    name: str
    """Of the sweep: its file's, for people."""
    storage: str
    """Where its sweep and its report are kept: s3://bucket/folder; "": nowhere."""

    @property
    def experiment(self) -> str:
        """The name of its Experiment, if it has one."""
        return experiment_name(self.name, self.run_id)

    @cached_property
    def kept(self) -> KeptRun | None:
        """Its place in the object store.

        Raises:
            ConfigError: the run's id is no plain name.
            StoreError: the address is none, or credentials are missing.
        """
        return KeptRun(self.storage, self.run_id) if self.storage else None


class RunOutcome(StrEnum):
    """What became of a run."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "was stopped"
    """Somebody ended it, or the pod of a step was deleted."""


def outcome_of(state: str) -> RunOutcome:
    """Return what a final status of Kubeflow Pipelines means.

    The status is that of ML Metadata, which says COMPLETE or CACHED where the API says SUCCEEDED, and RUNNING where the
    run was terminated.
    """
    if state.upper() in _SUCCESS:
        return RunOutcome.SUCCEEDED
    return RunOutcome.FAILED if state.upper() in _FAILURE else RunOutcome.STOPPED


@dataclass(frozen=True)
class RunEnd:
    """How a run ended."""

    run: PipelineRun
    state: str
    """As Kubeflow Pipelines says it."""
    error: str

    @property
    def outcome(self) -> RunOutcome:
        return outcome_of(self.state)


def experiment_name(name: str, run_id: str) -> str:
    """Return the name of a run's Experiment: that of the sweep file, and eight digits of the run's id."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    stem = stem if stem[:1].isalpha() else f"sweep-{stem}".strip("-")
    return f"{stem[: LONGEST_NAME - _RUN_DIGITS - 1].strip('-')}-{_digits(run_id)}"


def _digits(run_id: str) -> str:
    """Return the first digits of a run's id, as the pages of Kubeflow show them; of another text, those of its hash."""
    begin = run_id[:_RUN_DIGITS].lower()
    if re.fullmatch(rf"[0-9a-f]{{{_RUN_DIGITS}}}", begin):
        return begin
    return hashlib.sha256(run_id.encode()).hexdigest()[:_RUN_DIGITS]
