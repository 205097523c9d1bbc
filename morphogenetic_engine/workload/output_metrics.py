"""Finds the metrics in what a program prints, and says why a line that came near gave none.

A line of `name=value` pairs gives all its numbers, and so does a line that is one `{'name': value}` or JSON object.
From other lines only the metrics that the sweep file names are taken, as `name=value` or `name: value`, where it is
clear that no other metric is meant. Patterns of the sweep file (`experiment.metrics_regex`) replace these rules.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from morphogenetic_engine.errors import ConfigError, TrialFailed
from morphogenetic_engine.metric_names import checked_metric_name
from morphogenetic_engine.workload.near_lines import reason_for_no_value

STEP_NAMES = ("step", "epoch")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TIMESTAMP = re.compile(r"\s*\[?\d{4}-\d\d-\d\d(?:T[^\s,\]]+|[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?)\]?(?=[\s,]|$)")
_LOG_PREFIX = re.compile(r"\s*(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL):[\w.-]+:")
_PAIR = re.compile(r"([^\W\d][^\s,=]*)=([^\s,=]+)")
_OBJECT = re.compile(r"\s*\{([^{}]*)\}\s*")
_MEMBER = re.compile(r"""(["'])(?P<name>[^"']+)\1\s*:\s*(?P<value>[^\s,"']+)\s*(?:,|$)""")
_NUMBER = r"[+-]?(?:\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)"
_VALUE = re.compile(rf"""["'`]?\s*[=:]\s*(?P<value>{_NUMBER})(?=$|,(?!\d)|[\s;|)\]}}"'*]|\.(?:\s|$))""", re.IGNORECASE)
_BEFORE = frozenset(" \t,;|()[{:\"'`>*")
_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL"})
_WORD = re.compile(r"(?:^|\s)([^\W\d_][\w./@+-]*)\s+$")
_LOOSE_STEP = re.compile(r"(?<![\w./-])(step|epoch)\s*[=:#]?\s*[\[(]?\s*(\d+)(?![\d.])", re.IGNORECASE)
_LONGEST_LINE = 20_000
_NEAR_LINES = 3
_LARGEST_STEP = 2**53


@dataclass(frozen=True)
class WantedMetrics:
    """The metrics that a sweep file names."""

    objectives: Sequence[str] = ()
    others: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys([*self.objectives, *self.others]))


NONE_WANTED = WantedMetrics()


@dataclass(frozen=True)
class MetricLine:
    """The metrics of one line, and the step that they are a report of."""

    step: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


NO_METRICS = MetricLine()


class OutputReader:
    """Reads the lines of one program's output."""

    def __init__(self, wanted: WantedMetrics = NONE_WANTED, patterns: Sequence[str] = ()) -> None:
        self._wanted = sorted(wanted.names, key=len, reverse=True)
        self._objectives = {name: name.casefold() for name in wanted.objectives}
        self._step_names = [name for name in STEP_NAMES if name not in wanted.objectives]
        self._patterns = [re.compile(each) for each in patterns]
        self._near: dict[str, deque[str]] = {name: deque(maxlen=_NEAR_LINES) for name in self._objectives}

    def read(self, line: str) -> MetricLine:
        """Returns the metrics of a line.

        Raises:
            TrialFailed: a metric of the sweep file stands beside a step that is no whole number.
        """
        cut = line[:_LONGEST_LINE]
        plain = (cut if cut.isprintable() else _CONTROL.sub("", _ANSI.sub("", cut))).strip()
        found = self._found(plain)
        folded_line = plain.casefold()
        for name, folded in self._objectives.items():
            if folded in folded_line and not any(name in each for each in found.metrics):
                self._remember(name, plain)
        return found

    def _remember(self, objective: str, line: str) -> None:
        if line not in self._near[objective]:
            self._near[objective].append(line)

    def near_lines(self, objective: str) -> list[tuple[str, str]]:
        """Returns the last lines that have an objective's name but no value of it, each with the reason."""
        if self._patterns:
            return [(line, self._why_no_pattern(line, objective)) for line in self._near[objective]]
        return [(line, reason_for_no_value(line, objective)) for line in self._near[objective]]

    def _why_no_pattern(self, line: str, objective: str) -> str:
        values = [value for name, value in _by_patterns(self._patterns, line) if name == objective]
        if not values:
            return f"metrics_regex finds no {objective} in it"
        return f"metrics_regex finds {' and '.join(map(repr, values))}, which is not one number"

    def _found(self, line: str) -> MetricLine:
        if not line:
            return NO_METRICS
        if self._patterns:
            return self._reported(_by_patterns(self._patterns, line))
        if "=" not in line and ":" not in line:
            return NO_METRICS
        for prefix in (_TIMESTAMP, _LOG_PREFIX):
            if match := prefix.match(line):
                line = line[match.end() :]
        pairs = [_PAIR.fullmatch(token) for token in line.replace(",", " ").split()]
        if pairs and None not in pairs:
            return self._reported((match[1], match[2]) for match in pairs if match)
        members = _OBJECT.fullmatch(line)
        if members:
            values = _unambiguous((match["name"], match["value"]) for match in _MEMBER.finditer(members[1]))
            return self._with_whole_step(values) or MetricLine(None, values)
        return _with_loose_step(line, self._in_text(line), self._step_names)

    def _in_text(self, line: str) -> dict[str, float]:
        """Returns the named metrics of a line with other text."""
        return _unambiguous((name, value) for name in self._wanted if name in line for value in _values(line, name))

    def _reported(self, pairs: Iterable[tuple[str, str]]) -> MetricLine:
        values = _unambiguous(pairs)
        found = self._with_whole_step(values)
        if found is not None:
            return found
        step = self._step_of(values)
        if step is not None and any(name in values for name in self._wanted):
            raise TrialFailed(
                f"{step}={values[step]:g}: the step of a report must be a whole number up to 2^53; print a count of"
                f" steps, or this number under another name than {step}"
            )
        return MetricLine(None, values)

    def _step_of(self, values: Mapping[str, float]) -> str | None:
        """Returns which of the values is the step; a file may also call an objective `step`."""
        return next((name for name in self._step_names if name in values), None)

    def _with_whole_step(self, values: Mapping[str, float]) -> MetricLine | None:
        """Returns the values as a report; None: they have no step, or one that is no whole number."""
        name = self._step_of(values)
        if name is None or not values[name].is_integer() or abs(values[name]) > _LARGEST_STEP:
            return None
        return MetricLine(int(values[name]), {each: value for each, value in values.items() if each != name})


