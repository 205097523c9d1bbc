"""Ranks of values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from morphogenetic_engine.reports.stats.floats import Floats


def ranks_of(values: Floats | Sequence[float]) -> Floats:
    """Returns the ranks from 1; ties share their mean rank."""
    _, place_N, count_V = np.unique(values, return_inverse=True, return_counts=True)
    last_V = np.cumsum(count_V)
    ranks: Floats = (last_V - (count_V - 1) / 2)[place_N]
    return ranks
