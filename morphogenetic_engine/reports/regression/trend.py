"""The history of each metric over many nights, and its change points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.reports.regression import regression_verdict as verdict_file
from morphogenetic_engine.reports.regression.change_points import change_points
from morphogenetic_engine.reports.regression.measurements import Measurements, measure
from morphogenetic_engine.reports.regression.reference import Origin, origin_of
from morphogenetic_engine.reports.regression.regression_verdict import Verdict
from morphogenetic_engine.sweeps.record.averages import mean_of
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.record_file import read_record
from morphogenetic_engine.sweeps.results import read_result


@dataclass(frozen=True)
class Night:
    """One sweep of a history."""

    origin: Origin
    measurements: Measurements


class TrendChange(BaseModel):
    """A change point: the first sweep after the change, and the means before and after it, up to the next changes."""

    model_config = ConfigDict(frozen=True)

    sweep_id: str
    git_commit: str | None
    before: float
    after: float
    p_value: float


class Trend(BaseModel):
    """The history of one metric over the nights that have it."""

    model_config = ConfigDict(frozen=True)

    metric: str
    nights: tuple[str, ...]
    """The sweeps' ids, the oldest first."""
    means: tuple[float, ...]
    changes: tuple[TrendChange, ...]


def read_nights(paths: Iterable[Path]) -> list[Night]:
    """Reads nights from verdict files, folders of such files, and sweep folders; the oldest first, each sweep once.

    Raises:
        SweepError: one is damaged, of a newer format, was not confirmed, or has a different search configuration.
        StoreError: one cannot be read.
    """
    found: dict[tuple[str, str], Night] = {}
    for path in paths:
        for night in _read(path):
            found[night.origin.sweep_id, night.origin.created] = night
    nights = sorted(found.values(), key=lambda night: datetime.fromisoformat(night.origin.created))
    for night in nights:
        if night.origin.identity != nights[0].origin.identity:
            raise SweepError(
                f"sweep {night.origin.sweep_id}: has a different search configuration than sweep"
                f" {nights[0].origin.sweep_id}; a history must have one search configuration"
            )
    return nights


def trends(nights: list[Night]) -> list[Trend]:
    """Returns the trend of each metric; machine-dependent metrics only over nights on the latest night's machine."""
    if not nights:
        return []
    last = nights[-1]
    return [
        _trend(metric.metric, _on_same_machine(nights) if metric.wall_clock else nights)
        for metric in last.measurements.metrics
    ]


def _trend(metric: str, nights: list[Night]) -> Trend:
    means, kept = [], []
    for night in nights:
        values = next((each.values for each in night.measurements.metrics if each.metric == metric), ())
        if values:
            means.append(mean_of(values))
            kept.append(night)
    points = change_points(means)
    borders = [0, *(point.index for point in points), len(means)]
    changes = [
        TrendChange(
            sweep_id=kept[point.index].origin.sweep_id,
            git_commit=kept[point.index].origin.git_commit,
            before=mean_of(means[borders[place] : point.index]),
            after=mean_of(means[point.index : borders[place + 2]]),
            p_value=point.p_value,
        )
        for place, point in enumerate(points)
    ]
    return Trend(
        metric=metric,
        nights=tuple(night.origin.sweep_id for night in kept),
        means=tuple(means),
        changes=tuple(changes),
    )


def _on_same_machine(nights: list[Night]) -> list[Night]:
    machine = nights[-1].origin.machine
    return [night for night in nights if machine is not None and night.origin.machine == machine]


def _read(path: Path) -> list[Night]:
    if (path / "sweep.json").is_file():
        result = read_result(SweepFolder(path))
        return [Night(origin_of(result), measure(result))]
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    try:
        verdicts = [read_record(file, Verdict, newest=verdict_file.FORMAT) for file in files]
    except SweepError as error:
        raise SweepError(f"{error}; expected a verdict written by `sweep regress --json`") from error
    return [Night(verdict.origin, verdict.measurements) for verdict in verdicts]
