"""The last message of an attempt: what the workload returned or raised, or what a decision said."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from typing import TypeAlias

from morphogenetic_engine.errors import FailureReason, MorphogeneticError, Paused, Pruned, TrialFailed, error_place
from morphogenetic_engine.sweeps.run.workers.worker_trial import WorkerTrial, end_by_decision
from morphogenetic_engine.trial import Metrics

_LONGEST_MESSAGE = 2000
_LONGEST_PRINTED = 65_536
"""Characters of one exception's text that its traceback shows."""

EndMessage: TypeAlias = Mapping[str, object]


def completed(metrics: Metrics) -> EndMessage:
    """Returns the end of an attempt that returned its metrics."""
    return {"kind": "ended", "state": "complete", "metrics": metrics}


def ended_by(error: BaseException) -> EndMessage:
    """Returns the end of an attempt that raised an exception, and prints its traceback where it is a failure."""
    if isinstance(error, Pruned):
        return {"kind": "ended", "state": "pruned", "message": one_line(str(error))}
    if not isinstance(error, Paused):
        print_traceback(error)
    reason = error.reason if isinstance(error, TrialFailed) else FailureReason.EXCEPTION
    return {"kind": "ended", "state": "failed", "reason": reason, "message": error_text(error)}


def unwritable(error: OSError, trial: WorkerTrial) -> EndMessage:
    """Returns the message about a file of a trial that cannot be written."""
    place = error.filename or trial.dir
    return {"kind": "unwritable", "message": f"{place}: cannot be written: {error.strerror or error}"}


def send_end(trial: WorkerTrial, ended: EndMessage) -> None:
    """Sends the last message of an attempt; a decision to end it overrides all else."""
    if trial.verdict is not None and ended["kind"] != "unwritable":
        ended = end_by_decision(trial, trial.verdict)
    trial.close()
    trial.send({**ended, "left_out": trial.left_out} if trial.left_out else ended)


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
