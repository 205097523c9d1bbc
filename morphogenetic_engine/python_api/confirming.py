"""Runs a confirmation, shows a line for each run, and reads it back."""

from __future__ import annotations

import sys

from morphogenetic_engine.monitor.display.harmless import harmless
from morphogenetic_engine.python_api.confirmed_result import Confirmation
from morphogenetic_engine.python_api.result import Interrupted, Result
from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
from morphogenetic_engine.sweeps.record.events import ConfirmationEnded, Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder


def confirm_and_read(
    folder: SweepFolder, *, top: int, seeds: int, parallel: int | None, retry_failed: bool, progress: bool
) -> Confirmation:
    """Runs what is missing of a confirmation, and returns all of it.

    Raises:
        Interrupted: a signal stopped it; the same call goes on.
    """
    target = folder.read_info().config.optimization.target_metric

    def show(event: ConfirmationEnded, left: int) -> None:
        value = f"  {target}={event.metrics[target]:.6g}" if target in event.metrics else ""
        why = f"  {event.reason}: {event.message}" if event.reason else ""
        line = f"[{left} left] trial {event.trial}  seed {event.index}  {event.state}{value}{why}"
        print(harmless(line), file=sys.stderr)

    outcome = confirm_sweep(
        folder,
        top=top,
        seeds=seeds,
        parallel=parallel,
        retry_failed=retry_failed,
        observers=[show] if progress else [],
    )
    if outcome is Outcome.INTERRUPTED:
        raise Interrupted(
            f"the confirmation of {folder.sweep_id} was interrupted; the same call goes on", Result(folder)
        )
    return Confirmation(folder, top, seeds)
