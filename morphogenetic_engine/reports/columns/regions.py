"""Parts of the search space: the values of one parameter, or ranges of them with about as many trials each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.reports.columns.columns import Column
from morphogenetic_engine.sweeps.space.search_space import shown
from morphogenetic_engine.trial import Value

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Region:
    """One part of one parameter's values."""

    parameter: str
    label: str
    """The label: `relu`, `0.001 to 0.01`, or `absent` where a condition leaves the parameter out."""
    value: Value | None = None
    """The value; None for a range."""
    low: float | None = None
    high: float | None = None
    """The ends of a range, which belong to it: the values that trials had."""


@dataclass(frozen=True)
class Split:
    """The trials by the region that they lie in: N trials."""

    regions: tuple[Region, ...]
    place_N: NDArray[np.intp]
    """For each trial the index of its region in `regions`."""


def split(column: Column, parts: int) -> Split:
    """Splits trials by a parameter: by value where there are at most `parts`, else by equally full ranges."""
    if column.categorical:
        found = _by_value(column, [(float(place), level) for place, level in enumerate(column.levels)])
    else:
        distinct = np.unique(column.values_N[column.present_N])
        if distinct.size <= parts:
            found = _by_value(column, [(value, _number(value)) for value in distinct.tolist()])
        else:
            found = _by_range(column, parts)
    return _with_absent(column, found)


def _by_value(column: Column, values: list[tuple[float, Value]]) -> Split:
    regions: list[Region] = []
    place_N = np.full(column.values_N.size, -1, dtype=np.intp)
    for number, value in values:
        here_N = column.values_N == number
        if here_N.any():
            place_N[here_N] = len(regions)
            regions.append(Region(column.name, shown(value), value=value))
    return Split(tuple(regions), place_N)


def _by_range(column: Column, parts: int) -> Split:
    present = column.values_N[column.present_N]
    cuts = np.unique(np.quantile(present, np.linspace(0, 1, parts + 1)[1:-1], method="lower"))
    bin_N = np.searchsorted(cuts, column.values_N, side="left")  # a cut belongs to the range below it
    regions: list[Region] = []
    place_N = np.full(column.values_N.size, -1, dtype=np.intp)
    for number in range(cuts.size + 1):
        here_N = (bin_N == number) & column.present_N
        if here_N.any():
            low, high = float(column.values_N[here_N].min()), float(column.values_N[here_N].max())
            place_N[here_N] = len(regions)
            label = shown(_number(low)) if low == high else f"{shown(_number(low))} to {shown(_number(high))}"
            regions.append(Region(column.name, label, low=low, high=high))
    return Split(tuple(regions), place_N)


def _with_absent(column: Column, found: Split) -> Split:
    if column.present_N.all():
        return found
    place_N = found.place_N.copy()
    place_N[~column.present_N] = len(found.regions)
    return Split((*found.regions, Region(column.name, ABSENT)), place_N)


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
