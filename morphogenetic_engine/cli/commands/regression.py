"""`sweep baseline`, `sweep regress`, `sweep trend`: detect regressions between sweeps."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.errors import ConfigError

REGRESSION = 3
NO_VERDICT = 4

_json_file = click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write JSON.")
_markdown_file = click.option(
    "--markdown", "markdown_path", type=click.Path(path_type=Path), metavar="FILE", help="Write Markdown."
)


@click.command("baseline")
@options.sweep_id
@options.results
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--update", is_flag=True, help="Replace an existing reference.")
def baseline_command(sweep_id: str, results: Path, file: Path, update: bool) -> None:
    """Write the results of a confirmed sweep as a reference.

    `sweep regress` compares later sweeps with FILE.
    """
    from morphogenetic_engine.reports.regression.reference import write_reference
    from morphogenetic_engine.reports.regression.words import survivors
    from morphogenetic_engine.sweeps.record.folder import find_sweep

    reference = write_reference(find_sweep(results, sweep_id), file, update=update)
    measured = ", ".join(f"{len(each.values)} values of {each.metric}" for each in reference.measurements.metrics)
    lost = survivors(reference.measurements)
    click.echo(f"{file}: trial {reference.measurements.trial} of sweep {sweep_id}: {measured}{lost}")


@click.command("regress")
@options.sweep_id
@options.results
@click.option("--baseline", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The reference.")
@click.option(
    "--tolerance",
    multiple=True,
    metavar="METRIC=NUMBER",
    help="The largest tolerated degradation, in the metric's unit; can be repeated."
    "  [default: 1 % of the reference's objective, 15 % of its times]",
)
@_json_file
@_markdown_file
def regress_command(
    *,
    sweep_id: str,
    results: Path,
    baseline: Path,
    tolerance: tuple[str, ...],
    json_path: Path | None,
    markdown_path: Path | None,
) -> int:
    """Compare a confirmed sweep with a reference.

    The exit status is 0 if no metric is worse, 3 if a metric is significantly worse by more than its tolerance, and 4
    if an objective could not be compared.
    """
    from morphogenetic_engine.cli.views.regression_table import verdict_table
    from morphogenetic_engine.monitor.display.terminal import terminal
    from morphogenetic_engine.reports.regression.reference import read_reference
    from morphogenetic_engine.reports.regression.regress import regress
    from morphogenetic_engine.reports.regression.words import headline, verdict_markdown
    from morphogenetic_engine.sweeps.record.folder import find_sweep
    from morphogenetic_engine.sweeps.results import read_result

    tolerances = dict(map(_tolerance, tolerance))
    verdict = regress(read_result(find_sweep(results, sweep_id)), read_reference(baseline), tolerances)
    _write(json_path, verdict.model_dump_json(indent=2) + "\n")
    _write(markdown_path, verdict_markdown(verdict))
    console = terminal()
    console.print(verdict_table(verdict))
    console.print(headline(verdict), highlight=False, markup=False, soft_wrap=True)
    if verdict.regressions:
        return REGRESSION
    return 0 if verdict.compares_objectives else NO_VERDICT


@click.command("trend")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@_json_file
@_markdown_file
def trend_command(paths: Sequence[Path], json_path: Path | None, markdown_path: Path | None) -> None:
    """Show metrics over many nights, and when they changed.

    PATHS are verdicts of `sweep regress --json`, folders of them, or folders of confirmed sweeps.
    """
    import json

    from morphogenetic_engine.cli.views.regression_table import trend_table
    from morphogenetic_engine.monitor.display.terminal import terminal
    from morphogenetic_engine.reports.regression.trend import read_nights, trends
    from morphogenetic_engine.reports.regression.words import trend_markdown

    found = trends(read_nights(paths))
    _write(json_path, json.dumps([trend.model_dump(mode="json") for trend in found], indent=2) + "\n")
    _write(markdown_path, trend_markdown(found))
    terminal().print(trend_table(found))


def _tolerance(given: str) -> tuple[str, float]:
    metric, _, number = given.rpartition("=")
    try:
        return metric, float(number)
    except ValueError as error:
        raise ConfigError(f"--tolerance: must be METRIC=NUMBER, but got {given!r}") from error


def _write(path: Path | None, text: str) -> None:
    from morphogenetic_engine.sweeps.record.folder import write_whole

    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
