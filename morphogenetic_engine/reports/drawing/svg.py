"""Renders a chart as static SVG that needs neither scripts nor a network and has a description for screen readers.

Screen readers announce the title and the description of `role="img"` (W3C, SVG-AAM), not the marks; the trial table
has the same values as text.
"""

from __future__ import annotations

from html import escape

from morphogenetic_engine.reports.drawing.axes import (
    SIZE,
    Frame,
    draw_horizontal,
    draw_vertical,
    horizontal_ticks,
    vertical_ticks,
)
from morphogenetic_engine.reports.drawing.charts import Chart, ColourKey, ParallelChart
from morphogenetic_engine.reports.drawing.elements import words
from morphogenetic_engine.reports.drawing.legend import ROW, colour_key, legend
from morphogenetic_engine.reports.drawing.marks import Plane, draw_mark
from morphogenetic_engine.reports.drawing.palette import print_rules
from morphogenetic_engine.reports.drawing.parallel import draw_parallel
from morphogenetic_engine.reports.drawing.text_size import shortened, text_width

_BELOW = 46.0
"""Pixels for the labels and the title of the x axis."""
_RIGHT = 16.0


def draw(chart: Chart | ParallelChart, name: str, *, alone: bool = False) -> str:
    """Returns a chart as an SVG element; `name` must be unique in the page, `alone` includes its style rules."""
    body = draw_parallel(chart) if isinstance(chart, ParallelChart) else _draw(chart)
    style = f"<style>{print_rules()}</style>" if alone else ""
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {chart.width} {chart.height}" '
        f'width="{chart.width}" height="{chart.height}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(chart.title)}</title><desc id="{name}-d">{escape(chart.description)}</desc>'
        f"{style}{body}</svg>"
    )


def draw_key(key: ColourKey, width: int) -> str:
    """Returns a colour key by itself, for a chart that the script of the page draws."""
    body, height = colour_key(key, width)
    box = f'viewBox="0 0 {width} {height:g}" width="{width}" height="{height:g}"'
    label = escape(f"{key.name}: {key.worst} to {key.best}")
    return f'<svg class="key" xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{label}">{body}</svg>'


def _draw(chart: Chart) -> str:
    above, height = _above(chart)
    ticks = vertical_ticks(chart.y, chart.height - height - ROW - _BELOW)
    room = min(max((text_width(tick.label, SIZE) for tick in ticks), default=0.0), chart.width * 0.36)
    frame = Frame(room + 14, height + ROW + 8, chart.width - _RIGHT, chart.height - _BELOW)
    across = horizontal_ticks(chart.x, frame.right - frame.left)
    plane = Plane(
        lambda value: frame.x(chart.x.scale.unit(value)),
        lambda value: frame.y(chart.y.scale.unit(value)),
        frame.left,
        frame.right,
    )
    title = shortened(chart.y.title, chart.width, SIZE)
    return "".join(
        [
            above,
            words(title, 0, height + 14, "titles f-ink", full=chart.y.title),
            draw_vertical(chart.y, ticks, frame, grid=chart.grid, room=room),
            draw_horizontal(chart.x, across, frame, grid=chart.grid, width=chart.width),
            *(draw_mark(mark, plane) for mark in chart.marks),
        ]
    )


def _above(chart: Chart) -> tuple[str, float]:
    names, height = legend(chart.marks, chart.width)
    if chart.key is None:
        return names, height
    key, key_height = colour_key(chart.key, chart.width)
    return f'{names}<g transform="translate(0 {height:g})">{key}</g>', height + key_height
