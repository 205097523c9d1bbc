"""Section: the commands that reproduce the best configurations."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.analysis.configurations import Configuration
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, ViewSection
from morphogenetic_engine.reports.sections.outcome.best import BEST
from morphogenetic_engine.trial import text


class Reproduction(ViewSection):
    """Commands, commit, versions and hashes."""

    name = "reproduction"
    chapter = Chapter.AGAIN

    def page(self, numbers: None, report: Report, *, printed: bool) -> Sequence[PagePart]:
        fixed = {name: text(value) for name, value in report.result.config.space.fixed.items()}
        best = report.of(BEST)
        values = {"about": report.identification, "replays": _commands(best), "fixed": fixed}
        return [PagePart("parts/again.html", values)]


REPRODUCTION = Reproduction()


def _commands(best: Sequence[Configuration]) -> list[str]:
    """Returns the commands that replay the best configurations, each with a comment on rank and seed."""
    longest = max((len(each.replay.command) for each in best), default=0)
    return [f"{each.replay.command:<{longest}}  # {_place(each)}, seed {each.seed}" for each in best]


def _place(each: Configuration) -> str:
    if each.rank is None:
        return "baseline"
    named = "best" if each.rank == 1 else f"rank {each.rank}"
    return f"{named}, baseline" if each.baseline else named
