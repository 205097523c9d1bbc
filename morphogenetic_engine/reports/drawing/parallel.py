"""Renders parallel coordinates as static SVG: vertical axes, and a line across them for each trial."""

from __future__ import annotations

from morphogenetic_engine.reports.drawing.axes import SIZE
from morphogenetic_engine.reports.drawing.charts import ParallelChart, Thread
from morphogenetic_engine.reports.drawing.elements import element, polyline, px, words
from morphogenetic_engine.reports.drawing.legend import ROW, colour_key
from morphogenetic_engine.reports.drawing.scales import CategoryScale
from morphogenetic_engine.reports.drawing.text_size import shortened, text_width

_SIDE = 70.0
"""Pixels left and right of the outermost axes, for half of their titles."""
_MISSING = 16.0
"""The distance below an axis at which the line of a trial without a value passes."""


def draw_parallel(chart: ParallelChart) -> str:
    """Returns the content of the SVG element."""
    key, above = ("", 0.0) if chart.key is None else colour_key(chart.key, chart.width)
    top, bottom = above + 2 * ROW + 6, chart.height - 2 * _MISSING
    gap = (chart.width - 2 * _SIDE) / max(1, len(chart.axes) - 1)
    places = [_SIDE + index * gap for index in range(len(chart.axes))]
    threads = "".join(_thread(chart, thread, places, top, bottom) for thread in chart.threads)
    axes = "".join(_axis(chart, index, x, gap, top, bottom) for index, x in enumerate(places))
    return f"{key}{threads}{axes}"


def _thread(chart: ParallelChart, thread: Thread, places: list[float], top: float, bottom: float) -> str:
    points = [
        (x, bottom + _MISSING if value is None else bottom - axis.scale.unit(value) * (bottom - top))
        for x, value, axis in zip(places, thread.values, chart.axes, strict=True)
    ]
    return element("path", d=polyline(points), class_=f"stroked thread s-{thread.style}", data_trial=str(thread.trial))


def _axis(chart: ParallelChart, index: int, x: float, gap: float, top: float, bottom: float) -> str:
    axis = chart.axes[index]
    room = min(gap, 2 * _SIDE) - 12
    name = shortened(axis.name, room, SIZE)
    unit = shortened(f"({axis.unit})", room, 11)
    drawn = [
        element("path", d=polyline([(x, top), (x, bottom)]), class_="stroked axis s-ink"),
        words(name, x, top - 24, "titles middle f-ink", full=axis.name),
        words(unit, x, top - 10, "small middle f-muted"),
    ]
    last = index == len(chart.axes) - 1
    for tick in axis.scale.ticks(int((bottom - top) / (15 if isinstance(axis.scale, CategoryScale) else 40))):
        y = bottom - tick.place * (bottom - top)
        label = shortened(tick.label, min(gap, _SIDE) - 14, 11)
        side = "end " if last else ""
        at = x - 7 if last else x + 7
        drawn.append(element("path", d=f"M{px(x - 3)} {px(y)}h6", class_="stroked axis s-ink"))
        drawn.append(_under(label, at, y, last=last))
        drawn.append(words(label, at, y + 4, f"small {side}f-ink", full=tick.label))
    return "".join(drawn)


def _under(label: str, at: float, y: float, *, last: bool) -> str:
    """Returns a background rectangle for a label, so that lines do not cross it."""
    width = text_width(label, 11)
    return element("rect", x=at - (width if last else 0) - 1, y=y - 6, width=width + 2, height=12, class_="f-paper")
