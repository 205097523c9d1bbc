"""Values as Katib's suggestion services draw and print them, for every form that a parameter can have.

Written from what the services of v0.19 do, traps included: hyperopt rounds to whole numbers, which halves the share of
the ends, scikit-optimize searches doubles in the logarithm and takes none from 0 on, Optuna moves a low end of a
logarithm up, Sobol never reaches the last of several integers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from morphogenetic_engine.backends.katib.render.algorithms import Algorithm
from morphogenetic_engine.backends.katib.render.search_space import KatibParameter


def assigned(parameter: KatibParameter, algorithm: Algorithm, unit: float) -> str:
    """Returns the text that Katib assigns for a number from 0 to 1 that its service drew."""
    space = parameter.feasible_space
    if parameter.kind == "categorical":
        values = space["list"]
        return values[min(int(unit * len(values)), len(values) - 1)]
    low, high = float(str(space["min"])), float(str(space["max"]))
    if parameter.kind == "double" and algorithm is Algorithm.BAYESIAN_OPTIMIZATION:
        if low <= 0:
            raise ValueError("Not all points are within the bounds of the space: the logarithm of 0 is none")
        return str(10 ** (math.log10(low) + unit * (math.log10(high) - math.log10(low))))
    value = _drawn(low, high, algorithm, space, unit)
    if parameter.kind == "int":
        top = math.floor(unit * (high - low)) + low if algorithm is Algorithm.SOBOL else round(value)
        return str(int(min(max(top, low), high)))
    return str(value)


def _drawn(low: float, high: float, algorithm: Algorithm, space: Mapping[str, object], unit: float) -> float:
    if space.get("distribution") == "logUniform":
        if algorithm not in {Algorithm.RANDOM, Algorithm.TPE, Algorithm.MULTIVARIATE_TPE}:
            return low + unit * (high - low)  # not looked at
        low = max(low, 1e-10) if algorithm is Algorithm.MULTIVARIATE_TPE else low
        return math.exp(math.log(low) + unit * (math.log(high) - math.log(low)))
    return low + unit * (high - low)
