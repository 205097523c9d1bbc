"""The reports of a results folder: shown in the terminal, printed as JSON, or written to files."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options

if TYPE_CHECKING:
    from morphogenetic_engine.reports.analysis.configurations import Configuration
    from morphogenetic_engine.reports.importance.importance import Method
    from morphogenetic_engine.sweeps.results import SweepResult


class ExperimentReports:
    """The sweeps of a results folder as reports: shown in the terminal, printed as JSON, or written to files."""

    def __init__(self, results: Path = options.DEFAULT_RESULTS) -> None:
        self._results = results

    def show_sweep_summary(
        self,
        sweep_id: str,
        *,
        top: int = 10,
        where: str | None = None,
        sort: str | None = None,
        reverse: bool = False,
        fanova: bool = False,
        price: float | None = None,
        as_json: bool = False,
    ) -> None:
        """Prints the summary of a sweep; `where` and `sort` choose the trials of the table.

        Raises:
            ConfigError: `where` or `sort` cannot be parsed, or names something that no trial has.
            SweepError: there is no such sweep, or its journal is damaged.
        """
        from morphogenetic_engine.reports.summary import summarize

        with _no_garbage_collection():
            result = self._read(sweep_id)
            trials = _chosen(result, where, sort, reverse)
            summary = summarize(result, top=top, methods=_methods(fanova), price_per_hour=price)
        rows = summary.best if trials is None else trials[:top]
        if as_json:
            shown = {} if trials is None else {"trials": [asdict(each) for each in trials]}
            _print_json({**summary.to_dict(), **shown, "state": self._state(result)})
            return
        from morphogenetic_engine.cli.views.summary_view import print_summary
        from morphogenetic_engine.monitor.display.terminal import terminal

        match = " that match" if where else ""
        title = "Best configurations" if trials is None else f"Trials: {len(rows)} of {len(trials)}{match}"
        print_summary(terminal(), summary, rows, title, self._state(result))

    def show_comparison(
        self,
        names: Sequence[str],
        *,
        metric: str | None = None,
        tolerance: float = 0.0,
        direction: str | None = None,
        as_json: bool = False,
    ) -> None:
        """Prints the first of the sweeps or trials beside each of the others; `ID`, `ID:7`, `ID:best`, `ID:baseline`.

        Raises:
            ConfigError: a name is no sweep or trial that has a value.
            SweepError: there is no such sweep, or its journal is damaged.
        """
        from morphogenetic_engine.reports.comparison.comparison_report import compare_candidates
        from morphogenetic_engine.sweeps.schema.objective import Direction

        ids = dict.fromkeys(name.partition(":")[0] for name in names)
        results = {sweep_id: self._read(sweep_id, keep_curves=False) for sweep_id in ids}
        aim = None if direction is None else Direction(direction)
        report = compare_candidates(results, names, metric=metric, tolerance=tolerance, direction=aim)
        if as_json:
            values = asdict(report)
            _print_json({**values, "contenders": values["candidates"]})  # its name in earlier versions
            return
        from morphogenetic_engine.cli.views.comparison_view import print_comparison
        from morphogenetic_engine.monitor.display.terminal import terminal

        print_comparison(terminal(), report)

    def export_report(
        self,
        sweep_id: str,
        formats: Sequence[str],
        to: str | Path | None = None,
        *,
        fanova: bool = False,
        price: float | None = None,
        link_seconds: float | None = None,
    ) -> list[str]:
        """Writes a sweep in each format, and returns the address of each file, or a temporary link to it.

        `to` is a folder, or an address such as s3://bucket/path; left out: `report` in the sweep's own folder.

        Raises:
            ConfigError: a format needs a library that is not installed.
            StoreError: a file cannot be written, or the store cannot be reached or refuses.
        """
        from morphogenetic_engine.reports.formats.upload import export_to
        from morphogenetic_engine.reports.summary import ReportedSweep
        from morphogenetic_engine.sweeps.record.folder import find_sweep

        sweep = ReportedSweep(find_sweep(self._results, sweep_id), _methods(fanova), price)
        target = None if to is None else str(to)
        with _no_garbage_collection():
            return export_to(sweep, formats, target, link_seconds=link_seconds)

    def _state(self, result: SweepResult) -> str:
        from morphogenetic_engine.sweeps.overview import sweep_state
        from morphogenetic_engine.sweeps.record.folder import find_sweep

        return sweep_state(find_sweep(self._results, result.info.sweep_id), result)

    def _read(self, sweep_id: str, *, keep_curves: bool = True) -> SweepResult:
        from morphogenetic_engine.sweeps.record.folder import find_sweep
        from morphogenetic_engine.sweeps.results import read_result

        return read_result(find_sweep(self._results, sweep_id), keep_curves=keep_curves)


def _methods(fanova: bool) -> tuple[Method, ...]:
    return ("PED-ANOVA", "fANOVA") if fanova else ("PED-ANOVA",)


def _chosen(result: SweepResult, where: str | None, sort: str | None, reverse: bool) -> list[Configuration] | None:
    """Returns the trials that the options select; None: no option selects any."""
    if where is None and sort is None:
        if reverse:
            raise click.UsageError("--reverse: needs --sort")
        return None
    from morphogenetic_engine.reports.analysis.configurations import configuration_of
    from morphogenetic_engine.reports.query.trial_filter import parse_filter
    from morphogenetic_engine.reports.query.trial_values import in_order, names_of

    names = names_of(result)
    condition = (lambda trial: True) if where is None else parse_filter(where, names)
    order = result.config.optimization.target_metric if sort is None else sort
    names.check(order, "--sort")
    ranks = {trial.number: rank for rank, trial in enumerate(result.ranked, start=1)}
    chosen = in_order(result, filter(condition, result.trials), order, reverse=reverse)
    return [configuration_of(result, trial, ranks.get(trial.number)) for trial in chosen]


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Switches the garbage collector off: reading a journal creates a million objects that all stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _print_json(value: object) -> None:
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
