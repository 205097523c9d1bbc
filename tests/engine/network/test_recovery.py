"""The measured cost of germinations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.engine.network.recovery import Recovery, recovery


@pytest.mark.parametrize(
    ("val_acc", "germinations", "dip", "epochs"),
    [
        ([0.5, 0.9, 0.1], [], 0.0, 0.0),
        ([0.5, 0.5, 0.6, 0.7], [0], 0.0, 0.0),
        ([0.5, 0.5, 0.25, 0.375, 0.5], [0], 0.25, 2.0),
        ([0.5, 0.25, 0.125], [0], 0.375, 2.0),
        ([0.5, 0.25, 0.5, 0.0], [0], 0.25, 1.0),
        ([0.5, 0.25, 0.5, 0.5], [0, 2], 0.125, 0.5),
        ([0.5, 0.5], [1], 0.0, 0.0),
    ],
    ids=["none", "only-gains", "fall-and-return", "never-back", "later-falls-are-others", "mean-of-two", "at-the-end"],
)
def test_first_fall_below_the_value_at_germination(
    val_acc: list[float], germinations: list[int], dip: float, epochs: float
) -> None:
    assert recovery(val_acc, germinations) == Recovery(dip, epochs)


@given(val_acc=st.lists(st.floats(0, 1), min_size=2, max_size=30), data=st.data())
def test_dip_and_time_are_bounded_and_appear_together(val_acc: list[float], data: st.DataObject) -> None:
    germinations = sorted(data.draw(st.sets(st.integers(0, len(val_acc) - 1), min_size=1)))
    found = recovery(val_acc, germinations)
    assert 0.0 <= found.accuracy_dip <= 1.0
    assert 0.0 <= found.recovery_time <= len(val_acc)
    assert (found.accuracy_dip > 0) == (found.recovery_time > 0)
