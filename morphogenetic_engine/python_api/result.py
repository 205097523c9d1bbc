"""A sweep for Python code: its trials, the best of them, its report; shown as a summary in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from morphogenetic_engine.errors import ConfigError, FailureReason, SweepError
from morphogenetic_engine.python_api.read_only import ReadOnlyDict
from morphogenetic_engine.python_api.yaml_text import YamlText, config_text
from morphogenetic_engine.sweeps.kinds import recorded_trials
from morphogenetic_engine.sweeps.overview import sweep_state
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.trial import Value

if TYPE_CHECKING:
    import optuna
    import pandas

    from morphogenetic_engine.reports.importance.importance import Method
    from morphogenetic_engine.reports.summary import SweepSummary

_REPORTS = "pip install 'morphogenetic-engine[reports]'"


@dataclass(frozen=True)
class TrialResult:
    """One trial of a sweep, as it was when the sweep was read; it cannot be changed."""

    number: int
    params: dict[str, Value]
    """Fixed and searched parameters together."""
    metrics: dict[str, float]
    """The metrics that the workload returned; of a pruned trial, those that it reported last."""
    state: TrialState
    """complete, pruned, failed, interrupted or running."""
    duration: float
    """Seconds of the last attempt."""
    curve: dict[int, dict[str, float]] = field(repr=False)
    """Metrics by step."""
    seed: int = field(repr=False)
    reason: FailureReason | None
    """The reason of a failure."""
    message: str
    path: Path = field(repr=False)
    """The trial's own folder."""
    sweep: Path = field(repr=False)
    """The folder of its sweep."""


