"""`sweep confirm`: re-evaluates the best configurations and the baseline on fresh seeds."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.cli.main import INTERRUPTED

if TYPE_CHECKING:
    from morphogenetic_engine.sweeps.record.folder import SweepFolder

_NOTHING_CONFIRMED = 1


@click.command("confirm")
@options.sweep_id
@options.results
@click.option("--top", type=options.Integer(min=1), default=3, show_default=True, help="The N best configurations.")
@click.option(
    "--seeds", type=options.Integer(min=1), default=10, show_default=True, help="Total number of fresh seeds of each."
)
@options.parallel
@click.option("--retry-failed", is_flag=True, help="Also retry failed runs.")
@options.as_json
def confirm_command(
    *, sweep_id: str, results: Path, top: int, seeds: int, parallel: int | None, retry_failed: bool, as_json: bool
) -> int:
    """Evaluate the best configurations again, on fresh seeds.

    The baseline runs too, with the same seeds. Runs that exist are not repeated; more seeds or configurations add to
    them. The best of a population is trained from the start with its schedule.
    """
    from morphogenetic_engine.cli.views import confirmation_table as table
    from morphogenetic_engine.monitor.display.terminal import terminal
    from morphogenetic_engine.sweeps.confirm.confirmation import confirmed
    from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
    from morphogenetic_engine.sweeps.record.events import Outcome
    from morphogenetic_engine.sweeps.record.folder import find_sweep
    from morphogenetic_engine.sweeps.results import read_result

    folder = find_sweep(results, sweep_id)
    observers = [] if as_json else [table.line_for_each(folder.read_info().config.optimization.target_metric)]
    outcome = confirm_sweep(
        folder, top=top, seeds=seeds, parallel=parallel, retry_failed=retry_failed, observers=observers
    )
    result = read_result(folder, keep_curves=False)
    summaries = confirmed(result, top=top, seeds=seeds)
    if as_json:
        click.echo(json.dumps(table.confirmation_json(result, summaries), indent=2))
    else:
        table.print_confirmation(terminal(), result, summaries, seeds)
    _write_page(folder, aside=as_json)
    if outcome is Outcome.INTERRUPTED:
        click.echo("interrupted: run the same command again to continue", err=True)
        return INTERRUPTED
    return 0 if any(each.values for each in summaries) else _NOTHING_CONFIRMED


def _write_page(folder: SweepFolder, *, aside: bool) -> None:
    """Rewrites the report page with the confirmation; `aside` keeps messages off standard output."""

    from morphogenetic_engine.cli.views.closing_report import write_closing_report
    from morphogenetic_engine.monitor.display.terminal import terminal

    write_closing_report(folder, terminal(stderr=True) if aside else terminal())
