"""Any strategy with a pruner: the strategy suggests, the pruner decides how far each trial is trained."""

from __future__ import annotations

from morphogenetic_engine.sweeps.schema.objective import OutcomeLimits, broken_limits
from morphogenetic_engine.sweeps.search.pruners.fixed_decisions import HasThresholds
from morphogenetic_engine.sweeps.strategy import Earlier, Pruner, Reports, Strategy, TrialDecisions
from morphogenetic_engine.trial import Params, Value


class PrunedStrategy:
    """A strategy whose trials a pruner may stop."""

    needs_reports = True

    def __init__(
        self, strategy: Strategy, pruner: Pruner, lookahead: int | None, limits: OutcomeLimits | None = None
    ) -> None:
        """With a `lookahead`, trial n waits for the trials up to n - lookahead; None: for those of the strategy.

        Trials that break one of the `limits` are not compared with: what they reach counts for nothing.
        """
        self._strategy = strategy
        self._pruner = pruner
        self._lookahead = lookahead
        self._limits = limits or {}

    @property
    def trials(self) -> int:
        return self._strategy.trials

    @property
    def has_thresholds(self) -> bool:
        """True if the pruner's decisions can be sent with a trial."""
        return isinstance(self._pruner.decisions(0, {}, (), {}), HasThresholds)

    def needs(self, number: int, /) -> int:
        needed = self._strategy.needs(number)
        return needed if self._lookahead is None else max(needed, number - self._lookahead + 1)

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        return self._strategy.suggest(number, earlier)

    def decisions(self, number: int, params: Params, earlier: Earlier, reported: Reports) -> TrialDecisions | None:
        ended = earlier.ended
        if self._limits:
            ended = [trial for trial in ended if not broken_limits(self._limits, trial.metrics)]
        return self._pruner.decisions(number, params, ended, reported)
