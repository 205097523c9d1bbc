"""Emulates Katib's file collector: finds metrics in the lines of a log, and converts them as Katib does.

Sources: pkg/metricscollector/v1beta1/file-metricscollector/file-metricscollector.go,
pkg/controller.v1beta1/trial/trial_controller_util.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

DEFAULT_FILTER = r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)"
NO_TIME = "0001-01-01T00:00:00Z"
UNAVAILABLE = "unavailable"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class MetricLog:
    """One value of a metric; time and value are the texts of the log."""

    time: str
    name: str
    value: str


@dataclass(frozen=True)
class Observed:
    """A metric in a Trial's status."""

    minimum: str = UNAVAILABLE
    maximum: str = UNAVAILABLE
    latest: str = UNAVAILABLE


def collect(text: str, metrics: Sequence[str], filters: Sequence[str] = ()) -> list[MetricLog]:
    """Returns every value of the metrics in a log; the first metric is the objective, and must be there."""
    logs = [each for line in text.split("\n") for each in _of_line(line, metrics, _patterns(filters))]
    if any(log.name == metrics[0] for log in logs):
        return logs
    return [MetricLog(NO_TIME, metrics[0], UNAVAILABLE)]


def pairs(line: str, filters: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Returns the names and values that the filters find in a line."""
    found = [match for pattern in _patterns(filters) for match in pattern.finditer(line)]
    return [(match[1].strip(), match[2].strip()) for match in found]


def _of_line(line: str, metrics: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> Iterable[MetricLog]:
    # A line counts if a metric's name is anywhere in it.
    if not any(metric in line for metric in metrics):
        return
    first, space, _ = line.partition(" ")
    time = first if space and parse_time(first) is not None else NO_TIME
    for pattern in patterns:
        for match in pattern.finditer(line):
            if match[1].strip() in metrics:
                yield MetricLog(time, match[1].strip(), match[2].strip())


def _patterns(filters: Sequence[str]) -> list[re.Pattern[str]]:
    # Go's \w and \d are ASCII.
    return [re.compile(each, re.ASCII) for each in filters or (DEFAULT_FILTER,)]


def parse_time(text: str) -> datetime | None:
    """Returns the time that Go's RFC 3339 layout reads, to the microsecond of Katib's database; None if none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]}.{(match[2] or '').ljust(6, '0')[:6]}{match[3]}")
    except ValueError:
        return None


def observe(logs: Iterable[MetricLog], metrics: Iterable[str]) -> dict[str, Observed]:
    """Returns what the Trial's status says: least, greatest and latest value of each metric, as texts."""
    observed = {name: Observed() for name in metrics}
    times: dict[str, datetime] = {}
    for log in logs:
        if log.name not in observed:
            continue
        time = parse_time(log.time)
        assert time is not None, f"Katib stops here: failed to parse {log.time}"
        seen = _extended(observed[log.name], log.value)
        if log.name not in times or times[log.name] <= time:
            times[log.name] = time
            seen = Observed(seen.minimum, seen.maximum, log.value)
        observed[log.name] = seen
    return observed


def _extended(seen: Observed, text: str) -> Observed:
    try:
        value = float(text)
    except ValueError:
        return seen
    if seen.minimum == UNAVAILABLE:
        return Observed(text, text, seen.latest)
    minimum = text if value < float(seen.minimum) else seen.minimum
    maximum = text if value > float(seen.maximum) else seen.maximum
    return Observed(minimum, maximum, seen.latest)
