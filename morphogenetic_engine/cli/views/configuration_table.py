"""Configurations as a table in the terminal, as much of them as fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.cli.views.bars import sparkline
from morphogenetic_engine.reports.analysis.configurations import Configuration, Spread
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.sweeps.space.search_space import shown
from morphogenetic_engine.trial import Value

_CURVE = 16
_UNLIMITED = 100_000


@dataclass(frozen=True)
class _Detail:
    """How much a table shows."""

    digits: int
    letters: int
    """Of a name or a text; longer ones lose their middle."""
    curve: int
    """Characters of the learning curve; 0: none."""


_DETAILS = (_Detail(6, 24, _CURVE), _Detail(4, 16, _CURVE), _Detail(4, 16, 0), _Detail(3, 10, 0))


def configuration_table(console: Console, summary: SweepSummary, trials: Sequence[Configuration], room: int) -> Table:
    """Return configurations as rows: rank, parameters, objectives, spread over seeds, learning curve.

    Where they are wider than `room` characters, curves, digits and the middles of long texts are left out.
    """
    tables = [_table(summary, trials, detail) for detail in _DETAILS]
    unlimited = console.options.update(max_width=_UNLIMITED)
    fitting = (table for table in tables if console.measure(table, options=unlimited).maximum <= room)
    return next(fitting, tables[-1])


def _table(summary: SweepSummary, trials: Sequence[Configuration], detail: _Detail) -> Table:
    metrics = [each.metric for each in summary.objectives]
    seeds = any(each.replicates or each.confirmed for each in trials)
    curves = detail.curve > 0 and any(len(each.curve) > 1 for each in trials)
    remarks = any(map(_remark, trials))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("rank", "trial", *summary.parameters, *metrics, *(["over seeds"] if seeds else []), "time"):
        table.add_column(short_text(name, detail.letters), justify="right", no_wrap=True)
    if curves:
        table.add_column(f"{short_text(metrics[0], detail.letters)} by step", no_wrap=True)
    if remarks:
        table.add_column("")
    for each in trials:
        cells = [str(each.rank or ""), str(each.trial)]
        cells += [_value(each.params.get(name), detail) for name in summary.parameters]
        cells += [_value(each.metrics.get(name), detail) for name in metrics]
        cells += [_spread(each.confirmed or each.replicates, detail)] if seeds else []
        cells += [duration(each.seconds)]
        cells += [sparkline(each.curve, detail.curve)] if curves else []
        cells += [_remark(each)] if remarks else []
        table.add_row(*map(Text, cells), style="green" if each.rank == 1 else None)
    return table


def _value(value: Value | None, detail: _Detail) -> str:
    if value is None:
        return ""
    return f"{value:.{detail.digits}g}" if isinstance(value, float) else short_text(shown(value), detail.letters)


def short_text(text: str, letters: int) -> str:
    """Return a text, or as many letters of its two ends; names that differ tend to differ at an end."""
    if len(text) <= letters:
        return text
    head = letters // 2
    return f"{text[:head]}…{text[head + 1 - letters :]}"


def _spread(spread: Spread | None, detail: _Detail) -> str:
    if spread is None:
        return ""
    deviation = "" if spread.deviation is None else f" ± {spread.deviation:.2g}"
    return f"{_value(spread.mean, detail)}{deviation} ({len(spread.values)})"


def _remark(each: Configuration) -> str:
    state = "" if each.state == "complete" else each.state
    return "  ".join(part for part in ("baseline" if each.baseline else "", state) if part)
