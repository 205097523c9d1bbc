"""Renders comparisons in the terminal: a row each where that fits, else two lines each, without breaking numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.stats.comparison import Comparison, Verdict

_UNLIMITED = 100_000
_VERDICTS = {
    Verdict.BETTER: "green",
    Verdict.WORSE: "red",
    Verdict.NOT_ENOUGH_SEEDS: "yellow",
    Verdict.ONE_SEED: "yellow",
}
_TEXTS = ("", "verdict")


@dataclass(frozen=True)
class Comparisons:
    """A renderable of comparisons that adapts to the width of the console."""

    found: Sequence[Comparison]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table()
        unlimited = options.update(max_width=_UNLIMITED)
        yield table if Measurement.get(console, unlimited, table).maximum <= options.max_width else self._lines()

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for name in ("", "difference", "95 % interval", "better in", "p", "smallest p", "seeds", "verdict"):
            table.add_column(name, justify="left" if name in _TEXTS else "right", no_wrap=True)
        for each in self.found:
            single = each.verdict is Verdict.ONE_SEED
            table.add_row(
                _pair(each),
                f"{each.difference:+.4g}",
                _interval(each),
                "" if single else f"{each.probability:.0%}",
                "" if single else f"{each.corrected_p:.2g}",
                "" if single else f"{each.smallest_p:.2g}",
                _seeds(each),
                _verdict(each),
            )
        return table

    def _lines(self) -> Text:
        return Text("\n").join(line for each in self.found for line in _two_lines(each))


def _two_lines(each: Comparison) -> tuple[Text, Text]:
    parts = [f"{each.difference:+.4g}", *([f"95 % {_interval(each)}"] if _interval(each) else [])]
    if each.verdict is not Verdict.ONE_SEED:
        parts += [f"better in {each.probability:.0%}", f"p {each.corrected_p:.2g} ({each.smallest_p:.2g} at best)"]
    return Text.assemble(_pair(each), ": ", _verdict(each)), Text(f"  {', '.join(parts)}, {_seeds(each)}")


def _pair(each: Comparison) -> Text:
    return Text(f"{each.one} against {each.other}")


def _interval(each: Comparison) -> str:
    return "" if each.low is None or each.high is None else f"{each.low:+.4g} to {each.high:+.4g}"


def _seeds(each: Comparison) -> str:
    return f"{each.seeds} {'pairs' if each.paired and each.seeds != 1 else 'pair' if each.paired else 'each'}"


def _verdict(each: Comparison) -> Text:
    return Text(each.verdict.value, style=_VERDICTS.get(each.verdict, ""))
