"""The report as one HTML page: no network, no storage, readable without its script.

It opens from a file and in a sandboxed frame without an origin (the Kubeflow UI's). Its content security policy allows
only its own style and script, by their hashes: a text of the sweep could not run as script even if escaping failed.
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
from morphogenetic_engine.reports.page.page_data import embedded, page_data
from morphogenetic_engine.reports.section import Chapter, PagePart, Section
from morphogenetic_engine.reports.sections.space.importance import parameter_order
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.sweeps.results import SweepResult

_KEY_WIDTH = 540
_NAME_WIDTH, _NAME_SIZE = 220, 14
"""The largest width of a column name in pixels."""
_PRINTED_WIDTH = 720
"""The largest width of a printed chart: a wider one would be scaled down together with its text."""
_CODE = re.compile("`([^`]+)`")
_SCRIPTS = ("trials", "filters", "table", "parallel", "figures", "card", "page")
_PACKAGE = "morphogenetic_engine.reports.page"
_NAMES = {
    Chapter.FINDINGS: "Findings",
    Chapter.BEST: "Best configurations",
    Chapter.PROGRESS: "Progress",
    Chapter.SPACE: "Parameters",
    Chapter.TRIALS: "All trials",
    Chapter.RUN: "Time, cost and failures",
    Chapter.AGAIN: "Reproduction",
}
"""The names of the chapters, in the navigation and as headings."""


@dataclass(frozen=True)
class Drawing:
    """One chart of a figure."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class DrawnFigure:
    """A figure as the variables of the templates."""

    id: str
    heading: str
    caption: str
    size: str
    """small, medium or wide: it decides how many charts are side by side."""
    drawings: tuple[Drawing, ...]
    left_out: str
    empty: str
    key: Markup | None
    """The colour key by itself, for the chart that the script draws."""


@dataclass(frozen=True)
class DrawnChapter:
    """A chapter of the page with everything that its sections show."""

    id: str
    name: str
    parts: tuple[Markup, ...]


@dataclass(frozen=True)
class AddedChapter:
    """A chapter about something other than the sweep, such as the pipeline; it follows the best configurations."""

    id: str
    name: str
    body: Markup
    urgent: bool = False
    """True: the chapter precedes all others."""


def page(
    result: SweepResult,
    summary: SweepSummary,
    *,
    interactive: bool = True,
    more: Sequence[AddedChapter] = (),
    heading: str = "",
) -> str:
    """Returns the page; without `interactive` it has no script, and each chart includes its colours, for print.

    The heading is the sweep's id where no other one is given.
    """
    chapters = [_chapter(summary, each, interactive=interactive) for each in Chapter]
    style, script = Markup(_style()), Markup(_script()) if interactive else None
    data = Markup(embedded(page_data(result, parameter_order(summary)))) if interactive else None
    return (
        templates(_PACKAGE)
        .get_template("report.html")
        .render(
            about=summary.identification,
            heading=heading,
            parameters=summary.parameters,
            objectives=summary.objectives,
            chapters=chapters,
            sections=_names(chapters, more),
            added=more,
            version=__version__,
            style=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script or ""),
            data=data,
        )
    )


def _chapter(summary: SweepSummary, chapter: Chapter, *, interactive: bool) -> DrawnChapter:
    parts: list[Markup] = []
    for section in summary.sections:
        if section.chapter is chapter:
            parts += _section(summary, section, interactive)
    return DrawnChapter(chapter.value, _NAMES[chapter], tuple(parts))


def _section(summary: SweepSummary, section: Section[object], interactive: bool) -> list[Markup]:
    def shown(numbers: object) -> list[Markup]:
        return [
            *(_part(each, interactive) for each in section.page(numbers, summary, printed=not interactive)),
            *(_figure(each, interactive) for each in section.figures(numbers, summary)),
        ]

    def failed(failure: str) -> list[Markup]:
        return [_part(PagePart("parts/failed_section.html", {"name": section.name, "failure": failure}), interactive)]

    return summary.show(section, shown, failed)


def _part(part: PagePart, interactive: bool) -> Markup:
    template = templates(part.package).get_template(part.template)
    return Markup(template.render(part.values, script=interactive))


def _figure(figure: Figure, interactive: bool) -> Markup:
    template = templates(_PACKAGE).get_template("parts/figure.html")
    return Markup(template.render(figure=_drawn(figure, alone=not interactive), script=interactive))


def _names(chapters: Sequence[DrawnChapter], added: Sequence[AddedChapter]) -> list[tuple[str, str]]:
    """Returns the ids and names of the chapters, in the order of the page."""
    names = [(each.id, each.name) for each in added if each.urgent]
    for chapter in chapters:
        names.append((chapter.id, chapter.name))
        if chapter.id == Chapter.BEST:
            names += [(each.id, each.name) for each in added if not each.urgent]
    return names


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
    """Returns the template environment of a package: variables are escaped, and an undefined variable is an error."""
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
    """Returns a line in which `this` is code; everything in it is escaped."""
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
