"""What germinations cost for a while: how far accuracy fell, and how long it took to come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Recovery:
    """Means over all germinations; both 0.0 when nothing germinated."""

    accuracy_dip: float
    """Largest fall of val_acc below its value at the germination, until it is back or the watch ends; at least 0."""
    recovery_time: float
    """Epochs from the first below that value to the first back at it; to the end of the watch if it never is."""


def recovery(val_acc: Sequence[float], germinations: Sequence[int]) -> Recovery:
    """Return how the germinations, given as epochs, were landed.

    A germination is watched from the epoch after it up to the next germination, or to the end. Its seed changes
    nothing before it is blended in, so the fall may begin some epochs later.
    """
    if not germinations:
        return Recovery(0.0, 0.0)
    ends = [*germinations[1:], len(val_acc) - 1]
    falls = [_fall(val_acc[start : end + 1]) for start, end in zip(germinations, ends, strict=True)]
    return Recovery(sum(dip for dip, _ in falls) / len(falls), sum(epochs for _, epochs in falls) / len(falls))


def _fall(watched: Sequence[float]) -> tuple[float, int]:
    """Depth and length of the first fall below the first value."""
    before = watched[0]
    below = next((epoch for epoch, accuracy in enumerate(watched) if accuracy < before), None)
    if below is None:
        return 0.0, 0
    back = next((epoch for epoch in range(below, len(watched)) if watched[epoch] >= before), len(watched))
    return before - min(watched[below:back]), back - below
