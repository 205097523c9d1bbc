"""Computes where a trial pauses next, from its record: the reports that earlier attempts made count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord, counted_steps


@dataclass(frozen=True)
class PausePoint:
    """The report at which an attempt pauses."""

    after: int | None
    """The report at which it pauses, counted from 1 after those that are known; None: it runs to its end."""
    reported_until: int | None
    """The last step that is known; reports up to it are repeated, and not recorded again."""


def pause_point(trial: TrialRecord | None, pause_after: int | None, objectives: Sequence[str]) -> PausePoint:
    """Returns where an attempt pauses; `pause_after` counts the reports of all attempts."""
    steps = counted_steps(trial, objectives) if trial is not None else []
    return PausePoint(None if pause_after is None else pause_after - len(steps), steps[-1] if steps else None)


def reached_step(trial: TrialRecord, pause_after: int | None, objectives: Sequence[str]) -> int | None:
    """Returns the step at which a trial has to pause, if it has been reported; None: it has not, or nothing pauses.

    A process that was killed after this report and before the pause was recorded need not be repeated.
    """
    if pause_after is None or trial.state.final or trial.state is TrialState.PAUSED:
        return None
    steps = counted_steps(trial, objectives)
    return steps[pause_after - 1] if len(steps) >= pause_after else None


def pause_of_heir(
    trials: Mapping[int, TrialRecord],
    number: int,
    parent: int | None,
    pause_after: int | None,
    objectives: Sequence[str],
) -> PausePoint:
    """Returns where an attempt pauses at a trial that goes on from its parent; None: it has no parent.

    `pause_after` counts the reports of its own; steps up to the last one of its ancestors are repeated.
    """
    own = pause_point(trials.get(number), pause_after, objectives)
    while own.reported_until is None and parent is not None:
        steps = counted_steps(trials[parent], objectives)
        own, parent = PausePoint(own.after, steps[-1] if steps else None), trials[parent].parent
    return own


def root_of(number: int, trials: Mapping[int, TrialRecord]) -> int:
    """Returns the first ancestor of a trial, whose seed all that go on from it have."""
    parent = trials[number].parent
    return number if parent is None else root_of(parent, trials)
