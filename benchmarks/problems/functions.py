"""Functions with known minima, on which searches are compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from morphogenetic_engine.trial import Params

_ALPHA = (1.0, 1.2, 3.0, 3.2)
_A = (
    (10.0, 3.0, 17.0, 3.5, 1.7, 8.0),
    (0.05, 10.0, 17.0, 0.1, 8.0, 14.0),
    (3.0, 3.5, 1.7, 10.0, 17.0, 8.0),
    (17.0, 8.0, 0.05, 10.0, 0.1, 14.0),
)
_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


@dataclass(frozen=True)
class Function:
    """A function to be minimised."""

    name: str
    value: Callable[[Params], float]
    minimum: float
    parameters: Mapping[str, Mapping[str, float]]
    """Its ranges, as a sweep file has them."""


def _branin(params: Params) -> float:
    x, y = float(params["x"]), float(params["y"])
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def _hartmann(params: Params) -> float:
    point = [float(params[f"x{place}"]) for place in range(6)]
    return -math.fsum(
        alpha * math.exp(-math.fsum(a * (x - p) ** 2 for a, x, p in zip(row, point, centre, strict=True)))
        for alpha, row, centre in zip(_ALPHA, _A, _P, strict=True)
    )


BRANIN = Function(
    "Branin", _branin, 0.397887357729739, {"x": {"low": -5.0, "high": 10.0}, "y": {"low": 0.0, "high": 15.0}}
)
HARTMANN = Function(
    "Hartmann-6", _hartmann, -3.322368011391339, {f"x{place}": {"low": 0.0, "high": 1.0} for place in range(6)}
)
