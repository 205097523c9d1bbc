"""Configurations as a table in the terminal: the columns that fit, and a line about those left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.analysis.configurations import Configuration, Spread
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.sections.terminal.bars import sparkline
from morphogenetic_engine.reports.sections.terminal.cell_text import short_text
from morphogenetic_engine.sweeps.space.search_space import shown
from morphogenetic_engine.trial import Value

_CURVE = 16
_UNLIMITED = 100_000


@dataclass(frozen=True)
class _Detail:
    """The level of detail of a table."""

    digits: int
    letters: int
    """The length of a name or a text; longer ones are shortened in the middle."""
    curve: int
    """The width of the learning curve in characters; 0: none."""


_NARROWEST = 3
"""The characters of the narrowest column, with those between it and the next."""
_DETAILS = (_Detail(6, 24, _CURVE), _Detail(4, 16, _CURVE), _Detail(4, 16, 0), _Detail(3, 10, 0))


@dataclass(frozen=True)
class _Columns:
    """The parameters that a table shows, and how many it leaves out."""

    shown: Sequence[str]
    constant: int = 0
    """The number left out because they have one value in all rows."""
    too_wide: int = 0
    """The number left out because there is no room."""


def configuration_table(
    console: Console,
    parameters: Sequence[str],
    order: Sequence[str],
    metrics: Sequence[str],
    trials: Sequence[Configuration],
    room: int,
) -> RenderableType:
    """Returns configurations as rows: rank, parameters, objectives, spread over seeds, learning curve.

    Where they are wider than `room` characters, curves, digits and the middles of long texts are left out; then the
    parameters that have one value in all rows; then the parameters that come last in `order`.
    """
    if not trials:
        return Text("no such trial")

    def fits(table: Table) -> bool:
        unlimited = console.options.update(max_width=_UNLIMITED)
        return console.measure(table, options=unlimited).maximum <= room

    def may_fit(some: Sequence[str]) -> bool:
        """Returns False if there is not even room for columns of one letter, which takes long to measure."""
        return (len(some) + len(metrics)) * _NARROWEST <= room

    for detail in _DETAILS if may_fit(parameters) else ():
        if fits(table := _table(parameters, metrics, trials, detail)):
            return table
    columns = _fewer(
        parameters, order, trials, lambda some: may_fit(some) and fits(_table(some, metrics, trials, _DETAILS[-1]))
    )
    # The remaining columns may have room for more digits and letters.
    tables = (_table(columns.shown, metrics, trials, detail) for detail in _DETAILS)
    table = next(filter(fits, tables), _table(columns.shown, metrics, trials, _DETAILS[-1]))
    return Group(table, Text(_left_out(columns, len(parameters)), style="dim"))


def _left_out(columns: _Columns, total: int) -> str:
    reasons = []
    if columns.constant:
        reasons.append(f"{columns.constant} {'has' if columns.constant == 1 else 'have'} one value in all rows")
    if columns.too_wide:
        reasons.append(f"{columns.too_wide} {'does' if columns.too_wide == 1 else 'do'} not fit")
    left = total - len(columns.shown)
    return f"{left} of {total} parameters left out ({', '.join(reasons)}); --json shows all"


def _fewer(
    parameters: Sequence[str],
    order: Sequence[str],
    trials: Sequence[Configuration],
    fits: Callable[[Sequence[str]], bool],
) -> _Columns:
    """Returns the parameters that vary among the rows, as many as fit, in their own order."""
    varying = [name for name in parameters if len(trials) < 2 or len({each.params.get(name) for each in trials}) > 1]
    constant = len(parameters) - len(varying)
    ranked = [name for name in order if name in varying]
    low, high = 0, len(ranked)  # the number that fits, and the most that can fit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(ranked[:middle]) else (low, middle - 1)
    kept = set(ranked[:low])
    return _Columns([name for name in varying if name in kept], constant, len(varying) - low)


def _table(
    parameters: Sequence[str], metrics: Sequence[str], trials: Sequence[Configuration], detail: _Detail
) -> Table:
    seeds = any(each.replicates or each.confirmed for each in trials)
    curves = detail.curve > 0 and any(len(each.curve) > 1 for each in trials)
    remarks = any(map(_remark, trials))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("rank", "trial", *parameters, *metrics, *(["over seeds"] if seeds else []), "time"):
        table.add_column(short_text(name, detail.letters), justify="right", no_wrap=True)
    if curves:
        table.add_column(f"{short_text(metrics[0], detail.letters)} by step", no_wrap=True)
    if remarks:
        table.add_column("")
    for each in trials:
        cells = [str(each.rank or ""), str(each.trial)]
        cells += [_value(each.params.get(name), detail) for name in parameters]
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


def _spread(spread: Spread | None, detail: _Detail) -> str:
    if spread is None:
        return ""
    deviation = "" if spread.deviation is None else f" ± {spread.deviation:.2g}"
    return f"{_value(spread.mean, detail)}{deviation} ({len(spread.values)})"


def _remark(each: Configuration) -> str:
    state = "" if each.state == "complete" else each.state
    return "  ".join(part for part in ("baseline" if each.baseline else "", state) if part)
