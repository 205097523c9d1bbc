"""A workload in the form of a function: the Branin function, a well-known test of optimisers.

Its three minima have the value 0.397887. Source: Dixon and Szegö, Towards Global Optimisation 2 (1978).
"""

from __future__ import annotations

import math

from morphogenetic_engine.trial import Metrics, Params, Trial


def train(params: Params, trial: Trial) -> Metrics:
    """Returns the value of the function at (x, y)."""
    x, y = float(params["x"]), float(params["y"])
    bowl = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
    value = bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10
    trial.report(0, {"branin": value})
    return {"branin": value}
