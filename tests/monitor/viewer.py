"""A viewer of the monitor in Python: it processes messages by the same rules as page/static/store.js."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from tests.monitor.conftest import Json

Row = list[object]
Points = list[tuple[int, dict[str, float]]]


@dataclass
class Viewer:
    """A page's knowledge of a sweep."""

    journal: str = ""
    offset: int = 0
    rows: dict[int, Row] = field(default_factory=dict)
    curves: dict[int, Points] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    summary: Json = field(default_factory=dict)

    def take(self, message: Json) -> None:
        """Takes a snapshot, or changes that follow what is known."""
        if message["sweep"] is not None:
            self.rows, self.curves, self.failures = {}, {}, []
        else:
            assert (message["journal"], message["since"]) == (self.journal, self.offset)
        self.journal, self.offset = str(message["journal"]), cast(int, message["offset"])
        self.take_changes(message)

    def take_changes(self, changes: Json) -> None:
        """Takes what changed."""
        self.summary = cast(Json, changes["summary"])
        for row in cast(list[Row], changes["rows"]):
            number = cast(int, row[0])
            anew = number in self.rows and self.rows[number][2] != row[2]
            self.rows[number] = row
            if anew or row[1] != "running":
                self.curves.pop(number, None)
        for name, points in cast(dict[str, Points], changes["curves"]).items():
            curve = self.curves.setdefault(int(name), [])
            for step, metrics in points:
                while curve and curve[-1][0] >= step:
                    curve.pop()
                curve.append((step, dict(metrics)))
        self.failures += [cast(int, failure["offset"]) for failure in cast(list[Json], changes["failures"])]
