"""A sweep's summary in the terminal. Every number comes from the summary; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.cli.views.bars import share_bar, sparkline
from morphogenetic_engine.cli.views.comparison_table import Comparisons
from morphogenetic_engine.cli.views.configuration_table import configuration_table, short_text
from morphogenetic_engine.reports.analysis.configurations import Configuration
from morphogenetic_engine.reports.analysis.cost import Cost
from morphogenetic_engine.reports.analysis.edges import EdgeWarning
from morphogenetic_engine.reports.analysis.failures import Failures
from morphogenetic_engine.reports.analysis.overtuning import Overtuning
from morphogenetic_engine.reports.analysis.timeline import Timeline
from morphogenetic_engine.reports.drawing.number_text import p_text
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.importance.importance import Importance
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.sweeps.space.search_space import shown

_WIDEST = 40
_INDENT = 2
_MOST_PARAMETERS = 8
_MOST_PAIRS = 5
_MOST_GROUPS = 8
_BAR = 24
_LETTERS = 20
_STOPPED = ("killed", "interrupted", "time_is_up", "aborted")


def print_summary(
    console: Console, summary: SweepSummary, trials: Sequence[Configuration], title: str, state: str
) -> None:
    """Print a summary; `trials` are the rows of its trial table, `state` is what `sweep list` says."""
    console.print(_head(summary, state))
    if state in _STOPPED:
        command = f"morphogenetic sweep resume --sweep-id {summary.identification.sweep_id}"
        console.print(Text(f"  go on with: {command}", style="yellow"), soft_wrap=True)
    for line in summary.findings:
        console.print(Padding(Text(line), (0, 0, 0, _INDENT), expand=False))
    room = console.width - _INDENT
    table = configuration_table(console, summary, trials, room)
    for heading, part in _parts(summary, table, title):
        console.print()
        console.print(Text(heading, style="bold"))
        console.print(Padding(part, (0, 0, 0, _INDENT), expand=False))


def _parts(summary: SweepSummary, trials: Table, title: str) -> Iterator[tuple[str, RenderableType]]:
    yield title, trials if trials.row_count else Text("no such trial")
    if summary.verdict is not None:
        comparisons = [summary.verdict.against_baseline, summary.verdict.against_runner_up]
        found = [each for each in comparisons if each is not None]
        if found:
            yield f"Is the best really better? By {summary.verdict.evidence}", Comparisons(found)
    if (known := summary.overtuning) is not None and (known.shrinkage or known.held_out or known.lost_seeds):
        yield "Does it hold elsewhere?", _overtuning(known)
    if len(summary.trend.points) > 1:
        yield "Trend", _trend(summary)
    for importance in summary.importance:
        yield _importance_heading(importance), _importance(importance)
    pairs = _associations(summary)
    if pairs.row_count:
        yield f"Correlation with {summary.objectives[0].metric}", pairs
    clear = [each for each in summary.interactions if each.clear][:_MOST_PAIRS]
    if clear:
        lines = [f"{each.one} and {each.other}: {each.gain:.0%} of the variance ({p_text(each.p)})" for each in clear]
        yield "Parameters that matter together", Text("\n".join(lines))
    if summary.pareto is not None:
        front = len(summary.pareto.front)
        yield f"Pareto front: {front} of {len(summary.pareto.points)} complete trials", _pareto(summary)
    if summary.edges:
        yield "Edges of the space", Text("\n".join(map(_edge, summary.edges)))
    if summary.failures.failed or summary.failures.tried_again:
        yield f"Failures: {summary.failures.failed} of {summary.failures.ended} trials", _failures(summary.failures)
    if summary.timeline.workers:
        yield "Time", _time(summary.cost, summary.timeline)


def _head(summary: SweepSummary, state: str) -> Text:
    known = summary.identification
    goals = ", ".join(f"{each.direction} {each.metric}" for each in summary.objectives)
    counts = ", ".join(f"{count} {state}" for state, count in summary.counts.items()) or "no trial"
    return Text.assemble(
        ("sweep ", "dim"),
        (known.sweep_id, "bold"),
        (f"  {known.sweep_type}  {state.replace('_', ' ')}  {counts}  {goals}", "dim"),
    )


def _overtuning(found: Overtuning) -> Text:
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
        known = f"{held.metric}, which no decision saw, is {shown(held.of_best)} for the best"
        earlier = f"; trial {held.best_incumbent}, the best before it, had {shown(held.best_of_incumbents)}"
        lines.append(known + (earlier if held.loss > 0 else ""))
    return Text("\n".join(lines), style="yellow" if found.warning else "")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), header_style="dim")


def _trend(summary: SweepSummary) -> Table:
    table = Table.grid(padding=(0, 2))
    points = summary.trend.points
    table.add_row("each trial", sparkline([point.value for point in points], _WIDEST))
    table.add_row("best so far", sparkline([point.best for point in points], _WIDEST))
    improved = len(summary.trend.improvements)
    last = summary.trend.improvements[-1]
    since = summary.trend.trials_since_improvement
    table.add_row(
        "",
        Text(
            f"improved {_counted(improved, 'time')}, last at trial {last}; {_counted(since, 'trial')} since",
            style="dim",
        ),
    )
    return table


def _importance_heading(importance: Importance) -> str:
    return f"Importance for {importance.objective} ({importance.method}, {_counted(importance.trials, 'trial')})"


def _importance(importance: Importance) -> RenderableType:
    if importance.withheld:
        return Text(importance.withheld, style="yellow")
    table = Table.grid(padding=(0, 2))
    for each in importance.parameters[:_MOST_PARAMETERS]:
        style = "cyan" if each.clear else "dim"
        table.add_row(
            Text(short_text(each.parameter, _LETTERS)),
            Text(share_bar(each.share, _BAR), style=style),
            f"{each.share:.0%}",
            Text(
                f"{f'{each.low:.0%} to {each.high:.0%}':<12}{'' if each.clear else '  no more than chance'}",
                style="dim",
            ),
        )
    more = len(importance.parameters) - _MOST_PARAMETERS
    if more > 0:
        table.add_row(Text(f"and {more} more", style="dim"))
    if importance.left_out:
        table.add_row(Text(f"not judged: {', '.join(importance.left_out)}", style="dim"))
    return table


def _associations(summary: SweepSummary) -> Table:
    table = Table.grid(padding=(0, 2))
    for each in summary.correlations.with_objective()[:_MOST_PARAMETERS]:
        if each.rank is None or each.linear is None:
            continue
        sign = "+" if each.measure == "correlation" else ""
        ranks = f"rank {each.rank:{sign}.2f}"
        linear = f"linear {each.linear:{sign}.2f}"
        name = Text(short_text(each.one, _LETTERS))
        table.add_row(name, share_bar(abs(each.rank), _BAR), ranks, linear, Text(each.measure, style="dim"))
    return table


def _pareto(summary: SweepSummary) -> Table:
    table = _table()
    assert summary.pareto is not None
    for name in ("trial", *summary.pareto.objectives):
        table.add_column(name, justify="right")
    for point in summary.pareto.front[:10]:
        table.add_row(str(point.trial), *map(shown, point.values))
    return table


def _edge(edge: EdgeWarning) -> str:
    where = f"{edge.parameter}: the best value, {shown(edge.best)}, lies at its {edge.side} end ({shown(edge.bound)})"
    share = f"so do {edge.top_at_edge} of the best {edge.top_trials}"
    advice = "" if edge.advised is None else f"; try {shown(edge.advised)}"
    return f"{where}, {share}{advice}"


def _failures(failures: Failures) -> Text:
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
        lines.append(f"{failures.tried_again} attempts failed and were tried again")
    return Text("\n".join(lines))


def _time(cost: Cost, timeline: Timeline) -> Table:
    table = Table.grid(padding=(0, 2))
    workers = len(timeline.workers)
    table.add_row("busy workers", sparkline(timeline.busy, _WIDEST, low=0, high=workers), f"of {workers}")
    states = ", ".join(f"{state} {duration(seconds)}" for state, seconds in cost.seconds_by_state.items() if seconds)
    table.add_row("trials", Text(states))
    if cost.median_seconds is not None:
        table.add_row("a complete trial", f"{duration(cost.median_seconds)} (median)")
    if cost.confirmation_seconds:
        table.add_row("confirmation", duration(cost.confirmation_seconds))
    if cost.pruning is not None:
        saved = f"{cost.pruning.steps} steps ({cost.pruning.share:.0%}), about {duration(cost.pruning.seconds)}"
        table.add_row("saved by pruning", f"{saved}, in {_counted(cost.pruning.trials, 'trial')}")
    if cost.price is not None:
        table.add_row("price", shown(cost.price))
    return table
