"""The earlier trials that a strategy receives."""

from __future__ import annotations

import pytest

from morphogenetic_engine.sweeps.record.events import TrialStarted
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.strategy import earlier_than


def test_the_earlier_parameters_are_a_sequence_of_those_below_the_number() -> None:
    history = History()
    for number in range(5):
        history.apply(TrialStarted(0.0, number, 0, 0, 7, {"x": number}))
    params = earlier_than(4, 0, history.trials).params
    assert list(params) == [{"x": 0}, {"x": 1}, {"x": 2}, {"x": 3}]
    assert params[-1] == {"x": 3}
    assert params[1:3] == [{"x": 1}, {"x": 2}]
    with pytest.raises(IndexError):
        _ = params[4]
