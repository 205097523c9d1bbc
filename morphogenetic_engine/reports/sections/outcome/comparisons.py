"""Section: the tests of the best configuration against the baseline and the runner-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.sections.outcome.verdict import VERDICT
from morphogenetic_engine.reports.sections.terminal.comparison_table import Comparisons
from morphogenetic_engine.reports.stats.comparison import Comparison, Verdict


class ComparisonsSection(Section[tuple[Comparison, ...]]):
    """The comparisons of the verdict, two at most."""

    name = "comparisons"
    chapter = Chapter.BEST
    in_json = False

    def compute(self, report: Report) -> tuple[Comparison, ...]:
        verdict = report.of(VERDICT)
        if verdict is None:
            return ()
        return tuple(each for each in (verdict.against_baseline, verdict.against_runner_up) if each is not None)

    def page(self, numbers: tuple[Comparison, ...], report: Report, *, printed: bool) -> Sequence[PagePart]:
        verdict = report.of(VERDICT)
        if verdict is None or not numbers:
            return ()
        rows = [_row(each, verdict.baseline) for each in numbers]
        return [PagePart("parts/comparisons.html", {"comparisons": rows})]

    def terminal(self, numbers: tuple[Comparison, ...], report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        verdict = report.of(VERDICT)
        if verdict is None or not numbers:
            return ()
        return [TerminalPart(f"Is the best really better? By {verdict.evidence}", Comparisons(numbers))]


COMPARISONS = ComparisonsSection()


@dataclass(frozen=True)
class ComparisonRow:
    """One comparison as the texts of a table row."""

    name: str
    difference: str
    interval: str
    probability: str
    p: str
    smallest_p: str
    seeds: str
    verdict: str


def _row(found: Comparison, baseline: int | None) -> ComparisonRow:
    other = f"{found.other} (baseline)" if found.other == f"trial {baseline}" else found.other
    interval = "" if found.low is None or found.high is None else f"{_signed(found.low)} to {_signed(found.high)}"
    single = found.verdict is Verdict.ONE_SEED
    seeds = f"{found.seeds} pairs" if found.paired else f"{len(found.values_one)} and {len(found.values_other)}"
    return ComparisonRow(
        f"{found.one} with {other}",
        _signed(found.difference),
        interval,
        "" if single else f"{found.probability:.0%}",
        "" if single else number_text(found.corrected_p, 2),
        "" if single else number_text(found.smallest_p, 2),
        seeds,
        found.verdict.value,
    )


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number_text(value).replace("-", "−", 1)
