"""Any strategy, with each error of its library as one line.

The line names the part, the trial and its parameters; the traceback goes to a file of the sweep.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, MorphogeneticError, error_line
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.search.pruned_strategy import PrunedStrategy
from morphogenetic_engine.sweeps.search.pruners.fixed_decisions import HasThresholds, sent_thresholds
from morphogenetic_engine.sweeps.search.pruners.thresholds import Thresholds
from morphogenetic_engine.sweeps.strategy import (
    Decision,
    Earlier,
    Generations,
    HasGenerations,
    HasPromoter,
    Promoter,
    Reports,
    Strategy,
    TrialDecisions,
)
from morphogenetic_engine.trial import Params, Value

_LONGEST = 300
"""Characters of a library's message that the line holds."""


class GuardedStrategy:
    """A strategy whose library may raise anything."""

    def __init__(self, strategy: Strategy, config: SweepConfig, log: Path | None) -> None:
        """Tracebacks are appended to `log`; None: there is no folder for them yet."""
        self._strategy = strategy
        self._config = config
        self._log = log
        self._part = searching_part(config)
        self._searched = ", ".join(config.space.axes)

    @property
    def trials(self) -> int:
        return self._strategy.trials

    @property
    def needs_reports(self) -> bool:
        return self._strategy.needs_reports

    @property
    def promoter(self) -> Promoter | None:
        """Decides which paused trials go on; None: no trial pauses."""
        return self._strategy.promoter if isinstance(self._strategy, HasPromoter) else None

    @property
    def generations(self) -> Generations | None:
        """Says which trials go on from which; None: each begins anew."""
        return self._strategy.generations if isinstance(self._strategy, HasGenerations) else None

    @property
    def has_thresholds(self) -> bool:
        """True if the decisions about trials can be sent with them."""
        return isinstance(self._strategy, PrunedStrategy) and self._strategy.has_thresholds

    def needs(self, number: int, /) -> int:
        return self._strategy.needs(number)

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        with one_line_errors(f"{self._part}: trial {number}: no suggestion for {self._searched}", self._log):
            return self._strategy.suggest(number, earlier)

    def decisions(self, number: int, params: Params, earlier: Earlier, reported: Reports) -> TrialDecisions | None:
        part = f"optimization.pruner: {self._config.optimization.pruner}" if self._config.prunes else "sweep_type"
        place = f"{part}: trial {number}: no decision about {self._config.space.describe(params)}"
        with one_line_errors(place, self._log):
            decisions = self._strategy.decisions(number, params, earlier, reported)
        return None if decisions is None else _GuardedDecisions(decisions, place, self._log)


class _GuardedDecisions:
    """The decisions about one attempt at a trial."""

    def __init__(self, decisions: TrialDecisions, place: str, log: Path | None) -> None:
        self._decisions = decisions
        self._place = place
        self._log = log

    @property
    def thresholds(self) -> Thresholds | None:
        """The decisions as data; None: they are made only here."""
        return sent_thresholds(self._decisions)

    @property
    def reported(self) -> Mapping[int, float]:
        """The reports of earlier attempts."""
        return self._decisions.reported if isinstance(self._decisions, HasThresholds) else {}

    def decide(self, step: int, value: float) -> Decision:
        with one_line_errors(f"{self._place} at step {step}", self._log):
            return self._decisions.decide(step, value)


def searching_part(config: SweepConfig) -> str:
    """Returns the key of the sweep file that names what suggests the trials, with its value."""
    if config.rules.sampler:
        return f"optimization.sampler: {config.optimization.sampler or 'TPE'}"
    return f"sweep_type: {config.sweep_type}"


@contextmanager
def one_line_errors(place: str, log: Path | None) -> Iterator[None]:
    """Converts an error of a library to a ConfigError of one line, and keeps the traceback.

    Raises:
        ConfigError: the library raised an error.
    """
    try:
        yield
    except MorphogeneticError:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # libraries may raise anything
        kept = ""
        if log is not None:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{place}\n{traceback.format_exc()}\n")
            kept = f" (traceback: {log})"
        told = error_line(error)
        told = told if len(told) <= _LONGEST else f"{told[:_LONGEST]}..."
        raise ConfigError(f"{place}: {told}{kept}") from error
