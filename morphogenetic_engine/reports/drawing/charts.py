"""Charts as data: marks in the units of their axes, independent of pixels and colours.

A `style` is the name of a role (complete, pruned, best, level-3 ...), which the palette maps to a colour in each theme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from morphogenetic_engine.reports.drawing.scales import Scale

LEVELS = 7
"""The number of steps of a colour scale, from the worst (0) to the best."""

Shape = Literal["dot", "tick", "cross", "diamond"]


@dataclass(frozen=True)
class Axis:
    """One axis: its name, and its unit or kind of scale."""

    name: str
    unit: str
    """Shown in brackets after the name: s, %, log scale, higher is better ..."""
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
    """The text in the legend; empty: not in the legend."""


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
    """A colour key."""

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
    """A text alternative for screen readers."""
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    width: int = 540
    height: int = 300
    key: ColourKey | None = None
    grid: bool = True


@dataclass(frozen=True)
class Thread:
    """One trial in a parallel-coordinates chart: where it crosses each axis; None where it has no value."""

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
    """A numbered figure of the report: one chart, or several side by side."""

    id: str
    heading: str
    caption: str
    """An explanation of the figure."""
    charts: tuple[Chart | ParallelChart, ...]
    left_out: str = ""
    """A note on parts that are not drawn; empty where all are."""
    empty: str = ""
    """The reason why there is nothing to draw; empty where there are charts."""
