"""Sweeps and trials beside each other for Python code: whether the first is really better."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.python_api.local_run import SweepLike, folder_of
from morphogenetic_engine.python_api.result import TrialResult
from morphogenetic_engine.python_api.small_tables import html_table, number, text_table
from morphogenetic_engine.reports.comparison.comparison_report import ComparisonReport, compare_candidates
from morphogenetic_engine.reports.stats.comparison import Comparison as Compared
from morphogenetic_engine.reports.stats.comparison import Verdict
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.space.search_space import shown

_VALUES = ("", "trial", "mean", "seeds", "evidence", "parameters")
_PAIRS = ("", "difference", "95 % interval", "p", "verdict")


class Comparison:
    """The comparison of sweeps or trials. `report` has every number."""

    def __init__(self, report: ComparisonReport) -> None:
        self.report = report

    @property
    def metric(self) -> str:
        """The metric that was compared."""
        return self.report.metric

    @property
    def difference(self) -> float:
        """The first less the second, in the means of the metric."""
        return self.report.comparisons[0].difference

    @property
    def p(self) -> float:
        """The p-value of the difference, corrected for the number of comparisons."""
        return self.report.comparisons[0].corrected_p

    @property
    def verdict(self) -> Verdict:
        """The verdict about the first against the second: better, worse, no difference shown, not enough seeds."""
        return self.report.comparisons[0].verdict

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks that limit the meaning of the numbers."""
        return self.report.notes

    @property
    def _value_rows(self) -> list[list[str]]:
        return [
            [
                each.name,
                str(each.trial),
                number(each.spread.mean),
                str(len(each.spread.values)),
                each.evidence.value,
                " ".join(f"{name}={shown(value)}" for name, value in each.params.items()),
            ]
            for each in self.report.candidates
        ]

    @property
    def _pair_rows(self) -> list[list[str]]:
        return [_pair(each) for each in self.report.comparisons]

    def __repr__(self) -> str:
        return "\n".join(
            [
                f"{self.report.metric}, {self.report.direction}",
                text_table(_VALUES, self._value_rows),
                "",
                text_table(_PAIRS, self._pair_rows),
                *(f"note: {note}" for note in self.notes),
            ]
        )

    def _repr_html_(self) -> str:
        title = f"{self.report.metric}, {self.report.direction}"
        values = html_table(title, _VALUES, self._value_rows)
        return values + html_table("Is the first really better?", _PAIRS, self._pair_rows, self.notes)


def comparison_of(
    compared: Sequence[SweepLike | TrialResult],
    *,
    metric: str | None,
    tolerance: float,
    direction: str | None,
    results: str | Path,
) -> Comparison:
    """Returns the comparison of the first with each of the others.

    Raises:
        ConfigError: a name is no sweep or trial that has a value, or the direction is none.
        SweepError: there is no such sweep, or its journal is damaged.
    """
    names: list[str] = []
    read: dict[str, SweepResult] = {}
    paths: dict[str, Path] = {}
    for each in compared:
        folder, trial = _folder_and_trial(each, results)
        place = folder.path.resolve()
        name = folder.sweep_id if paths.setdefault(folder.sweep_id, place) == place else str(place)
        if name not in read:
            read[name] = read_result(folder, keep_curves=False)
        names.append(f"{name}:{trial}" if trial else name)
    return Comparison(
        compare_candidates(read, names, metric=metric, tolerance=tolerance, direction=_direction(direction))
    )


def _folder_and_trial(each: SweepLike | TrialResult, results: str | Path) -> tuple[SweepFolder, str]:
    if isinstance(each, TrialResult):
        return SweepFolder(each.sweep), str(each.number)
    if isinstance(each, str):
        name, _, trial = each.partition(":")
        return folder_of(name, results), trial
    return folder_of(each, results), ""


def _direction(given: str | None) -> Direction | None:
    if given is None:
        return None
    try:
        return Direction(given)
    except ValueError as error:
        raise ConfigError(f"compare(): direction: must be one of maximize, minimize, but got {given!r}") from error


def _pair(each: Compared) -> list[str]:
    single = each.verdict is Verdict.ONE_SEED
    interval = "" if each.low is None or each.high is None else f"{each.low:+.4g} to {each.high:+.4g}"
    p = "" if single else f"{each.corrected_p:.2g}"
    return [f"{each.one} against {each.other}", f"{each.difference:+.4g}", interval, p, each.verdict.value]
