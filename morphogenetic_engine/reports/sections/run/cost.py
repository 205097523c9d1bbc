"""Section: the cost of the sweep in time and money, and the savings by pruning."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.analysis.cost import LEAST_SAVED, Cost, cost_of
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.section import PagePart, Report, Section


class CostSection(Section[Cost]):
    """Time and money; the terminal shows them with the timeline."""

    name = "cost"

    def compute(self, report: Report) -> Cost:
        return cost_of(report.result, price_per_hour=report.options.price_per_hour)

    def page(self, numbers: Cost, report: Report, *, printed: bool) -> Sequence[PagePart]:
        return [PagePart("parts/run.html", {"cost": _facts(numbers)})]


COST = CostSection()
_STATE_LABELS = {"paused": "of that up to pauses at rungs", "interrupted": "of that in interrupted attempts"}


def fusing_saved(seconds: float) -> str:
    """Returns the time that training together saved, in words."""
    if seconds < LEAST_SAVED:
        return "nothing, measured against epochs trained alone"
    return f"about {duration(seconds)} of workers, measured against epochs trained alone"


def _facts(cost: Cost) -> list[tuple[str, str]]:
    """Returns the rows of the cost table."""
    facts = [
        ("on the clock", duration(cost.wall_seconds)),
        ("in trials, over all workers", duration(cost.trial_seconds)),
        *(
            (_STATE_LABELS.get(state, f"of that in {state} trials"), duration(seconds))
            for state, seconds in cost.seconds_by_state.items()
        ),
    ]
    if cost.utilisation is not None:
        facts.append(("workers busy", f"{cost.utilisation:.0%} of {duration(cost.worker_seconds)} of workers"))
    if cost.together is not None:
        at_once = cost.together
        overlap = f"{duration(cost.trial_seconds)} of trials in {duration(at_once.busy_seconds)} of busy workers"
        facts.append(
            (
                "together in a worker",
                f"up to {at_once.most} trials, {at_once.average:.1f} on average, so their times overlap: {overlap}",
            )
        )
    if cost.fusing_saved is not None:
        facts.append(("saved by fusing", fusing_saved(cost.fusing_saved)))
    if cost.median_seconds is not None:
        facts.append(("a complete trial", f"{duration(cost.median_seconds)} (median)"))
    if cost.steps:
        facts.append(("steps reported", f"{cost.steps:,}"))
    if cost.pruning is not None:
        saved = cost.pruning
        facts.append(
            ("saved by pruning", f"about {duration(saved.seconds)}, {saved.steps:,} steps ({saved.share:.0%} of all)")
        )
    if cost.confirmation_seconds:
        facts.append(("confirming on fresh seeds", duration(cost.confirmation_seconds)))
    if cost.price is not None:
        facts.append(("price", f"{cost.price:,.2f}"))
    return facts
