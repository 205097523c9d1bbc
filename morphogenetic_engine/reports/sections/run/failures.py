"""Section: failed trials by reason and by region of the space."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from morphogenetic_engine.reports.analysis.failed.failures import Failures, failures_of
from morphogenetic_engine.reports.drawing.number_text import p_text
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.section import PagePart, Report, Section, TerminalPart, TerminalView

_MOST_GROUPS = 8


class FailuresSection(Section[Failures]):
    """The failures of a sweep."""

    name = "failures"

    def compute(self, report: Report) -> Failures:
        return failures_of(report.result)

    def page(self, numbers: Failures, report: Report, *, printed: bool) -> Sequence[PagePart]:
        return [PagePart("parts/failures.html", {"failures": numbers})]

    def terminal(self, numbers: Failures, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        if not (numbers.failed or numbers.tried_again or numbers.left_out):
            return ()
        return [TerminalPart(f"Failures: {numbers.failed} of {numbers.ended} trials", _text(numbers))]


FAILURES = FailuresSection()


def _text(failures: Failures) -> Text:
    lines = []
    for group in failures.groups[:_MOST_GROUPS]:
        which = "trial" if len(group.trials) == 1 else "trials"
        trials = f"{which} {', '.join(map(str, group.trials[:6]))}{', ...' if len(group.trials) > 6 else ''}"
        message = f": {group.message}" if group.message else ""
        lines.append(f"{len(group.trials)} {group.reason}{message} ({trials}; {duration(group.seconds)})")
    for each in failures.regions[:_MOST_GROUPS]:
        here, there = f"{each.failed} of {each.ended}", f"{each.failed_elsewhere} of {each.ended_elsewhere}"
        place = f"{each.region.parameter} {each.region.label}"
        lines.append(f"with {place}: {here} {each.what}, elsewhere {there} ({p_text(each.p)})")
    if failures.tried_again:
        lines.append(f"{failures.tried_again} attempts failed and were retried")
    if failures.left_out:
        shown = "; ".join(map(str, failures.left_out[:_MOST_GROUPS]))
        lines.append(f"values that are not finite are left out of metrics that the file does not name ({shown})")
    return Text("\n".join(lines))
