"""The figure of the workers' timeline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from morphogenetic_engine.reports.analysis.timeline import timeline_of
from morphogenetic_engine.reports.drawing.charts import Boxes, Chart
from morphogenetic_engine.reports.figures.timeline import timeline_figure
from morphogenetic_engine.sweeps.record.attempts import Attempt, Span
from morphogenetic_engine.sweeps.record.events import TrialState
from tests.reports.sweeps import sweep


@pytest.mark.parametrize("state", [each for each in TrialState if each is not TrialState.PROMOTED])
def test_an_attempt_has_a_bar_however_it_ended(state: TrialState) -> None:
    result = replace(
        sweep([], {"x": {"low": 0.0, "high": 1.0}}),
        attempts=[Attempt(0, 0, 0, 0, 100.0, 104.0, state)],
        spans=[Span(100.0, 110.0, 1)],
    )
    (chart,) = timeline_figure(timeline_of(result)).charts
    assert isinstance(chart, Chart)
    drawn = [mark for mark in chart.marks if isinstance(mark, Boxes) and mark.left]
    assert [mark.label for mark in drawn] == [state.value]
