"""The learning curve of a running trial, thinned so that it stays small however long the trial is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Point:
    """The report of a trial at one step, from the event that ends at byte `offset` of the journal."""

    step: int
    metrics: Mapping[str, float]
    offset: int


class Curve:
    """Evenly thinned reports in the order of their steps; the latest one is always kept."""

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._every = 1
        self._latest: Point | None = None

    def add(self, point: Point) -> None:
        """Adds a report; a step that was reported before means that the trial started again from there."""
        self._cut_back_to(point.step)
        if self._latest is not None:
            self._keep(self._latest)
        self._latest = point

    def since(self, offset: int) -> list[Point]:
        """Returns the points that came after a byte of the journal."""
        found = [point for point in self._points if point.offset > offset]
        if self._latest is not None and self._latest.offset > offset:
            found.append(self._latest)
        return found

    def _keep(self, point: Point) -> None:
        """Keeps one point in `every` steps; the distance doubles whenever there are too many points."""
        if self._points and point.step - self._points[-1].step < self._every:
            return
        self._points.append(point)
        if len(self._points) > MOST_POINTS:
            self._every = max(1, self._points[-1].step - self._points[0].step) * 2 // MOST_POINTS + 1
            kept: list[Point] = []
            for each in self._points:
                if not kept or each.step - kept[-1].step >= self._every:
                    kept.append(each)
            self._points = kept

    def _cut_back_to(self, step: int) -> None:
        if self._latest is not None and self._latest.step < step:
            return
        self._latest = None
        while self._points and self._points[-1].step >= step:
            self._points.pop()
