"""The last message of an attempt: what the workload returned or raised, or what a decision said."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping
from typing import TypeAlias

from morphogenetic_engine.errors import (
    FailureReason,
    MorphogeneticError,
    Paused,
    ProgramFailed,
    Pruned,
    TrialFailed,
    error_place,
)
from morphogenetic_engine.sweeps.run.workers.worker_trial import WorkerTrial, end_by_decision
from morphogenetic_engine.trial import Metrics
from morphogenetic_engine.workload.gpu_memory import is_out_of_gpu_memory, says_out_of_gpu_memory

_LONGEST_MESSAGE = 2000
_LONGEST_PRINTED = 65_536
"""Characters of one exception's text that its traceback shows."""

EndMessage: TypeAlias = Mapping[str, object]


def completed(metrics: Metrics) -> EndMessage:
    """Returns the end of an attempt that returned its metrics."""
    return {"kind": "ended", "state": "complete", "metrics": metrics}


def ended_by(error: BaseException, output: str | None = None) -> EndMessage:
    """Returns the end of an attempt that raised an exception, and prints its traceback where it is a failure.

    `output` is the file of what the attempt printed, which says why a program failed.
    """
    if isinstance(error, Pruned):
        return {"kind": "ended", "state": "pruned", "message": one_line(str(error))}
    if not isinstance(error, Paused):
        print_traceback(error)
    return {"kind": "ended", "state": "failed", "reason": _reason(error, output), "message": error_text(error)}


def _reason(error: BaseException, output: str | None) -> FailureReason:
    reason = error.reason if isinstance(error, TrialFailed) else FailureReason.EXCEPTION
    if reason is not FailureReason.EXCEPTION:
        return reason
    printed = _end_of(output) if output is not None and isinstance(error, ProgramFailed) else ""
    no_memory = is_out_of_gpu_memory(error) or says_out_of_gpu_memory(printed)
    return FailureReason.OUT_OF_GPU_MEMORY if no_memory else reason


def _end_of(output: str) -> str:
    """Returns the last characters of a file; "" if the workload has removed it."""
    try:
        with open(output, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LONGEST_PRINTED))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def unwritable(error: OSError, trial: WorkerTrial) -> EndMessage:
    """Returns the message about a file of a trial that cannot be written."""
    place = error.filename or trial.dir
    return {"kind": "unwritable", "message": f"{place}: cannot be written: {error.strerror or error}"}


def send_end(trial: WorkerTrial, ended: EndMessage) -> None:
    """Sends the last message of an attempt; a decision to end it overrides all else."""
    if trial.verdict is not None and ended["kind"] != "unwritable":
        ended = end_by_decision(trial, trial.verdict)
    trial.close()
    more: dict[str, object] = {"left_out": trial.left_out} if trial.left_out else {}
    if trial.saved is not None:
        more["saved"] = trial.saved
    trial.send({**ended, **more})


def print_traceback(error: BaseException) -> None:
    """Prints what was raised and where; of a very long text the first part."""
    for part in traceback.format_exception(error):
        left_out = len(part) - _LONGEST_PRINTED
        cut = f"… ({left_out:,} more characters are left out)\n"
        sys.stderr.write(part if left_out <= 0 else part[:_LONGEST_PRINTED] + cut)


def error_text(error: BaseException) -> str:
    """Returns one line: what was raised, and where in the workload."""
    try:
        text = str(error)
    except Exception as mistake:  # pylint: disable=broad-exception-caught  # the workload's own __str__ runs here
        text = f"(its text cannot be made: {type(mistake).__name__})"
    if isinstance(error, MorphogeneticError):
        return one_line(text)
    return one_line(f"{type(error).__name__}: {text[:_LONGEST_MESSAGE]}")[:500] + error_place(error)


def one_line(text: str) -> str:
    """Returns a text that every carrier takes: one line of bounded length, without half characters."""
    cut = text[: _LONGEST_MESSAGE - 1] + "…" if len(text) > _LONGEST_MESSAGE else text
    return " ".join(cut.split()).encode("utf-8", "replace").decode()
