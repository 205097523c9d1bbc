"""The order of two objectives, by their direction."""

from __future__ import annotations

import pytest

from morphogenetic_engine.sweeps.schema.objective import Direction


@pytest.mark.parametrize(("direction", "better"), [(Direction.MAXIMIZE, 2.0), (Direction.MINIMIZE, 1.0)])
def test_better_is_strictly_better_in_the_direction(direction: Direction, better: float) -> None:
    worse = 3.0 - better
    assert direction.better(better, worse)
    assert not direction.better(worse, better)
    assert not direction.better(better, better)
    assert direction.sign * better > direction.sign * worse
