"""The tree of errors that the package raises on purpose.

MorphogeneticError
├── ConfigError     a sweep file, an option or a parameter is wrong; the user corrects it
├── WorkloadError   the workload cannot be found, loaded or called as the trial contract says
├── SweepError      a sweep folder is missing, taken, damaged, or belongs to another configuration
├── ClusterError    a cluster cannot be reached, refuses, or has no Katib
├── StoreError      something could not be written or read: disk full, no permission, server gone
├── TrialFailed     one trial failed; carries the reason that the journal records
├── Pruned          one trial was stopped early on purpose; raised by Trial.report
└── Paused          one trial is paused and may be called again later; raised by Trial.report

The first five end a command with one line and exit status 2. The last three belong to one trial and never end a sweep.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path


class MorphogeneticError(Exception):
    """The root of the tree: catch it to catch everything that the package raises on purpose."""


class ConfigError(MorphogeneticError):
    """A sweep file, an option or a parameter is wrong. The message says where, which rule, and which value."""


class WorkloadError(MorphogeneticError):
    """The workload cannot be found, loaded or called as the trial contract says."""


class SweepError(MorphogeneticError):
    """A sweep folder is missing, taken, damaged, or belongs to another configuration."""


class StoreError(MorphogeneticError):
    """Something could not be written or read: disk full, no permission, server gone."""


class ClusterError(MorphogeneticError):
    """A cluster cannot be reached, refuses, or lacks what is asked for. The message says where and why."""


class FailureReason(StrEnum):
    """The failure reasons of a trial, as the journal, the tables and the reports write them."""

    EXCEPTION = "exception"
    TIMEOUT = "timeout"
    KILLED = "killed"
    NON_FINITE_METRIC = "non_finite_metric"
    MISSING_METRIC = "missing_metric"
    OUT_OF_GPU_MEMORY = "out_of_gpu_memory"


class TrialFailed(MorphogeneticError):
    """One trial failed; `reason` says in which way."""

    def __init__(self, message: str, *, reason: FailureReason = FailureReason.EXCEPTION) -> None:
        super().__init__(message)
        self.reason = reason


class ProgramFailed(TrialFailed):
    """The program of a trial ended with a status other than 0; its output says why."""


class Pruned(MorphogeneticError):
    """One trial was stopped early on purpose; let it pass through the workload."""


class Paused(MorphogeneticError):
    """One trial is paused: it may be called again with the same parameters, seed and folder. Let it pass through."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns "; did you mean 'x'?" for the known name nearest to `name`, or "" when none is near."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def error_line(error: BaseException) -> str:
    """Returns an exception of other people's code as one line: its type and its text."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def error_place(error: BaseException) -> str:
    """Returns " (train.py:12)", the place where an exception was raised, or "" when it was not raised."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})"
