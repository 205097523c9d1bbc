"""Selects the trials that a figure draws when there are too many to draw them all."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from morphogenetic_engine.sweeps.record.trials import TrialRecord


def thinned(trials: Sequence[TrialRecord], most: int, *, keep: Collection[int] = ()) -> list[TrialRecord]:
    """Returns at most `most` trials in their order: those whose numbers are in `keep`, and every n-th other one."""
    if len(trials) <= most:
        return list(trials)
    others = [trial for trial in trials if trial.number not in keep]
    room = max(1, most - (len(trials) - len(others)))
    stride = -(-len(others) // room)
    chosen = {trial.number for trial in others[::stride]}
    return [trial for trial in trials if trial.number in chosen or trial.number in keep]


def left_out(drawn: int, total: int) -> str:
    """Returns a note on how many trials are drawn; empty where all are."""
    if drawn >= total:
        return ""
    return f"{drawn:,} of {total:,} trials are drawn: the best ones, and an even selection of the others."
