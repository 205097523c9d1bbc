"""Renders each kind of mark as SVG, given the scales of the plot.

All points of one style are a single path, with the trials' numbers in `data-trials`: ten bytes a point, and one
element for the browser to lay out. The page's script finds the nearest point itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from morphogenetic_engine.reports.drawing.charts import (
    Band,
    Boxes,
    Intervals,
    Line,
    Mark,
    Points,
    Rule,
    Shape,
    Words,
)
from morphogenetic_engine.reports.drawing.elements import element, polyline, px, words

_MANY = 400
"""From this number of points on they are drawn smaller."""
_GLYPHS: dict[Shape, str] = {
    "dot": "h0",
    "tick": "m0-3.5v7",
    "cross": "m-3-3l6 6m0-6l-6 6",
    "diamond": "m0-5l5 5l-5 5l-5-5z",
}


@dataclass(frozen=True)
class Plane:
    """The two functions from values to pixels, and the plot's edges."""

    x: Callable[[float], float]
    y: Callable[[float], float]
    left: float
    right: float


def draw_mark(mark: Mark, plane: Plane) -> str:
    """Returns one mark as SVG."""
    match mark:
        case Points():
            return _points(mark, plane)
        case Line():
            return _line(mark, plane)
        case Band():
            upper = [(plane.x(x), plane.y(y)) for x, y in zip(mark.x, mark.high, strict=True)]
            lower = [(plane.x(x), plane.y(y)) for x, y in zip(mark.x, mark.low, strict=True)]
            return element("path", d=polyline([*upper, *reversed(lower)]) + "z", class_=f"f-{mark.style}")
        case Boxes():
            return _boxes(mark, plane)
        case Intervals():
            return _intervals(mark, plane)
        case Rule():
            y = plane.y(mark.y)
            path = polyline([(plane.left, y), (plane.right, y)])
            return element("path", d=path, class_=f"stroked rule s-{mark.style}")
        case Words():
            places = zip(mark.texts, mark.x, mark.y, strict=True)
            shown = [words(text, plane.x(x), plane.y(y) + 4, f"small middle f-{mark.style}") for text, x, y in places]
            return "".join(shown)


def glyph(shape: Shape, x: float, y: float, style: str) -> str:
    """Returns one point, for legends."""
    return element("path", d=f"M{px(x)} {px(y)}{_GLYPHS[shape]}", class_=f"stroked {shape} s-{style}")


def _points(mark: Points, plane: Plane) -> str:
    if not mark.x:
        return ""
    path = "".join(
        f"M{px(plane.x(x))} {px(plane.y(y))}{_GLYPHS[mark.shape]}" for x, y in zip(mark.x, mark.y, strict=True)
    )
    many = " many" if len(mark.x) >= _MANY else ""
    trials = ",".join(map(str, mark.trials))
    drawn = element("path", d=path, class_=f"points stroked {mark.shape}{many} s-{mark.style}", data_trials=trials)
    if mark.shape == "diamond":  # a halo separates it from the marks below
        return element("path", d=path, class_="stroked around s-paper") + drawn
    if mark.style.startswith("level"):  # without an outline the palest level is invisible on the paper
        return element("path", d=path, class_=f"stroked under{many} s-muted") + drawn
    return drawn


def _line(mark: Line, plane: Plane) -> str:
    if not mark.x:
        return ""
    places = [(plane.x(x), plane.y(y)) for x, y in zip(mark.x, mark.y, strict=True)]
    if mark.stepped:
        places = [places[0], *(corner for before, at in zip(places, places[1:]) for corner in ((at[0], before[1]), at))]
    thin = " thin" if mark.trial is not None else ""
    trial = {} if mark.trial is None else {"data_trial": str(mark.trial)}
    return element("path", d=polyline(places), class_=f"stroked line{thin} s-{mark.style}", **trial)


def _boxes(mark: Boxes, plane: Plane) -> str:
    rectangles: list[str] = []
    for left, right, bottom, top in zip(mark.left, mark.right, mark.bottom, mark.top, strict=True):
        x, y = plane.x(left), plane.y(top)
        # Edges, not sizes: adjacent boxes must round to the same edge.
        rectangles.append(f"M{px(x)} {px(y)}H{px(max(x + 0.5, plane.x(right)))}V{px(plane.y(bottom))}H{px(x)}z")
    return element("path", d="".join(rectangles), class_=f"box f-{mark.style}") if rectangles else ""


def _intervals(mark: Intervals, plane: Plane) -> str:
    paths: list[str] = []
    for low, high, y in zip(mark.low, mark.high, mark.y, strict=True):
        left, right, at = plane.x(low), plane.x(high), plane.y(y)
        paths.append(f"M{px(left)} {px(at)}H{px(right)}M{px(left)} {px(at - 4)}v8M{px(right)} {px(at - 4)}v8")
    return element("path", d="".join(paths), class_=f"stroked interval s-{mark.style}") if paths else ""


def labelled(marks: Sequence[Mark]) -> list[Mark]:
    """Returns the marks that the legend names."""
    return [mark for mark in marks if not isinstance(mark, Words) and mark.label]
