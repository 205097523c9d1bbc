"""The colours of the report by their roles, in each theme, and the style rules of charts.

Series come from Okabe and Ito's palette (2008), darkened or lightened to a contrast of 3:1 with the background; colour
levels are viridis; both are safe for all kinds of colour vision. Text has at least 4.5:1 (WCAG 2.2 AA).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from morphogenetic_engine.reports.drawing.charts import LEVELS

_VIRIDIS = ("#fde725", "#90d743", "#35b779", "#21918c", "#31688e", "#443983", "#440154")
_LEVEL_NAMES = tuple(f"level-{level}" for level in range(LEVELS))
_DIVERGING_NAMES = tuple(f"diverging-{step}" for step in range(9))

LIGHT: Mapping[str, str] = {
    "paper": "#fcfcfa",
    "raised": "#ffffff",
    "sunken": "#f3f3ef",
    "ink": "#1b1f24",
    "muted": "#59616b",
    "edge": "#d8d9d4",
    "grid": "#e9e9e4",
    "link": "#0a5c9e",
    "complete": "#0072b2",
    "paused": "#2f8f83",
    "pruned": "#8a6d9e",
    "failed": "#c0392b",
    "interrupted": "#8b8f96",
    "running": "#8b8f96",
    "best": "#b34700",
    "baseline": "#007a5a",
    "faint": "#a9b8c6",
    "area": "#cfe0ec",
    "good": "#0a6b4d",
    "warn": "#8a4b00",
    **dict(zip(_LEVEL_NAMES, _VIRIDIS, strict=True)),
    **dict(
        zip(
            _DIVERGING_NAMES,
            ("#a6480b", "#cf7a3c", "#e7b084", "#f4dcc8", "#f1f1ee", "#cfe0ec", "#93bfdc", "#4a93c3", "#0b62a0"),
            strict=True,
        )
    ),
}
DARK: Mapping[str, str] = {
    "paper": "#14171a",
    "raised": "#1b1f23",
    "sunken": "#20252a",
    "ink": "#e8e9e6",
    "muted": "#a3abb3",
    "edge": "#3a4148",
    "grid": "#282e34",
    "link": "#7cbcf0",
    "complete": "#56b4e9",
    "paused": "#5cc2b5",
    "pruned": "#b89acb",
    "failed": "#f08070",
    "interrupted": "#878e96",
    "running": "#878e96",
    "best": "#f5a04c",
    "baseline": "#3fc79a",
    "faint": "#4d5a66",
    "area": "#22394a",
    "good": "#5fd3a8",
    "warn": "#f2b266",
    **dict(zip(_LEVEL_NAMES, reversed(_VIRIDIS), strict=True)),
    **dict(
        zip(
            _DIVERGING_NAMES,
            ("#f09a55", "#93561f", "#744a2c", "#4a3a30", "#2a2f34", "#25414f", "#255a7d", "#2a6a97", "#6cc0f5"),
            strict=True,
        )
    ),
}

_SHAPES = """
.chart text,.key text{font-family:var(--sans);font-size:12px}
.stroked{fill:none;stroke-linecap:round;stroke-linejoin:round}
.dot{stroke-width:6.5}.dot.many{stroke-width:4}
.under{stroke-width:8.5}.under.many{stroke-width:5.5}
.tick,.cross,.diamond{stroke-width:1.7}
.line{stroke-width:1.8}.line.thin{stroke-width:1.1}
.around{stroke-width:5}.box{shape-rendering:crispEdges}
.thread{stroke-width:1.2}.interval{stroke-width:1.6}.axis{stroke-width:1}
.rule{stroke-width:1.3;stroke-dasharray:5 4}
.titles{font-weight:600}.small{font-size:11px}
.middle{text-anchor:middle}.end{text-anchor:end}
"""


def variables(theme: Mapping[str, str]) -> str:
    """Returns a theme as CSS custom properties."""
    return "".join(f"--{role}:{colour};" for role, colour in theme.items())


def page_rules() -> str:
    """Returns the style rules of all charts, with the colours as custom properties of the page's theme."""
    return _SHAPES + _role_rules(lambda role: f"var(--{role})")


def print_rules() -> str:
    """Returns the style rules of a standalone chart on white: literal colours, no custom properties."""
    return _SHAPES.replace("var(--sans)", "'Liberation Sans',Arial,sans-serif") + _role_rules(LIGHT.__getitem__)


def _role_rules(colour: Callable[[str], str]) -> str:
    return "".join(f".s-{role}{{stroke:{colour(role)}}}.f-{role}{{fill:{colour(role)}}}" for role in LIGHT)
