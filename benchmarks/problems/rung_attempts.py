"""A halving with one worker, which promotes where it can before it starts a configuration."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Pause, TrialRecord
from morphogenetic_engine.sweeps.strategy import HasPromoter, Strategy, earlier_than
from morphogenetic_engine.trial import Params, Value


def attempts(
    strategy: Strategy, configured: Callable[[int, Mapping[str, Value]], Params]
) -> Iterator[tuple[TrialRecord, int | None]]:
    """Yields each attempt: the trial, and the reports that it is to have; None: those of a full training.

    The caller writes the reports into the trial's curve before it asks for the next attempt. `configured` returns the
    parameters that a trial gets, by its number and what the strategy suggests.
    """
    assert isinstance(strategy, HasPromoter)
    trials: dict[int, TrialRecord] = {}
    promoted: deque[int] = deque()
    while promoted or len(trials) < strategy.trials:
        if promoted:
            trial = trials[promoted.popleft()]
        else:
            number = len(trials)
            suggested = strategy.suggest(number, earlier_than(number, strategy.needs(number), trials))
            trial = trials[number] = TrialRecord(number, 0, configured(number, suggested))
        pause = strategy.promoter.pause_after(trial.number, trials)
        yield trial, pause
        if pause is None:
            _end(trial, TrialState.COMPLETE)
        else:
            trial.state = TrialState.PAUSED
            trial.pauses.append(Pause(pause - 1, trial.curve[pause - 1], 0.0))
        for decision in strategy.promoter.decided(trials):
            decided = trials[decision.trial]
            if decision.promoted:
                decided.state, decided.rung = TrialState.PROMOTED, decided.rung + 1
                promoted.append(decided.number)
            else:
                _end(decided, TrialState.PRUNED)


def _end(trial: TrialRecord, state: TrialState) -> None:
    trial.state, trial.metrics = state, trial.curve[max(trial.curve)]
