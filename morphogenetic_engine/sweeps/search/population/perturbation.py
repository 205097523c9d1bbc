"""Changes parameters a little, or draws them anew: the exploration of population-based training."""

from __future__ import annotations

from random import Random

from morphogenetic_engine.sweeps.schema.halving_section import Pbt
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params, Value

_ATTEMPTS = 32


def explored(params: Params, space: Space, pbt: Pbt, chance: Random) -> dict[str, Value]:
    """Returns parameters of which those that may change have changed; unchanged where no change keeps the constraints.

    Source: Jaderberg et al., Population based training of neural networks (2017), perturb and resample.
    """
    for _ in range(_ATTEMPTS):
        changed = dict(params)
        for name in pbt.change:
            if name in params:
                changed[name] = _changed(space.axes[name], params[name], pbt, chance)
        if space.allows(changed):
            return changed
    return dict(params)


def _changed(axis: Parameter, value: Value, pbt: Pbt, chance: Random) -> Value:
    draws_anew, place, up = chance.random() < pbt.resample, chance.random(), chance.random() < 0.5
    return axis.from_unit(place) if draws_anew else perturbed(axis, value, pbt.factor, up=up)


def perturbed(axis: Parameter, value: Value, factor: float, *, up: bool) -> Value:
    """Returns the value above or below, within the range: a neighbour of a choice, a factor or a share of a range."""
    if isinstance(axis, Choices):
        place = axis.values.index(value) + (1 if up else -1)
        return axis.values[min(max(place, 0), len(axis.values) - 1)]
    number = float(value)
    if axis.log:
        target = number * factor if up else number / factor
    else:
        width = (factor - 1) / 2 * (axis.high - axis.low)
        target = number + width if up else number - width
    return _inside(axis, number, target, up=up)


def _inside(axis: IntRange | FloatRange, number: float, target: float, *, up: bool) -> Value:
    """Returns the value of a range nearest to a target; of a range with steps one that is at least a step away."""
    if isinstance(axis, FloatRange) and axis.step is None:
        return min(max(target, axis.low), axis.high)
    step, size = axis.step or 1, axis.size or 1
    here = round((number - axis.low) / step)
    there = round((min(max(target, axis.low), axis.high) - axis.low) / step)
    place = max(there, here + 1) if up else min(there, here - 1)
    return axis.at(min(max(place, 0), size - 1))
