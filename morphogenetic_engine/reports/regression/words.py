"""Renders a verdict and a history as Markdown, for the summary of a CI job and the issue that an alarm opens."""

from __future__ import annotations

from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.regression.measurements import Measurements
from morphogenetic_engine.reports.regression.regression_verdict import Change, MetricVerdict, Verdict
from morphogenetic_engine.reports.regression.trend import Trend

_SIGNS = {Change.REGRESSION: "❌", Change.IMPROVEMENT: "✅", Change.UNCHANGED: "", Change.NOT_COMPARED: ""}


def headline(verdict: Verdict) -> str:
    """Returns the verdict in one line."""
    return f"{_headline(verdict)}{survivors(verdict.measurements)}"


def survivors(found: Measurements) -> str:
    """Returns a note on runs that failed and have no value; empty where none did."""
    if not found.failed:
        return ""
    return f"; {found.failed} of {len(found.seeds) + found.failed} runs with fresh seeds failed and have no value"


def _headline(verdict: Verdict) -> str:
    sweep, worse = verdict.origin.sweep_id, verdict.regressions
    if worse:
        changes = ", ".join(f"{each.metric} is worse by {_number(each.worse_by)}" for each in worse)
        return f"sweep {sweep}: regression: {changes}"
    if not verdict.compares_objectives:
        return f"sweep {sweep}: no verdict: {_why(verdict)}"
    better = [each.metric for each in verdict.metrics if each.change is Change.IMPROVEMENT]
    improved = f"; better: {', '.join(better)}" if better else ""
    return f"sweep {sweep}: no regression against sweep {verdict.reference.sweep_id}{improved}"


def verdict_markdown(verdict: Verdict) -> str:
    """Returns the verdict with its table."""
    rows = [
        "| metric | | reference | tonight | worse by | 95 % interval | tolerance | p, corrected |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
        *map(_row, verdict.metrics),
    ]
    seeds = f"{len(verdict.measurements.seeds)} seeds against {len(verdict.reference_measurements.seeds)}"
    commits = f"commit {_code(verdict.origin.git_commit)} against {_code(verdict.reference.git_commit)}"
    return "\n".join([f"### {_escaped(headline(verdict))}", "", *rows, "", f"{seeds}; {commits}.", ""])


def trend_markdown(trends: list[Trend]) -> str:
    """Returns each metric's change points over the nights."""
    rows = ["| metric | nights | changed with sweep | from | to | p |", "|---|--:|---|--:|--:|--:|"]
    for trend in trends:
        if not trend.changes:
            rows.append(f"| {_escaped(trend.metric)} | {len(trend.nights)} | never | | | |")
        for change in trend.changes:
            rows.append(
                f"| {_escaped(trend.metric)} | {len(trend.nights)} | {_escaped(change.sweep_id)} |"
                f" {_number(change.before)} | {_number(change.after)} | {_number(change.p_value)} |"
            )
    return "\n".join([*rows, ""])


def _row(each: MetricVerdict) -> str:
    change = f"{_SIGNS[each.change]} {each.change}".strip() + (f": {_escaped(each.why)}" if each.why else "")
    interval = "" if each.interval is None else f"{_number(each.interval[0])} to {_number(each.interval[1])}"
    numbers = [_number(value) for value in (each.reference, each.tonight, each.worse_by)]
    rest = [interval, _number(each.tolerance), _number(each.corrected_p)]
    return f"| {_escaped(each.metric)} | {change} | {' | '.join([*numbers, *rest])} |"


def _why(verdict: Verdict) -> str:
    return "; ".join(f"{each.metric}: {each.why}" for each in verdict.metrics if each.why)


def _number(value: float | None) -> str:
    return "" if value is None else number_text(value)


def _code(text: str | None) -> str:
    return f"`{text}`" if text else "unknown"


def _escaped(text: str) -> str:
    """Returns a text with Markdown and HTML escaped."""
    for sign in "\\`*_[]|<>#":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("@", "@\u200b")
