"""Section: signs of overtuning."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from morphogenetic_engine.reports.analysis.overtuning import Overtuning, overtuning_of
from morphogenetic_engine.reports.section import Chapter, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.sweeps.space.search_space import shown


class OvertuningSection(Section[Overtuning | None]):
    """Evidence that the best value does not generalise; None: no trial is complete."""

    name = "overtuning"
    chapter = Chapter.BEST

    def compute(self, report: Report) -> Overtuning | None:
        return overtuning_of(report.result)

    def terminal(self, numbers: Overtuning | None, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        if numbers is None or not (numbers.shrinkage or numbers.held_out or numbers.lost_seeds):
            return ()
        return [TerminalPart("Signs of overtuning", _text(numbers))]


OVERTUNING = OvertuningSection()


def _text(found: Overtuning) -> Text:
    lines = []
    if found.shrinkage is not None:
        each = found.shrinkage
        change = f"{abs(each.loss):.3g} {'less good' if each.loss > 0 else 'better'}"
        lines.append(
            f"trial {each.trial}: the search reported {shown(each.search_value)}, the mean of {each.seeds} fresh seeds"
            f" is {shown(each.fresh_mean)}, {change}"
        )
    for lost in found.lost_seeds:
        lines.append(f"trial {lost.trial}: {lost.failed} of {lost.runs} runs with fresh seeds failed")
    if found.held_out is not None:
        held = found.held_out
        known = f"{held.metric}, which the search did not use, is {shown(held.of_best)} for the best"
        earlier = f"; trial {held.best_incumbent}, the best before it, had {shown(held.best_of_incumbents)}"
        lines.append(known + (earlier if held.loss > 0 else ""))
    return Text("\n".join(lines), style="yellow" if found.warning else "")
