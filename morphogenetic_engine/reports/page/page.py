"""The report as one HTML page: no network, no storage, readable without its script.

It opens from a file and in a sandboxed frame without an origin (the Kubeflow UI's). Its policy lets only its own style
and script run, by their hashes, so that nothing in a sweep's texts could, had it slipped through the escaping.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from morphogenetic_engine import __version__
from morphogenetic_engine.reports.drawing.charts import Chart, Figure, ParallelChart
from morphogenetic_engine.reports.drawing.number_text import number_text, p_text
from morphogenetic_engine.reports.drawing.palette import DARK, LIGHT, page_rules, variables
from morphogenetic_engine.reports.drawing.svg import draw, draw_key
from morphogenetic_engine.reports.drawing.text_size import shortened
from morphogenetic_engine.reports.page import page_tables
from morphogenetic_engine.reports.page.page_data import embedded, page_data
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.reports.visualizations import by_importance, figures_of
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import text

_KEY_WIDTH = 540
_NAME_WIDTH, _NAME_SIZE = 220, 14
"""How wide the name of a column may be, in pixels of letters of that size."""
_PRINTED_WIDTH = 720
"""A wide chart would be scaled down to a page, and its words with it."""
_CODE = re.compile("`([^`]+)`")
_SCRIPTS = ("trials", "filters", "table", "parallel", "figures", "card", "page")
_CHAPTERS = (
    ("progress", "How it went", ("history", "pareto", "learning-curves")),
    ("space", "What matters", ("importance", "slices", "contours", "ranks", "correlation")),
    ("trials", "All trials", ("parallel",)),
    ("run", "Time, cost and failures", ("timeline", "distribution")),
)


@dataclass(frozen=True)
class Drawing:
    """One chart of a figure."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class DrawnFigure:
    """A figure as the templates want it."""

    id: str
    heading: str
    caption: str
    size: str
    """small, medium or wide: how many stand side by side."""
    drawings: tuple[Drawing, ...]
    left_out: str
    empty: str
    key: Markup | None
    """The colour key by itself, for the picture that the script draws."""


@dataclass(frozen=True)
class Chapter:
    """A section of the page with its figures."""

    id: str
    name: str
    figures: tuple[DrawnFigure, ...]


@dataclass(frozen=True)
class Section:
    """A section with what somebody else than the sweep has to say, after the best configurations."""

    id: str
    name: str
    body: Markup
    urgent: bool = False
    """Before everything else."""


def page(result: SweepResult, summary: SweepSummary, *, interactive: bool = True, more: Sequence[Section] = ()) -> str:
    """Return the page; without `interactive` it has no script, and each chart brings its colours along, for print."""
    figures = {each.id: _drawn(each, alone=not interactive) for each in figures_of(result, summary)}
    chapters = [
        Chapter(id_, name, tuple(figures[each] for each in wanted if each in figures))
        for id_, name, wanted in _CHAPTERS
    ]
    order = by_importance(summary.importance, summary.parameters)
    style, script = Markup(_style()), Markup(_script()) if interactive else None
    return (
        templates("morphogenetic_engine.reports.page")
        .get_template("report.html")
        .render(
            summary=summary,
            about=summary.identification,
            chapters=chapters,
            sections=_sections(chapters, more),
            more=more,
            stats=page_tables.stats(summary),
            verdict=page_tables.verdict_words(summary),
            comparisons=page_tables.comparison_rows(summary),
            best=page_tables.best_table(summary, order, printed=not interactive),
            replays=page_tables.replay_lines(summary),
            table=page_tables.trial_rows(result, order, printed=not interactive),
            interactions=[each for each in summary.interactions if each.clear][:6],
            cost=page_tables.cost_facts(summary),
            fixed={name: text(value) for name, value in result.config.space.fixed.items()},
            version=__version__,
            style=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script or ""),
            data=Markup(embedded(page_data(result, order))) if interactive else None,
        )
    )


def _sections(chapters: list[Chapter], more: Sequence[Section]) -> list[tuple[str, str]]:
    named = [(chapter.id, chapter.name) for chapter in chapters]
    urgent = [(each.id, each.name) for each in more if each.urgent]
    others = [(each.id, each.name) for each in more if not each.urgent]
    return [*urgent, ("findings", "Found"), ("best", "The best"), *others, *named, ("again", "Run it again")]


def _drawn(figure: Figure, *, alone: bool) -> DrawnFigure:
    drawings = tuple(
        Drawing(chart.title, Markup(draw(_printed(chart) if alone else chart, f"{figure.id}-{number}", alone=alone)))
        for number, chart in enumerate(figure.charts)
    )
    widest = max((chart.width for chart in figure.charts), default=0)
    size = "small" if widest < 400 else "medium" if widest < 700 else "wide"
    keys = [chart.key for chart in figure.charts if isinstance(chart, ParallelChart) and chart.key is not None]
    return DrawnFigure(
        id=figure.id,
        heading=figure.heading,
        caption=figure.caption,
        size=size,
        drawings=drawings,
        left_out=figure.left_out,
        empty=figure.empty,
        key=Markup(draw_key(keys[0], _KEY_WIDTH)) if keys else None,
    )


def _printed(chart: Chart | ParallelChart) -> Chart | ParallelChart:
    return replace(chart, width=min(chart.width, _PRINTED_WIDTH))


@cache
def templates(package: str) -> Environment:
    """Return the templates of a package: what they are given is escaped, what they are not given an error."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number_text
    environment.filters["p"] = p_text
    environment.filters["short"] = _short
    environment.filters["code"] = _with_code
    return environment


def _short(name: str) -> str:
    return shortened(name, _NAME_WIDTH, _NAME_SIZE)


def _with_code(line: str) -> Markup:
    """Return a line in which `this` is code; everything in it is escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(line))))


@cache
def _style() -> str:
    light = f":root{{color-scheme:light;{variables(LIGHT)}}}"
    dark = variables(DARK)
    themes = (
        f"{light}@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
    )
    return themes + page_rules() + _template_text("styles.css")


@cache
def _script() -> str:
    parts = "\n".join(_template_text(f"scripts/{name}.js") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


def _template_text(name: str) -> str:
    return files("morphogenetic_engine.reports.page").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
