"""Section: the findings in up to five lines of text, and the key numbers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.text import Text

from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.findings import duration, findings_of
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.sections.outcome.best import BEST
from morphogenetic_engine.reports.sections.outcome.overtuning import OVERTUNING
from morphogenetic_engine.reports.sections.outcome.verdict import VERDICT
from morphogenetic_engine.reports.sections.run.cost import COST
from morphogenetic_engine.reports.sections.run.failures import FAILURES
from morphogenetic_engine.reports.sections.space.correlations import CORRELATIONS
from morphogenetic_engine.reports.sections.space.edges import EDGES
from morphogenetic_engine.reports.sections.space.importance import IMPORTANCE


class Findings(Section[tuple[str, ...]]):
    """Up to five lines of text."""

    name = "findings"
    chapter = Chapter.FINDINGS

    def compute(self, report: Report) -> tuple[str, ...]:
        importance, edges = report.of(IMPORTANCE), report.of(EDGES)
        return findings_of(
            report.result,
            verdict=report.of(VERDICT),
            overtuning=report.of(OVERTUNING),
            importance=importance,
            correlations=report.of(CORRELATIONS),
            edges=edges,
            failures=report.of(FAILURES),
            cost=report.of(COST),
        )

    def page(self, numbers: tuple[str, ...], report: Report, *, printed: bool) -> Sequence[PagePart]:
        return [PagePart("parts/findings.html", {"findings": numbers, "stats": _stats(report)})]

    def terminal(self, numbers: tuple[str, ...], report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        return [TerminalPart("", Group(*map(Text, numbers)))]


FINDINGS = Findings()


def _stats(report: Report) -> list[tuple[str, str]]:
    """Returns the key numbers at the top of the page."""
    counts, cost, listed = report.counts, report.of(COST), report.of(BEST)
    best = listed[0] if listed else None
    found: list[tuple[str, str]] = []
    if best is not None and best.value is not None:
        found.append((f"best {report.objectives[0].metric}", number_text(best.value)))
    found.append(("complete trials", f"{counts.get('complete', 0):,} of {sum(counts.values()):,}"))
    found.extend(
        (state, f"{counts[state]:,}") for state in ("pruned", "failed", "running", "interrupted") if state in counts
    )
    found.append(("on the clock", duration(cost.wall_seconds)))
    if cost.utilisation is not None:
        found.append(("workers busy", f"{cost.utilisation:.0%}"))
    if cost.price is not None:
        found.append(("price", f"{cost.price:,.2f}"))
    return found
