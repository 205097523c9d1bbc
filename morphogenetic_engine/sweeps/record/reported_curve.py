"""The learning curve of a trial, in a few bytes a report."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, MutableMapping
from typing import TypeAlias

Reported: TypeAlias = Mapping[str, float]

_FLOAT = {float}
_STEP_LIMIT = 2**63


class ReportedCurve(MutableMapping[int, Reported]):
    """Metrics by step; steps keep the order in which they came.

    As long as steps rise and reports name the same metrics, as nearly all do, steps and values are in arrays: a sweep
    of a million reports needs tens of megabytes instead of hundreds. Any other report turns it into a plain dictionary.
    """

    __slots__ = ("_loose", "_names", "_steps", "_values")

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._steps = array("q")
        self._values = array("d")
        self._loose: dict[int, Reported] | None = None

    def __setitem__(self, step: int, metrics: Reported) -> None:
        if self._loose is None and self._continues(step, metrics):
            self._names = self._names or tuple(metrics)
            self._steps.append(step)
            self._values.extend(metrics.values())
        else:
            self._as_dictionary()[step] = metrics

    def __getitem__(self, step: int) -> Reported:
        if self._loose is not None:
            return self._loose[step]
        if step not in self:
            raise KeyError(step)
        return self._row(bisect_left(self._steps, step))

    def __delitem__(self, step: int) -> None:
        del self._as_dictionary()[step]

    def __contains__(self, step: object) -> bool:
        if self._loose is not None:
            return step in self._loose
        if not isinstance(step, int) or not self._steps or step > self._steps[-1]:
            return False
        return self._steps[bisect_left(self._steps, step)] == step

    def __iter__(self) -> Iterator[int]:
        return iter(self._steps if self._loose is None else self._loose)

    def __len__(self) -> int:
        return len(self._steps if self._loose is None else self._loose)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)})"

    def _continues(self, step: int, metrics: Reported) -> bool:
        """Returns whether a report fits the arrays: a later step, the same metrics, numbers that keep their type."""
        last = self._steps[-1] if self._steps else -1
        fits = last < step < _STEP_LIMIT and bool(metrics) and (not self._steps or tuple(metrics) == self._names)
        return fits and set(map(type, metrics.values())) == _FLOAT

    def _row(self, place: int) -> Reported:
        width = len(self._names)
        return dict(zip(self._names, self._values[place * width : (place + 1) * width], strict=True))

    def _as_dictionary(self) -> dict[int, Reported]:
        if self._loose is None:
            self._loose = {step: self._row(place) for place, step in enumerate(self._steps)}
            self._steps, self._values = array("q"), array("d")
        return self._loose
