"""Values as Katib's suggestion services draw and print them, for every form that a parameter can have.

Written from what the services of v0.19 do, traps included: hyperopt rounds to multiples of a step, scikit-optimize
searches doubles in the logarithm, Sobol never reaches the last of several integers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from morphogenetic_engine.sweeps.katib.algorithms import Algorithm
from morphogenetic_engine.sweeps.katib.search_space import KatibParameter


def assigned(parameter: KatibParameter, algorithm: Algorithm, unit: float) -> str:
    """Return the text that Katib assigns for a number from 0 to 1 that its service drew."""
    space = parameter.feasible_space
    if parameter.kind == "categorical":
        values = space["list"]
        return values[min(int(unit * len(values)), len(values) - 1)]
    low, high = float(str(space["min"])), float(str(space["max"]))
    value = _drawn(low, high, algorithm, space, unit)
    if parameter.kind == "int":
        top = math.floor(unit * (high - low)) + low if algorithm is Algorithm.SOBOL else round(value)
        return str(int(min(max(top, low), high)))
    return str(value)


def _drawn(low: float, high: float, algorithm: Algorithm, space: Mapping[str, object], unit: float) -> float:
    if algorithm is Algorithm.BAYESIAN_OPTIMIZATION and low > 0:
        return 10 ** (math.log10(low) + unit * (math.log10(high) - math.log10(low)))
    if space.get("distribution") == "logUniform":
        return math.exp(math.log(low) + unit * (math.log(high) - math.log(low)))
    return low + unit * (high - low)
