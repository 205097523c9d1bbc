"""Shared by all commands that run a sweep: displays it, prints where the results are, returns the exit status."""

from __future__ import annotations

from contextlib import ExitStack

from rich.console import Console

from morphogenetic_engine.cli.commands.monitor import served
from morphogenetic_engine.cli.main import INTERRUPTED
from morphogenetic_engine.cli.options import DEFAULT_RESULTS
from morphogenetic_engine.cli.views.closing_report import write_closing_report
from morphogenetic_engine.cli.views.tables import trials_table
from morphogenetic_engine.monitor.beside import Serving
from morphogenetic_engine.monitor.display.progress import SweepProgress
from morphogenetic_engine.monitor.display.terminal import display, terminal
from morphogenetic_engine.sinks.destinations import followed
from morphogenetic_engine.sweeps.kinds import recorded_trials
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep

TOP = 10
NO_COMPLETE_TRIAL = 1
_MOST_NAMES = 4
"""The number of metrics with values that were left out that are named at a sweep's end."""


def run_and_show(folder: SweepFolder, *, retry_failed: bool = False, serving: Serving | None = None) -> int:
    """Runs a sweep to its end, with a monitor if requested, and returns the exit status."""
    console = terminal()
    before = read_result(folder, keep_curves=False)
    progress = SweepProgress(before, recorded_trials(before.info))
    console.print(f"sweep {folder.sweep_id} in {folder.path}", highlight=False, soft_wrap=True)
    warnings: list[str] = []
    with ExitStack() as stack:
        stack.enter_context(served(folder, serving, console, warn=warnings.append))
        stack.enter_context(followed(folder, before.config, warn=warnings.append))
        observer = stack.enter_context(display(progress, console))
        outcome = run_sweep(folder, observers=[observer], retry_failed=retry_failed)
    result = read_result(folder)
    show_end(console, folder, result)
    write_closing_report(folder, console)
    for warning in warnings:
        console.print(f"warning: {warning}", highlight=False, markup=False, soft_wrap=True)
    if outcome is Outcome.INTERRUPTED:
        return INTERRUPTED
    return 0 if result.counts[TrialState.COMPLETE] else NO_COMPLETE_TRIAL


def show_end(console: Console, folder: SweepFolder, result: SweepResult) -> None:
    """Prints the best trials, the outcome, and the paths of the results."""
    several = len(result.config.optimization.all_objectives) > 1
    best = result.pareto_front if several else result.ranked[:TOP]
    if best:
        console.print(trials_table(result, best, console.width))
    lines = [_ending(result), *_search_lines(result), *filter(None, [result.ruling_out])]
    if several:
        lines.append(f"Pareto front: {len(best)} trials that no other one beats in all objectives")
    elif best:
        metric = result.config.optimization.target_metric
        found = result.config.space.describe(best[0].params)
        lines.append(f"best: trial {best[0].number}  {metric}={best[0].metrics[metric]:.6g}  {found}")
    lines += _notes(result)
    if result.outcome in {Outcome.INTERRUPTED, Outcome.TIME_IS_UP, None} and result.info.origin is None:
        lines.append(f"continue with: morphogenetic sweep resume {_options(folder)}")
    lines.append(f"results: {folder.table}")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _search_lines(result: SweepResult) -> list[str]:
    """Returns notes on the search: the rule of the sampler `auto`, and the steps saved by pruning."""
    rule, saved = result.info.rule, result.steps_saved_by_pruning
    lines = [f"auto: {rule}"] if rule else []
    if saved:
        lines.append(f"pruning saved about {saved} of {saved + result.steps} steps")
    return lines


def _notes(result: SweepResult) -> list[str]:
    """Returns warnings about the workload: late reports, decisions that it caught."""
    notes = []
    if result.info.origin is None and result.last_end is not None and result.outcome is not Outcome.ABORTED:
        notes += [f"note: {result.last_end.message}"] if result.last_end.message else []
    caught = [trial.number for trial in result.trials if "caught Pruned" in trial.message]
    if caught:
        notes.append(
            f"note: the workload caught Pruned in {len(caught)} trials, first in trial {caught[0]}: let it pass"
        )
    # pylint: disable-next=import-outside-toplevel  # what it analyses with takes long to import
    from morphogenetic_engine.reports.analysis.failed.failures import left_out_of

    left_out = left_out_of(result)
    if left_out:
        names = "; ".join(map(str, left_out[:_MOST_NAMES]))
        notes.append(f"note: values that are not finite are left out of metrics that the file does not name ({names})")
    return notes


def _ending(result: SweepResult) -> str:
    counts = [f"{result.counts[state]} {state}" for state in TrialState if result.counts[state]]
    unended = f"goes on on {result.info.origin.system}" if result.info.origin else "killed"
    ended = result.outcome.replace("_", " ") if result.outcome else unended
    why = f" ({result.last_end.message})" if result.outcome is Outcome.ABORTED and result.last_end else ""
    return f"{ended}: {', '.join(counts) or 'no trial started'} of {recorded_trials(result.info)} trials{why}"


def _options(folder: SweepFolder) -> str:
    results = folder.path.parent
    elsewhere = "" if results == DEFAULT_RESULTS else f" --results {results}"
    return f"--sweep-id {folder.sweep_id}{elsewhere}"
