"""Section: pairs of parameters that interact."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from morphogenetic_engine.reports.analysis.interactions import Interaction, interactions_of
from morphogenetic_engine.reports.drawing.number_text import p_text
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, Section, TerminalPart, TerminalView

_MOST_ON_PAGE, _MOST_IN_TERMINAL = 6, 5


class Interactions(Section[tuple[Interaction, ...]]):
    """All pairs that have enough trials, the largest gain first; the significant ones are shown."""

    name = "interactions"
    chapter = Chapter.SPACE

    def compute(self, report: Report) -> tuple[Interaction, ...]:
        return interactions_of(report.result)

    def page(self, numbers: tuple[Interaction, ...], report: Report, *, printed: bool) -> Sequence[PagePart]:
        clear = [each for each in numbers if each.clear][:_MOST_ON_PAGE]
        return [PagePart("parts/interactions.html", {"interactions": clear})] if clear else ()

    def terminal(self, numbers: tuple[Interaction, ...], report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        clear = [each for each in numbers if each.clear][:_MOST_IN_TERMINAL]
        if not clear:
            return ()
        lines = [f"{each.one} and {each.other}: {each.gain:.0%} of the variance ({p_text(each.p)})" for each in clear]
        return [TerminalPart("Interactions between parameters", Text("\n".join(lines)))]


INTERACTIONS = Interactions()
