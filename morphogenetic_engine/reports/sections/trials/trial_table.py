"""Section: the table of all trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.reports.columns.columns import metric_names
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.drawing.page_fitting import columns_that_fit, left_out_note
from morphogenetic_engine.reports.section import Chapter, NotebookCell, PagePart, Report, ViewSection
from morphogenetic_engine.reports.sections.space.importance import parameter_order
from morphogenetic_engine.reports.sections.terminal.cell_text import metric_text, value_text
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

STATIC_ROWS = 200
"""The number of rows of the trial table where the script of the page does not run."""
_NOTEBOOK = """\
# Every trial: its parameters, metrics, and its curve by step.
trials = [{"trial": trial.number, "state": trial.state, **trial.params, **trial.metrics} for trial in result.trials]
print(len(trials), "trials;", trials[0] if trials else "none yet")"""


class TrialTable(ViewSection):
    """The trials, the best first; the page's script shows all of them."""

    name = "trials"
    chapter = Chapter.TRIALS

    def page(self, numbers: None, report: Report, *, printed: bool) -> Sequence[PagePart]:
        table = trial_rows(report.result, parameter_order(report), printed=printed)
        return [PagePart("parts/trials.html", {"table": table})]

    def notebook(self, numbers: None, report: Report) -> Sequence[NotebookCell]:
        return [NotebookCell("All trials", _NOTEBOOK)]


TRIALS = TrialTable()


@dataclass(frozen=True)
class TrialRows:
    """The trial table without a script."""

    columns: tuple[str, ...]
    text_columns: frozenset[int]
    rows: tuple[tuple[str, ...], ...]
    left_out: str


def _state(trial: TrialRecord, result: SweepResult) -> str:
    if trial.number in result.ruled_out:
        return f"{trial.state}: breaks {', '.join(result.ruled_out[trial.number])}"
    return f"{trial.state}: {trial.reason}" if trial.reason else trial.state.value


def trial_rows(result: SweepResult, order: Sequence[str], *, printed: bool = False) -> TrialRows:
    """Returns the trials, the best first, then those without an objective; at most STATIC_ROWS.

    A `printed` table has only the columns that fit a page.
    """
    ranked = {trial.number for trial in result.in_order}
    trials = [*result.in_order, *(trial for trial in result.trials if trial.number not in ranked)]
    objectives = [each.metric for each in result.config.optimization.all_objectives]
    others = [name for name in metric_names(result) if name not in objectives]
    columns = ("trial", "state", *objectives, *order, *others, "time (s)", "seed")
    words = {
        place for place, name in enumerate(columns) if name == "state" or (name in order and _is_text(name, trials))
    }
    rows = tuple(
        (
            str(trial.number),
            _state(trial, result),
            *(metric_text(trial.metrics.get(name)) for name in objectives),
            *(value_text(trial.params.get(name)) for name in order),
            *(metric_text(trial.metrics.get(name)) for name in others),
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


def _is_text(name: str, trials: Sequence[TrialRecord]) -> bool:
    return any(isinstance(trial.params.get(name), str | bool) for trial in trials)
