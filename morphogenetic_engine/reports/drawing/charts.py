"""Charts as data: what is drawn, in the units of its axes; nothing here knows of pixels or colours.

A `style` is the name of a role (complete, pruned, best, level-3 ...), which the palette gives a colour in each theme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from morphogenetic_engine.reports.drawing.scales import Scale

LEVELS = 7
"""How many steps a colour scale has, from the worst (0) to the best."""

Shape = Literal["dot", "tick", "cross", "diamond"]


@dataclass(frozen=True)
class Axis:
    """One axis: what it shows, in which unit or on which kind of scale."""

    name: str
    unit: str
    """Stands in brackets behind the name: s, %, log scale, higher is better ..."""
    scale: Scale

    @property
    def title(self) -> str:
        return f"{self.name} ({self.unit})"


@dataclass(frozen=True)
class Points:
    """One mark for each trial."""

    style: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    trials: tuple[int, ...]
    """Their numbers, in the order of the points."""
    shape: Shape = "dot"
    label: str = ""
    """For the legend; empty: not in it."""


@dataclass(frozen=True)
class Line:
    """A line through points, or, where it is stepped, one that keeps its value up to the next point."""

    style: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    trial: int | None = None
    stepped: bool = False
    label: str = ""


@dataclass(frozen=True)
class Band:
    """The area between two lines."""

    style: str
    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    label: str = ""


@dataclass(frozen=True)
class Boxes:
    """Rectangles: bars, cells, spans of time."""

    style: str
    left: tuple[float, ...]
    right: tuple[float, ...]
    bottom: tuple[float, ...]
    top: tuple[float, ...]
    label: str = ""


@dataclass(frozen=True)
class Intervals:
    """Horizontal whiskers, one at each y."""

    style: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    y: tuple[float, ...]
    label: str = ""


@dataclass(frozen=True)
class Rule:
    """A line across the whole chart, along the x axis at one y."""

    style: str
    y: float
    label: str = ""


@dataclass(frozen=True)
class Words:
    """Short texts centred on their places."""

    style: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    texts: tuple[str, ...]


Mark = Points | Line | Band | Boxes | Intervals | Rule | Words


@dataclass(frozen=True)
class ColourKey:
    """What the colour levels mean."""

    worst: str
    """The text at level 0."""
    best: str
    name: str
    diverging: bool = False


@dataclass(frozen=True)
class Chart:
    """Marks between two axes."""

    title: str
    description: str
    """What is to be seen, in words, for those who do not see it."""
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    width: int = 540
    height: int = 300
    key: ColourKey | None = None
    grid: bool = True


@dataclass(frozen=True)
class Thread:
    """One trial in a parallel-coordinates chart: where it crosses each axis; None: it has no such value."""

    trial: int
    values: tuple[float | None, ...]
    style: str


@dataclass(frozen=True)
class ParallelChart:
    """A vertical axis for each parameter and objective, and a line across them for each trial."""

    title: str
    description: str
    axes: tuple[Axis, ...]
    threads: tuple[Thread, ...]
    width: int = 1100
    height: int = 380
    key: ColourKey | None = None


@dataclass(frozen=True)
class Figure:
    """A numbered part of the report: one question, answered by one chart or by several side by side."""

    id: str
    heading: str
    caption: str
    """What to look at, and how to read it."""
    charts: tuple[Chart | ParallelChart, ...]
    left_out: str = ""
    """What is not drawn, where something is not."""
    empty: str = ""
    """Why there is nothing to draw; only then."""
