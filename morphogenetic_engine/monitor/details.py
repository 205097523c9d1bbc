"""Reads everything that the journal records about one trial, from the byte ranges that hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from morphogenetic_engine.monitor.trial_rows import in_javascript
from morphogenetic_engine.sweeps.record.events import SessionEnded, SessionStarted
from morphogenetic_engine.sweeps.record.journal_tail import JournalTail
from morphogenetic_engine.sweeps.record.trials import History, TrialRecord

Points = Sequence[tuple[int, Mapping[str, float]]]


def read_trial(journal: Path, number: int, spans: Iterable[tuple[int, int]]) -> TrialRecord:
    """Returns a trial's record; `spans` are the bytes of the journal between which its events are.

    Raises:
        SweepError: the journal is damaged there.
        StoreError: it cannot be read.
    """
    history = History()
    for begin, end in spans:
        tail = JournalTail(journal)
        tail.offset = begin
        for event in tail.read_up_to(end):
            if not isinstance(event, SessionStarted | SessionEnded) and event.trial == number:
                history.apply(event)
    return history.trials[number]


def details(trial: TrialRecord) -> dict[str, object]:
    """Returns a trial for a page."""
    return {
        "number": trial.number,
        "seed": str(trial.seed),  # it may be larger than what JavaScript numbers represent exactly
        "state": trial.state,
        "attempt": trial.attempt,
        "started": trial.started,
        "duration": trial.duration,
        "reason": trial.reason,
        "message": trial.message,
        "params": {name: in_javascript(value) for name, value in trial.params.items()},
        "metrics": trial.metrics,
        "curve": _points(trial.curve),
        "replicates": [
            {"number": number, "seed": str(each.seed), "metrics": each.metrics, "curve": _points(each.curve)}
            for number, each in sorted(trial.replicates.items())
        ],
        "confirmations": [
            {"number": number, "seed": str(each.seed), "state": each.state, "metrics": each.metrics}
            for number, each in sorted(trial.confirmations.items())
        ],
    }


def _points(curve: Mapping[int, Mapping[str, float]]) -> Points:
    return sorted(curve.items())
