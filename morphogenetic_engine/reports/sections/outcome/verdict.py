"""Section: how the best configuration compares with the baseline and the runner-up, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.reports.analysis.overtuning import Overtuning
from morphogenetic_engine.reports.analysis.verdict import BestVerdict, verdict_of
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, Section
from morphogenetic_engine.reports.sections.outcome.overtuning import OVERTUNING
from morphogenetic_engine.reports.stats.comparison import Verdict


class VerdictSection(Section[BestVerdict | None]):
    """The verdict on the best configuration; None: no trial is complete."""

    name = "verdict"
    chapter = Chapter.BEST

    def compute(self, report: Report) -> BestVerdict | None:
        return verdict_of(report.result)

    def page(self, numbers: BestVerdict | None, report: Report, *, printed: bool) -> Sequence[PagePart]:
        if numbers is None:
            return ()
        return [PagePart("parts/verdict.html", {"verdict": _words(numbers, report.of(OVERTUNING))})]


VERDICT = VerdictSection()


@dataclass(frozen=True)
class VerdictWords:
    """The verdict in sentences."""

    tone: str
    """good, warn, or empty."""
    lines: tuple[str, ...]


def _words(verdict: BestVerdict, overtuning: Overtuning | None) -> VerdictWords:
    """Returns the sentences on the evidence for the best configuration."""
    lines = [f"The evidence for trial {verdict.trial}: {verdict.evidence}."]
    if overtuning is not None and overtuning.one_seed and overtuning.candidates > 1:
        lines.append(
            f"It was chosen from {overtuning.candidates} complete trials by one seed, and the luckiest of many looks"
            " better than it is. Confirm it on fresh seeds: `sweep confirm`."
        )
    if overtuning is not None and overtuning.shrinkage is not None:
        shrinkage = overtuning.shrinkage
        lines.append(
            f"The search reported {number_text(shrinkage.search_value)} for trial {shrinkage.trial};"
            f" {shrinkage.seeds} fresh seeds gave {number_text(shrinkage.fresh_mean)} on average."
        )
    for lost in overtuning.lost_seeds if overtuning is not None else ():
        lines.append(
            f"{lost.failed} of {lost.runs} runs of trial {lost.trial} with fresh seeds failed;"
            " the mean excludes them."
        )
    if overtuning is not None and overtuning.held_out is not None and overtuning.held_out.loss > 0:
        held_out = overtuning.held_out
        lines.append(
            f"By {held_out.metric}, which the search did not use, trial {held_out.best_incumbent} was better"
            f" ({number_text(held_out.best_of_incumbents)} against {number_text(held_out.of_best)})."
        )
    compared = verdict.against_baseline or verdict.against_runner_up
    better = compared is not None and compared.verdict is Verdict.BETTER
    warned = overtuning is not None and overtuning.warning
    return VerdictWords("good" if better and not warned else "warn" if warned else "", tuple(lines))
