"""Section: parameters whose best values lie at an end of their range."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from morphogenetic_engine.reports.analysis.edges import EdgeWarning, edge_warnings
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.sweeps.space.search_space import shown


class Edges(Section[tuple[EdgeWarning, ...]]):
    """Warnings, the strong ones first."""

    name = "edges"
    chapter = Chapter.SPACE

    def compute(self, report: Report) -> tuple[EdgeWarning, ...]:
        return edge_warnings(report.result)

    def page(self, numbers: tuple[EdgeWarning, ...], report: Report, *, printed: bool) -> Sequence[PagePart]:
        return [PagePart("parts/edges.html", {"edges": numbers})] if numbers else ()

    def terminal(self, numbers: tuple[EdgeWarning, ...], report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        return [TerminalPart("Edges of the space", Text("\n".join(map(_line, numbers))))] if numbers else ()


EDGES = Edges()


def _line(edge: EdgeWarning) -> str:
    where = f"{edge.parameter}: the best value, {shown(edge.best)}, lies at its {edge.side} end ({shown(edge.bound)})"
    share = f"as in {edge.top_at_edge} of the best {edge.top_trials} trials"
    advice = "" if edge.advised is None else f"; try {shown(edge.advised)}"
    return f"{where}, {share}{advice}"
