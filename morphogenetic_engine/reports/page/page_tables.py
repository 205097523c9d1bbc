"""The page's tables and lists in words: what stands in which cell, before any HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from morphogenetic_engine.reports.analysis.configurations import Configuration, Spread
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.page.page_data import metric_names
from morphogenetic_engine.reports.page.page_fitting import PAGE_WIDTH, columns_that_fit, left_out_note
from morphogenetic_engine.reports.stats.comparison import Comparison, Verdict
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.search_space import shown
from morphogenetic_engine.trial import Value

_BEST_WIDTH = PAGE_WIDTH - 190
"""Less rank, trial and time."""
STATIC_ROWS = 200
"""Rows of the trial table in a page whose script does not run."""


@dataclass(frozen=True)
class BestRow:
    """One of the best configurations, or the baseline."""

    rank: int | None
    trial: int
    baseline: bool
    cells: tuple[str, ...]
    seconds: str


@dataclass(frozen=True)
class BestTable:
    """The best configurations."""

    columns: tuple[str, ...]
    text_columns: frozenset[str]
    """The columns of words, which are aligned on the left."""
    rows: tuple[BestRow, ...]
    left_out: str


@dataclass(frozen=True)
class TrialRows:
    """The trial table without a script."""

    columns: tuple[str, ...]
    text_columns: frozenset[int]
    rows: tuple[tuple[str, ...], ...]
    left_out: str


@dataclass(frozen=True)
class VerdictWords:
    """Whether the best is better, in sentences."""

    tone: str
    """good, warn, or empty."""
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ComparisonRow:
    """One comparison in words."""

    name: str
    difference: str
    interval: str
    probability: str
    p: str
    smallest_p: str
    seeds: str
    verdict: str


def stats(summary: SweepSummary) -> list[tuple[str, str]]:
    """Return the few numbers that stand out at the top."""
    counts, cost, best = summary.counts, summary.cost, next(iter(summary.best), None)
    found: list[tuple[str, str]] = []
    if best is not None and best.value is not None:
        found.append((f"best {summary.objectives[0].metric}", number_text(best.value)))
    found.append(("complete trials", f"{counts.get('complete', 0):,} of {sum(counts.values()):,}"))
    found.extend(
        (state, f"{counts[state]:,}") for state in ("pruned", "failed", "running", "interrupted") if state in counts
    )
    found.append(("on the clock", duration(cost.wall_seconds)))
    if cost.utilisation is not None:
        found.append(("workers busy", f"{cost.utilisation:.0%}"))
    if cost.price is not None:
        found.append(("price", f"{cost.price:,.2f}"))
    return found


def verdict_words(summary: SweepSummary) -> VerdictWords | None:
    """Return what is known of whether the best is better; None without a complete trial."""
    verdict, overtuning = summary.verdict, summary.overtuning
    if verdict is None:
        return None
    lines = [f"What is known of trial {verdict.trial} rests on {verdict.evidence}."]
    if overtuning is not None and overtuning.one_seed and overtuning.candidates > 1:
        lines.append(
            f"It was chosen from {overtuning.candidates} complete trials by one seed, and the luckiest of many looks"
            " better than it is. Run it again on fresh seeds before you believe it: `sweep confirm`."
        )
    if overtuning is not None and overtuning.shrinkage is not None:
        shrinkage = overtuning.shrinkage
        lines.append(
            f"The search promised {number_text(shrinkage.search_value)} of trial {shrinkage.trial};"
            f" {shrinkage.seeds} fresh seeds gave {number_text(shrinkage.fresh_mean)} on average."
        )
    for lost in overtuning.lost_seeds if overtuning is not None else ():
        lines.append(
            f"{lost.failed} of {lost.runs} runs of trial {lost.trial} with fresh seeds failed;"
            " the mean is that of the others."
        )
    if overtuning is not None and overtuning.held_out is not None and overtuning.held_out.loss > 0:
        held_out = overtuning.held_out
        lines.append(
            f"By {held_out.metric}, which no decision saw, trial {held_out.best_incumbent} was better"
            f" ({number_text(held_out.best_of_incumbents)} against {number_text(held_out.of_best)})."
        )
    compared = verdict.against_baseline or verdict.against_runner_up
    better = compared is not None and compared.verdict is Verdict.BETTER
    warned = overtuning is not None and overtuning.warning
    return VerdictWords("good" if better and not warned else "warn" if warned else "", tuple(lines))


def comparison_rows(summary: SweepSummary) -> list[ComparisonRow]:
    """Return the comparisons of the best with the baseline and the runner-up."""
    if summary.verdict is None:
        return []
    found = (summary.verdict.against_baseline, summary.verdict.against_runner_up)
    return [_comparison(each, summary.verdict.baseline) for each in found if each is not None]


def best_table(summary: SweepSummary, order: Sequence[str], *, printed: bool = False) -> BestTable:
    """Return the best configurations with their parameters, objectives and, where there are some, means over seeds.

    A `printed` table has the columns that fit a page.
    """
    metrics = [each.metric for each in summary.objectives]
    parameters = [name for name in order if any(name in each.params for each in summary.best)]
    confirmed = any(each.confirmed for each in summary.best)
    replicated = any(each.replicates for each in summary.best)
    columns = [*metrics]
    if replicated:
        columns.append("over replicates (mean, 95 %)")
    if confirmed:
        columns.append("on fresh seeds (mean, 95 %)")
    rows = []
    for each in summary.best:
        cells = [_number(each.metrics.get(name)) for name in metrics]
        cells.extend([_spread(each.replicates)] if replicated else [])
        cells.extend([_spread(each.confirmed)] if confirmed else [])
        cells.extend(_cell(each.params.get(name)) for name in parameters)
        rows.append(BestRow(each.rank, each.trial, each.baseline, tuple(cells), number_text(each.seconds, 3)))
    words = {name for name in parameters if any(isinstance(each.params.get(name), str) for each in summary.best)}
    columns += parameters
    fitting = columns_that_fit(columns, [row.cells for row in rows], _BEST_WIDTH) if printed else len(columns)
    shown_rows = tuple(replace(row, cells=row.cells[:fitting]) for row in rows)
    return BestTable(tuple(columns[:fitting]), frozenset(words), shown_rows, left_out_note(columns[fitting:]))


def trial_rows(result: SweepResult, order: Sequence[str], *, printed: bool = False) -> TrialRows:
    """Return the trials, the best first, then those without an objective; at most STATIC_ROWS.

    A `printed` table has the columns that fit a page.
    """
    ranked = {trial.number for trial in result.ranked}
    trials = [*result.ranked, *(trial for trial in result.trials if trial.number not in ranked)]
    objectives = [each.metric for each in result.config.optimization.all_objectives]
    others = [name for name in metric_names(result) if name not in objectives]
    columns = ("trial", "state", *objectives, *order, *others, "time (s)", "seed")
    words = {
        place for place, name in enumerate(columns) if name == "state" or (name in order and _is_text(name, trials))
    }
    rows = tuple(
        (
            str(trial.number),
            f"{trial.state}: {trial.reason}" if trial.reason else trial.state.value,
            *(_number(trial.metrics.get(name)) for name in objectives),
            *(_cell(trial.params.get(name)) for name in order),
            *(_number(trial.metrics.get(name)) for name in others),
            number_text(trial.duration, 3),
            str(trial.seed),
        )
        for trial in trials[:STATIC_ROWS]
    )
    left = len(trials) - len(rows)
    note = f"The {len(rows)} best of {len(trials):,} trials; all of them are in trials.csv. " if left else ""
    fitting = columns_that_fit(columns, rows) if printed else len(columns)
    cut = tuple(row[:fitting] for row in rows)
    return TrialRows(columns[:fitting], frozenset(words), cut, (note + left_out_note(columns[fitting:])).rstrip())


def replay_lines(summary: SweepSummary) -> list[str]:
    """Return the commands that run the best configurations again, with a comment that says what each is."""
    longest = max((len(each.replay.command) for each in summary.best), default=0)
    return [f"{each.replay.command:<{longest}}  # {_place(each)}, seed {each.seed}" for each in summary.best]


def cost_facts(summary: SweepSummary) -> list[tuple[str, str]]:
    """Return what was spent."""
    cost = summary.cost
    facts = [
        ("on the clock", duration(cost.wall_seconds)),
        ("in trials, over all workers", duration(cost.trial_seconds)),
        *((f"of that in {state} trials", duration(seconds)) for state, seconds in cost.seconds_by_state.items()),
    ]
    if cost.utilisation is not None:
        facts.append(("workers busy", f"{cost.utilisation:.0%} of {duration(cost.worker_seconds)} of workers"))
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


def _place(each: Configuration) -> str:
    if each.rank is None:
        return "baseline"
    named = "best" if each.rank == 1 else f"rank {each.rank}"
    return f"{named}, baseline" if each.baseline else named


def _comparison(found: Comparison, baseline: int | None) -> ComparisonRow:
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


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.low is None or spread.high is None:
        return number_text(spread.mean)
    return f"{number_text(spread.mean)} ({number_text(spread.low)} to {number_text(spread.high)})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _cell(value: Value | None) -> str:
    return "" if value is None else shown(value)


def _is_text(name: str, trials: Sequence[TrialRecord]) -> bool:
    return any(isinstance(trial.params.get(name), str | bool) for trial in trials)
