"""`morphogenetic report ...`, and the same as `python -m morphogenetic_engine.cli.reports ...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.cli.experiment_reports import ExperimentReports
from morphogenetic_engine.cli.main import run
from morphogenetic_engine.reports.export import WRITERS

_fanova = click.option("--fanova", is_flag=True, help="Importance by fANOVA too, which takes seconds.")
_price = click.option(
    "--price",
    type=options.Number(min=0),
    callback=options.finite,
    metavar="AMOUNT",
    help="The price of one worker per hour, for the cost.",
)


@click.group("report", context_settings={"help_option_names": ["-h", "--help"]})
def report() -> None:
    """Summarise, compare and export sweeps."""


@report.command("summary")
@options.sweep_id
@options.results
@click.option("--top", type=options.Integer(min=1), default=10, show_default=True, help="Rows of the trial table.")
@click.option("--where", metavar="CONDITION", help="Only these trials: 'lr<0.01 and kind in (relu, tanh)'.")
@click.option("--sort", metavar="NAME", help="Order by a parameter or metric; objectives the best first.")
@click.option("--reverse", is_flag=True, help="Reverse the order of --sort.")
@_fanova
@_price
@options.as_json
def summary_command(*, sweep_id: str, results: Path, **given: object) -> None:
    """Show the results of a sweep, finished or running."""
    ExperimentReports(results).show_sweep_summary(sweep_id, **given)  # type: ignore[arg-type]  # as click read them


@report.command("compare")
@click.argument("names", nargs=-1, required=True, metavar="SWEEP[:TRIAL] SWEEP[:TRIAL] ...")
@options.results
@click.option("--metric", metavar="NAME", help="Compare this metric.  [default: the first sweep's objective]")
@click.option(
    "--tolerance",
    type=options.Number(min=0),
    callback=options.finite,
    default=0.0,
    help="Differences up to this count as equal.",
)
@click.option(
    "--direction",
    type=click.Choice(["maximize", "minimize"]),
    help="The direction of a metric that is not an objective.  [default: by its name]",
)
@options.as_json
def compare_command(*, names: Sequence[str], results: Path, **given: object) -> None:
    """Compare sweeps by their best configurations, or trials.

    Each is ID, ID:7, ID:best or ID:baseline.
    """
    ExperimentReports(results).show_comparison(names, **given)  # type: ignore[arg-type]  # as click read them


@report.command("export")
@options.sweep_id
@options.results
@click.option(
    "--format",
    "formats",
    type=click.Choice(list(WRITERS)),
    multiple=True,
    default=["html"],
    show_default=True,
    help="May be given several times.",
)
@click.option("--to", metavar="ADDRESS", help="A folder, or s3://bucket/path (gs://, az://).  [default: report/]")
@_fanova
@_price
@click.option("--link", is_flag=True, help="Print temporary links that open without credentials.")
@click.option(
    "--link-hours",
    type=options.Number(min=0, min_open=True, max=168),
    default=168.0,
    show_default=True,
    help="How long the links are valid.",
)
def export_command(
    *,
    sweep_id: str,
    results: Path,
    formats: Sequence[str],
    to: str | None,
    link: bool,
    link_hours: float,
    **given: object,
) -> None:
    """Write the report of a sweep as a page, a notebook, PDF or tables.

    The files go to a folder or an object store, and their addresses are printed.

    Uploaded files are also in the folder `report` of the sweep, and stay there if the upload fails. Credentials come
    from the environment, see docs/storage.md.
    """
    seconds = link_hours * 3600 if link else None
    places = ExperimentReports(results).export_report(
        sweep_id, formats, to, link_seconds=seconds, **given  # type: ignore[arg-type]  # as click read them
    )
    for place in places:
        click.echo(place)


if __name__ == "__main__":
    sys.exit(run(report, name="report"))
