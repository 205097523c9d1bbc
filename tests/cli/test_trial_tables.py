"""Tables of trials with many parameters stay readable."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from morphogenetic_engine.cli.views.summary_view import print_summary
from morphogenetic_engine.cli.views.tables import trials_table
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.sweeps import sweep, trial


def many(count: int, *, constant: int = 0) -> SweepResult:
    """A sweep with so many parameters, of which the first ones never change."""
    space = {f"p{n}": {"low": 0.0, "high": 1.0} for n in range(count)}
    trials = [
        trial(number, {f"p{n}": 0.5 if n < constant else (number + n) % 7 / 7 for n in range(count)}, number / 10)
        for number in range(6)
    ]
    return sweep(trials, space)


@pytest.mark.parametrize("width", [80, 160])
def test_a_table_of_100_parameters_shows_what_varies_and_counts_the_others(width: int) -> None:
    result = many(100, constant=60)
    text = io.StringIO()
    console = Console(file=text, width=width)
    console.print(trials_table(result, result.trials, console.width))
    lines = text.getvalue().splitlines()
    assert "p0" not in lines[0].split() and "p60" in lines[0].split() and "val_acc" in lines[0]
    assert len(lines) == 8 and max(map(len, lines)) <= width
    shown = sum(name.startswith("p") for name in lines[0].split())
    assert lines[-1].startswith(f"{100 - shown} of 100 parameters left out")


def test_a_table_that_fits_keeps_parameters_that_never_change() -> None:
    result = many(4, constant=2)
    table = trials_table(result, result.trials, 120)
    assert [column.header for column in table.columns][2:6] == ["p0", "p1", "p2", "p3"] and table.caption is None


@pytest.mark.parametrize("width", [80, 160])
def test_a_summary_of_100_parameters_says_how_many_its_table_leaves_out(width: int) -> None:
    summary = summarize(many(100, constant=60), methods=())
    text = io.StringIO()
    print_summary(Console(file=text, width=width), summary, summary.best, "Best configurations", "finished")
    table = text.getvalue().partition("Best configurations\n")[2].partition("\n\n")[0].splitlines()
    shown = len(re.findall(r"\bp\d+\b", table[0]))
    assert shown > 3 and not re.search(r"\bp[0-5]?\d\b", table[0])
    note = " ".join(" ".join(table[7:]).split())
    assert note.startswith(f"{100 - shown} of 100 parameters left out (60 have one value in all rows, ")
    assert max(map(len, table)) <= width
    assert "and 88 more parameters" in " ".join(summary.findings[0].split())