def check_patterns(patterns: Sequence[str]) -> None:
    """Checks regular expressions for metrics.

    Raises:
        ConfigError: it is no regular expression, or does not say what the name and the value are.
    """
    for each in patterns:
        try:
            pattern = re.compile(each)
        except re.error as error:
            raise ConfigError(f"{each!r} is no regular expression: {error}") from error
        named = pattern.groupindex.keys()
        if named & {"name", "value"} and not {"name", "value"} <= named:
            raise ConfigError(f"{each!r} must have both groups, (?P<name>...) and (?P<value>...)")
        if not named and pattern.groups < 2:
            raise ConfigError(
                f"{each!r} must have two groups, the name and the value, or groups with the names of metrics, such as"
                " (?P<acc>[0-9.]+)"
            )


def _by_patterns(patterns: Iterable[re.Pattern[str]], line: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        for match in pattern.finditer(line):
            if "name" in pattern.groupindex:
                yield str(match["name"]).strip(), str(match["value"]).strip()
            elif pattern.groupindex:
                yield from ((name, value.strip()) for name, value in match.groupdict().items() if value is not None)
            else:
                yield str(match[1]).strip(), str(match[2]).strip()


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Returns the numbers by name, without names that have two different values."""
    values: dict[str, float] = {}
    twice: set[str] = set()
    for name, written in pairs:
        try:
            value = float(written)
            checked_metric_name(name)
        except ValueError:
            continue
        if name in values and values[name] != value:
            twice.add(name)
        values[name] = value
    return {name: value for name, value in values.items() if name not in twice}


def _values(line: str, name: str) -> Iterator[str]:
    start = line.find(name)
    while start >= 0:
        match = _VALUE.match(line, start + len(name))
        before = line[:start]
        if match and (not before or before[-1] in _BEFORE) and not _is_longer_name(before):
            yield match["value"]
        start = line.find(name, start + 1)


def _is_longer_name(before: str) -> bool:
    """Returns whether a word stands before a name with nothing but space between: `val acc` is another metric."""
    word = _WORD.search(before)
    return word is not None and word[1] not in _LEVELS


def _with_loose_step(line: str, values: dict[str, float], names: Sequence[str]) -> MetricLine:
    """Returns the metrics with the step of `Epoch 3: ...`; a line with both a step and an epoch has none for sure."""
    matches = _LOOSE_STEP.finditer(line) if values else ()
    found = {match[1].casefold(): int(match[2]) for match in matches if match[1].casefold() in names}
    step = next(iter(found.values())) if len(found) == 1 else None
    return MetricLine(None if step is None or step > _LARGEST_STEP else step, values)
