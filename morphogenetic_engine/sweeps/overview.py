"""One line for each sweep of a results folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.sweeps.kinds import recorded_trials
from morphogenetic_engine.sweeps.record.events import SessionEnded, SessionStarted, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder, all_sweeps
from morphogenetic_engine.sweeps.record.journal_file.lock import is_locked
from morphogenetic_engine.sweeps.record.origin import Origin
from morphogenetic_engine.sweeps.results import SweepResult, read_result


@dataclass(frozen=True)
class SweepOverview:
    """The row of a sweep in `sweep list`."""

    sweep_id: str
    sweep_type: str
    state: str
    """running, killed (no process runs it, and none said how it ended), new, or the outcome of its last session."""
    created: str
    trials: int
    complete: int
    pruned: int
    failed: int
    objective: str
    best: float | None
    best_trial: int | None


@dataclass(frozen=True)
class UnreadableSweep:
    """A sweep whose folder is damaged, or of a newer version."""

    sweep_id: str
    problem: str
    state: str = "damaged"


def overviews(results: Path) -> list[SweepOverview | UnreadableSweep]:
    """Returns the sweeps of a results folder in the order of their ids, those that cannot be read among them."""
    return [_overview(folder) for folder in all_sweeps(results)]


def _overview(folder: SweepFolder) -> SweepOverview | UnreadableSweep:
    try:
        return overview(folder)
    except MorphogeneticError as error:
        return UnreadableSweep(folder.sweep_id, str(error))


def overview(folder: SweepFolder) -> SweepOverview:
    """Returns the overview of one sweep."""
    result = read_result(folder, keep_curves=False)
    target, best = result.config.optimization.target_metric, result.best
    return SweepOverview(
        sweep_id=folder.sweep_id,
        sweep_type=result.config.sweep_type,
        state=sweep_state(folder, result),
        created=result.info.created,
        trials=recorded_trials(result.info),
        complete=result.counts[TrialState.COMPLETE],
        pruned=result.counts[TrialState.PRUNED],
        failed=result.counts[TrialState.FAILED],
        objective=target,
        best=best.metrics[target] if best else None,
        best_trial=best.number if best else None,
    )


def sweep_state(folder: SweepFolder, result: SweepResult) -> str:
    """Returns running, killed, new, on Katib (when last collected), or the outcome of the last session."""
    return state_word(result.info.origin, is_locked(folder.journal), result.sessions, result.last_end)


def state_word(
    origin: Origin | None, is_run: bool, sessions: Sequence[SessionStarted], last_end: SessionEnded | None
) -> str:
    """Returns the state of a sweep from its origin, its journal and the journal's lock."""
    if is_run:
        return "running"
    if last_end is not None:
        return last_end.outcome.value
    if origin is not None:
        return f"on {origin.system}"
    return "killed" if sessions else "new"
