"""Renders axes as SVG: titles, ticks whose labels do not overlap, grid lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.reports.drawing.charts import Axis
from morphogenetic_engine.reports.drawing.elements import element, polyline, words
from morphogenetic_engine.reports.drawing.scales import CategoryScale, Tick
from morphogenetic_engine.reports.drawing.text_size import shortened, text_width

SIZE = 12
_LABEL_GAP = 12.0
_LINE_HEIGHT = 15.0


@dataclass(frozen=True)
class Frame:
    """The edges of the plot in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def x(self, place: float) -> float:
        return self.left + place * (self.right - self.left)

    def y(self, place: float) -> float:
        return self.bottom - place * (self.bottom - self.top)


def vertical_ticks(axis: Axis, height: float) -> tuple[Tick, ...]:
    """Returns as many ticks as fit into that height."""
    between = _LINE_HEIGHT if isinstance(axis.scale, CategoryScale) else 42
    return axis.scale.ticks(max(2, int(height / between)))


def horizontal_ticks(axis: Axis, width: float) -> tuple[Tick, ...]:
    """Returns as many ticks as fit side by side into that width; category names are shortened for it."""
    if isinstance(axis.scale, CategoryScale):
        most = max(1, int(width / 34))
        ticks = axis.scale.ticks(most)
        slot = width / len(axis.scale.labels) * (len(axis.scale.labels) / max(1, len(ticks)))
        return tuple(Tick(tick.place, shortened(tick.label, slot - 8, SIZE)) for tick in ticks)
    for most in range(max(2, int(width / 55)), 1, -1):
        ticks = axis.scale.ticks(most)
        if _fit(ticks, width):
            return ticks
    return axis.scale.ticks(2)[:1]


def draw_vertical(axis: Axis, ticks: Sequence[Tick], frame: Frame, *, grid: bool, room: float) -> str:
    """Returns the axis on the left: its title is above it, `room` is the width available to its labels."""
    full = _full_labels(axis)
    drawn: list[str] = []
    for tick in ticks:
        y = frame.y(tick.place)
        if grid:
            drawn.append(_rule(frame.left, y, frame.right, y, "grid"))
        label = shortened(tick.label, room, SIZE)
        drawn.append(words(label, frame.left - 8, y + 4, "end f-muted", full=full.get(tick.place, "")))
    return "".join(drawn)


def draw_horizontal(axis: Axis, ticks: Sequence[Tick], frame: Frame, *, grid: bool, width: float) -> str:
    """Returns the axis below the plot, its title under the labels."""
    full = _full_labels(axis)
    drawn: list[str] = []
    for tick in ticks:
        x = frame.x(tick.place)
        if grid and not isinstance(axis.scale, CategoryScale):
            drawn.append(_rule(x, frame.top, x, frame.bottom, "grid"))
        middle = _inside(x, tick.label, width)
        drawn.append(words(tick.label, middle, frame.bottom + 17, "middle f-muted", full=full.get(tick.place, "")))
    drawn.append(_rule(frame.left, frame.bottom, frame.right, frame.bottom, "edge"))
    title = shortened(axis.title, width - 8, SIZE)
    middle = _inside((frame.left + frame.right) / 2, title, width)
    drawn.append(words(title, middle, frame.bottom + 37, "titles middle f-ink", full=axis.title))
    return "".join(drawn)


def _rule(left: float, top: float, right: float, bottom: float, style: str) -> str:
    return element("path", d=polyline([(left, top), (right, bottom)]), class_=f"stroked axis s-{style}")


def _full_labels(axis: Axis) -> dict[float, str]:
    if not isinstance(axis.scale, CategoryScale):
        return {}
    return {axis.scale.unit(index): label for index, label in enumerate(axis.scale.labels)}


def _fit(ticks: Sequence[Tick], width: float) -> bool:
    places = sorted((tick.place * width, text_width(tick.label, SIZE)) for tick in ticks)
    return all(
        one + (wide + next_wide) / 2 + _LABEL_GAP <= other
        for (one, wide), (other, next_wide) in zip(places, places[1:])
    )


def _inside(middle: float, label: str, width: float) -> float:
    half = text_width(label, SIZE) / 2
    return min(max(middle, half), width - half)
