"""The table of the workers: its texts."""

from __future__ import annotations

import pytest

from morphogenetic_engine.monitor.display.worker_table import clock


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "00:00"), (61, "01:01"), (3599.6, "1:00:00"), (90061, "25:01:01")])
def test_a_duration_is_minutes_and_seconds_and_hours_where_there_are_some(seconds: float, text: str) -> None:
    assert clock(seconds) == text
