"""Processes that die between a trial's last report and its end: the resumed sweep trains nothing again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialStarted, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.tables import steady_rows

PRUNED = """
sweep_type: random
experiment: {workload: "toy:saving"}
parameters: {x: {low: 0.0, high: 1.0}, y: {low: 0.0, high: 1.0}}
execution: {max_parallel: 2}
optimization: {n_trials: 16, lookahead: 2, pruner: MedianPruner, pruner_options: {n_startup_trials: 3}}
"""
REPLICATES = """
sweep_type: random
experiment: {workload: "toy:chancy", replicates: 3}
parameters: {x: {low: 0.0, high: 1.0}}
execution: {max_parallel: 2}
optimization: {n_trials: 8, lookahead: 2, pruner: MedianPruner, pruner_options: {n_startup_trials: 2}}
"""


def _cut_before(folder: SweepFolder, place: Path, end: TrialEnded) -> SweepFolder:
    """Copies a sweep as a power cut just before the end of a trial leaves it."""
    copy = SweepFolder(place / folder.sweep_id)
    shutil.copytree(folder.path, copy.path)
    events = list(read_events(folder.journal))
    lines = folder.journal.read_bytes().splitlines(keepends=True)[: events.index(end)]
    copy.journal.write_bytes(b"".join(lines))
    started = {event.trial for event in events[: len(lines)] if isinstance(event, TrialStarted)}
    for number in {event.trial for event in events if isinstance(event, TrialStarted)} - started:
        shutil.rmtree(copy.trial(number))
    return copy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "state"),
    [(PRUNED, TrialState.PRUNED), (REPLICATES, TrialState.PRUNED), (REPLICATES, TrialState.COMPLETE)],
)
def test_a_trial_whose_end_was_not_recorded_ends_by_its_last_report(
    start: Callable[[str], SweepFolder], tmp_path: Path, text: str, state: TrialState
) -> None:
    folder = start(text)
    run_sweep(folder)
    ends = [e for e in read_events(folder.journal) if isinstance(e, TrialEnded) and e.state is state]
    for number, end in enumerate([ends[0], ends[-1]]):
        copy = _cut_before(folder, tmp_path / str(number), end)
        run_sweep(copy)
        assert steady_rows(copy) == steady_rows(folder)
        attempts = [
            e.attempt for e in read_events(copy.journal) if isinstance(e, TrialStarted) and e.trial == end.trial
        ]
        assert attempts == [end.attempt], "it was not started again"
