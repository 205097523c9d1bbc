"""Reports are gathered for a moment; nothing is held back that somebody waits for, and the order stays."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.backends.dask.gathered_reports import GatheredReports
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.run.messages import Ended, Message, Reported, TrialTask


def _task(*, decides: bool) -> TrialTask:
    return TrialTask(0, 0, 1, {}, Path("x"), ["val_acc"], decides=decides)


def _report(step: int) -> Reported:
    return Reported(0, 0, step, {"val_acc": 0.5})


def test_the_first_report_is_sent_at_once_and_those_that_follow_wait_for_the_end() -> None:
    reports = GatheredReports()
    assert reports.gathered([_report(0)]) == [_report(0)]
    assert reports.gathered([_report(1)]) == []
    end = Ended(0, 0, TrialState.COMPLETE)
    assert reports.gathered([end]) == [_report(1), end]
    assert not reports.held


def test_what_is_due_is_sent_without_a_further_message() -> None:
    reports = GatheredReports()
    reports.gathered([_report(0)])
    reports.gathered([_report(1)])
    while reports.due is not None and time.monotonic() < reports.due:
        assert reports.held == [_report(1)]
    assert reports.gathered([]) == [_report(1)]


def test_a_report_that_waits_for_a_decision_is_sent_at_once() -> None:
    reports = GatheredReports()
    reports.expect([_task(decides=True)])
    assert reports.gathered([_report(0)]) == [_report(0)]
    assert reports.gathered([_report(1)]) == [_report(1)]


@given(st.lists(st.lists(st.sampled_from(["report", "end"]), max_size=3), max_size=20))
def test_messages_keep_their_order_and_none_is_lost(batches: list[list[str]]) -> None:
    reports, sent, heard = GatheredReports(), list[object](), list[Message]()
    for batch in batches:
        messages: list[Message] = [
            _report(len(heard) + place) if kind == "report" else Ended(0, 0, TrialState.COMPLETE)
            for place, kind in enumerate(batch)
        ]
        heard += messages
        sent += reports.gathered(messages)
    assert [*sent, *reports.held] == heard
