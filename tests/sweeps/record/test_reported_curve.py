"""A curve behaves as a dictionary of metrics by step."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.record.reported_curve import ReportedCurve

NUMBERS = st.floats(allow_nan=False) | st.integers(0, 3)
METRICS = st.fixed_dictionaries({"acc": NUMBERS, "loss": NUMBERS}) | st.dictionaries(st.sampled_from("abc"), NUMBERS)
STEPS = st.integers(-1, 9) | st.sampled_from([2**53, 2**63, 10**30])


@given(st.lists(st.tuples(STEPS, METRICS | st.none())))
def test_any_sequence_of_reports_and_removals_gives_what_a_dictionary_gives(
    changes: list[tuple[int, Mapping[str, float] | None]],
) -> None:
    curve, known = ReportedCurve(), dict[int, Mapping[str, float]]()
    for step, metrics in changes:
        if metrics is not None:
            curve[step] = known[step] = metrics
        elif step in known:
            del curve[step], known[step]
        else:
            with pytest.raises(KeyError):
                del curve[step]
        assert list(curve.items()) == list(known.items()) and len(curve) == len(known)
        assert curve == known and known == curve
        assert curve.get(step) == known.get(step)
    assert pickle.loads(pickle.dumps(curve)) == known
    kinds = [type(value) for each in known.values() for value in each.values()]
    assert [type(value) for each in curve.values() for value in each.values()] == kinds


def test_a_usual_curve_is_small() -> None:
    curve = ReportedCurve()
    for step in range(1000):
        curve[step] = {"val_acc": step / 7, "val_loss": step / 9, "train_loss": step / 11}
    assert sum(sys.getsizeof(getattr(curve, name)) for name in ReportedCurve.__slots__) < 40_000
