"""Shows the result of `sweep replay`: a row for each strategy, medians over its seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.search.simulation import Replayed

Rows = Mapping[str, Sequence[Replayed]]
_SHARES = (0.1, 0.25, 0.5)
"""The shares of the recorded steps after which the best value so far is shown."""


def print_replays(console: Console, result: SweepResult, rows: Rows) -> None:
    """Prints the table with its legend."""
    recorded = next(iter(rows.values()))[0]
    console.print(replays_table(result.config.optimization.target_metric, rows))
    for line in (
        f"best recorded: {result.config.optimization.target_metric}={recorded.goal:.6g}"
        f" among {len(recorded.steps)} trials of {sum(recorded.steps)} steps",
        "medians over the seeds; every result is a recorded one: the trial nearest to each suggestion, each once",
    ):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def replays_table(metric: str, rows: Rows) -> Table:
    """Returns the strategies as rows."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    columns = ["search", "seeds", "trials to the best", "steps to the best", "best missed"]
    for name in (*columns, *(f"{metric} at {share:.0%} of steps" for share in _SHARES)):
        table.add_column(name, justify="left" if name == "search" else "right", overflow="fold")
    for name, replays in rows.items():
        numbers = replay_numbers(replays)
        reached = [_shown(numbers["trials_to_best"]), _shown(numbers["steps_to_best"])]
        values = [_shown(numbers[_key(share)]) for share in _SHARES]
        table.add_row(name, str(len(replays)), *reached, _missed(replays), *values)
    return table


def replay_json(rows: Rows) -> list[dict[str, object]]:
    """Returns the same numbers as plain values for JSON."""
    return [
        {
            "search": name,
            "seeds": len(replays),
            **replay_numbers(replays),
            "best_missed": sum(each.reached is None for each in replays),
        }
        for name, replays in rows.items()
    ]


def replay_numbers(replays: Sequence[Replayed]) -> dict[str, float | None]:
    """Returns the medians over seeds; None: at least half of them did not reach the goal or have no value."""
    total = sum(max(replays, key=lambda each: sum(each.steps)).steps)
    return {
        "trials_to_best": _median([each.reached for each in replays], missing=[math.inf]),
        "steps_to_best": _median([each.steps_until_best for each in replays], missing=[math.inf]),
        **{_key(share): _median([each.best_after(int(share * total)) for each in replays]) for share in _SHARES},
    }


def _key(share: float) -> str:
    return f"best_at_{share:.0%}".replace("%", "_percent_of_steps")


def _median(values: Sequence[float | None], *, missing: Sequence[float] = ()) -> float | None:
    """Returns the median; a missing value counts as `missing` if that is given."""
    known = [value for value in values if value is not None]
    absent = len(values) - len(known)
    return None if len(known) <= absent else statistics.median_low([*known, *absent * list(missing)])


def _missed(replays: Sequence[Replayed]) -> str:
    missed = sum(each.reached is None for each in replays)
    return f"{missed} of {len(replays)}" if missed else ""


def _shown(value: float | None) -> str:
    return "never" if value is None else f"{value:.6g}"
