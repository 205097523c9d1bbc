"""The temporary cost of germinations: the fall of the accuracy, and the time to recover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Recovery:
    """Means over all germinations; both are 0.0 if nothing germinated."""

    accuracy_dip: float
    """The largest fall of val_acc below its value at the germination, until it recovers or the window ends; >= 0."""
    recovery_time: float
    """Epochs from the first below that value to the first back at it, or to the end of the window."""


def recovery(val_acc: Sequence[float], germinations: Sequence[int]) -> Recovery:
    """Computes the recovery after the germinations, given by their epochs.

    The window of a germination is from the epoch after it to the next germination, or to the end. Its seed changes
    nothing before it is blended in, so the fall may begin some epochs later.
    """
    if not germinations:
        return Recovery(0.0, 0.0)
    ends = [*germinations[1:], len(val_acc) - 1]
    falls = [_fall(val_acc[start : end + 1]) for start, end in zip(germinations, ends, strict=True)]
    return Recovery(sum(dip for dip, _ in falls) / len(falls), sum(epochs for _, epochs in falls) / len(falls))


def _fall(watched: Sequence[float]) -> tuple[float, int]:
    """Returns depth and length of the first fall below the first value."""
    before = watched[0]
    below = next((epoch for epoch, accuracy in enumerate(watched) if accuracy < before), None)
    if below is None:
        return 0.0, 0
    back = next((epoch for epoch in range(below, len(watched)) if watched[epoch] >= before), len(watched))
    return before - min(watched[below:back]), back - below