class Result:
    """A sweep as it was when it was read; `load` reads it again.

    In a notebook it shows the summary with its figures.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self._folder = folder
        self._read = read_result(folder)
        self._state = sweep_state(folder, self._read)

    @property
    def id(self) -> str:
        """The sweep's id, the name of its folder."""
        return self._folder.sweep_id

    @property
    def path(self) -> Path:
        """The sweep's folder."""
        return self._folder.path

    @property
    def state(self) -> str:
        """running, killed, new, or how the last session ended: finished, interrupted, time_is_up, ..."""
        return self._state

    @property
    def config(self) -> YamlText:
        """The sweep file: every setting that differs from its default, and the number of workers it looks ahead for.

        A sweep that is run from this text has the same identity and the same trials.
        """
        return config_text(self._read.config)

    @cached_property
    def trials(self) -> tuple[TrialResult, ...]:
        """All trials in the order of their numbers."""
        return tuple(self._trial(each) for each in self._read.trials)

    @property
    def best(self) -> TrialResult:
        """The complete trial with the best objective that keeps the outcome constraints; of equals, the first.

        Raises:
            SweepError: no trial is complete, or none keeps the outcome constraints.
        """
        best = self._read.best
        if best is None:
            raise SweepError(f"sweep {self.id}: {self._no_best()}")
        return self._trial(best)

    @property
    def pareto_front(self) -> tuple[TrialResult, ...]:
        """The feasible trials that no other trial beats in all objectives, by the first objective."""
        return tuple(self._trial(each) for each in self._read.pareto_front)

    @property
    def ruled_out(self) -> dict[int, dict[str, str]]:
        """The complete trials that break outcome constraints: by number, what each breaks, by metric."""
        return {number: dict(broken) for number, broken in self._read.ruled_out.items()}

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings, in five lines of plain text at most."""
        return self._summary.findings

    def __len__(self) -> int:
        return len(self._read.trials)

    def to_pandas(self) -> pandas.DataFrame:
        """Returns the trials as a data frame: one row a trial, a column for each parameter and metric.

        Raises:
            ConfigError: pandas is not installed.
        """
        try:
            import pandas  # pylint: disable=import-outside-toplevel,redefined-outer-name  # large, and an extra
        except ModuleNotFoundError as error:
            raise ConfigError("to_pandas(): needs pandas: pip install pandas") from error
        from morphogenetic_engine.reports.formats.data_files import (  # pylint: disable=import-outside-toplevel
            trial_columns,
            trial_rows,
        )

        return pandas.DataFrame(list(trial_rows(self._read)), columns=trial_columns(self._read))

    def report(self, path: str | Path | None = None) -> Path:
        """Writes the report as an HTML page, and returns the file; `report.html` in the sweep's folder by default.

        Raises:
            ConfigError: the extra `reports` is not installed, or the path does not end in .html.
            StoreError: the file cannot be written.
        """
        target = self.path / "report.html" if path is None else Path(path)
        if target.suffix not in {".html", ".htm"}:
            raise ConfigError(f"report(): path: must end in .html, but got {str(target)!r}")
        if find_spec("jinja2") is None:
            raise ConfigError(f"report(): needs jinja2: {_REPORTS}")
        from morphogenetic_engine.reports.page.page import page  # pylint: disable=import-outside-toplevel

        write_whole(target, page(self._read, self._summary).encode())
        return target

    def optuna_study(self) -> optuna.Study:
        """Returns the sweep as the Optuna storage of `optimization.storage` shows it.

        Raises:
            ConfigError: the sweep has no storage, or Optuna is not installed.
            StoreError: the storage cannot be reached, or has no such study.
        """
        from morphogenetic_engine.python_api.optuna_study import study_of  # pylint: disable=import-outside-toplevel

        return study_of(self._read.info)

    def summary(self, *, fanova: bool = False, price_per_hour: float | None = None) -> SweepSummary:
        """Returns every number of the report; importance by fANOVA takes seconds, a price is that of one worker."""
        from morphogenetic_engine.reports.summary import summarize  # pylint: disable=import-outside-toplevel

        methods: tuple[Method, ...] = ("PED-ANOVA", "fANOVA") if fanova else ("PED-ANOVA",)
        return summarize(self._read, methods=methods, price_per_hour=price_per_hour)

    def figures(self, summary: SweepSummary | None = None) -> dict[str, tuple[str, ...]]:
        """Returns the charts of the report as SVG, by the names of their figures: `history`, `importance`, ..."""
        from morphogenetic_engine.reports.drawing.svg import draw  # pylint: disable=import-outside-toplevel
        from morphogenetic_engine.reports.visualizations import figures_of  # pylint: disable=import-outside-toplevel

        return {
            figure.id: tuple(
                draw(chart, f"{figure.id}-{number}", alone=True) for number, chart in enumerate(figure.charts)
            )
            for figure in figures_of(self._read, summary or self._summary)
        }

    @cached_property
    def _summary(self) -> SweepSummary:
        return self.summary()

    def _trial(self, each: TrialRecord) -> TrialResult:
        return TrialResult(
            number=each.number,
            params=ReadOnlyDict(each.params),
            metrics=ReadOnlyDict(each.metrics),
            state=each.state,
            duration=each.duration,
            curve=ReadOnlyDict({step: ReadOnlyDict(found) for step, found in each.curve.items()}),
            seed=each.seed,
            reason=each.reason,
            message=each.message,
            path=self._folder.trial(each.number),
            sweep=self.path,
        )

    def _no_best(self) -> str:
        if self._read.ruling_out:
            return f"{self._read.ruling_out}; none is the best"
        failed = next((each for each in self._read.trials if each.state is TrialState.FAILED), None)
        why = "" if failed is None else f" (trial {failed.number} failed: {failed.message})"
        return f"no trial is complete, so none is the best{why}"

    def __repr__(self) -> str:
        read = self._read
        counts = ", ".join(f"{read.counts[state]} {state}" for state in TrialState if read.counts[state]) or "no trial"
        best = ""
        if read.best is not None:
            metric = read.config.optimization.target_metric
            found = read.config.space.describe(read.best.params)
            best = f", best {metric}={read.best.metrics[metric]:.6g} in trial {read.best.number} ({found})"
        best += f", {self._read.ruling_out}" if self._read.ruling_out else ""
        return f"<Result {self.id}: {self._state}, {counts} of {recorded_trials(read.info)} trials{best}>"

    def __str__(self) -> str:
        return "\n".join([f"sweep {self.id} in {self.path}", *self.findings])

    def _repr_html_(self) -> str | None:
        if find_spec("jinja2") is None:
            return None  # a notebook shows repr() then
        from morphogenetic_engine.reports.page.cell import summary_cell  # pylint: disable=import-outside-toplevel

        return summary_cell(self._read, self._summary, self._state)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, a signal or the interrupt of a kernel stopped a sweep; `resume` goes on with it."""

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.result = result
        """The sweep as it was left."""
