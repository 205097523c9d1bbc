"""The identity of a pipeline's run for its steps: names, place in the object store, and final state."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from morphogenetic_engine.steps.kept.kept_run import KeptRun

LONGEST_NAME = 40
"""The longest name of an Experiment; Katib derives longer names from it."""
RUN_LABEL = "morphogenetic.dev/run"
"""The label and annotation of an Experiment with the pipeline's run that created it."""
_RUN_DIGITS = 8
_SUCCESS = frozenset({"SUCCEEDED", "COMPLETE", "CACHED"})
_FAILURE = frozenset({"FAILED"})


@dataclass(frozen=True)
class PipelineRun:
    """One run."""

    run_id: str
    name: str
    """The display name of the sweep, from its file."""
    storage: str
    """The store of its sweep and its report: s3://bucket/folder; "": none."""

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
    """The outcome of a run."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "was stopped"
    """A user stopped it, or the pod of a step was deleted."""


def outcome_of(state: str) -> RunOutcome:
    """Converts a final status of Kubeflow Pipelines.

    The status is that of ML Metadata, which says COMPLETE or CACHED where the API says SUCCEEDED, and RUNNING where the
    run was terminated.
    """
    if state.upper() in _SUCCESS:
        return RunOutcome.SUCCEEDED
    return RunOutcome.FAILED if state.upper() in _FAILURE else RunOutcome.STOPPED


@dataclass(frozen=True)
class RunEnd:
    """The end of a run."""

    run: PipelineRun
    state: str
    """The status in the words of Kubeflow Pipelines."""
    error: str

    @property
    def outcome(self) -> RunOutcome:
        return outcome_of(self.state)


def experiment_name(name: str, run_id: str) -> str:
    """Returns the name of a run's Experiment: that of the sweep file, and eight digits of the run's id."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    stem = stem if stem[:1].isalpha() else f"sweep-{stem}".strip("-")
    return f"{stem[: LONGEST_NAME - _RUN_DIGITS - 1].strip('-')}-{_digits(run_id)}"


def _digits(run_id: str) -> str:
    """Returns the first digits of a run's id, as the pages of Kubeflow show them; of other texts, those of the hash."""
    begin = run_id[:_RUN_DIGITS].lower()
    if re.fullmatch(rf"[0-9a-f]{{{_RUN_DIGITS}}}", begin):
        return begin
    return hashlib.sha256(run_id.encode()).hexdigest()[:_RUN_DIGITS]
