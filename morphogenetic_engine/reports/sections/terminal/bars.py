"""Renders curves and bars in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

_LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉"


def sparkline(values: Sequence[float], width: int = 20, *, low: float | None = None, high: float | None = None) -> str:
    """Returns a curve as one line of at most `width` characters: each shows the mean of its part of the values.

    `low` and `high` are the ends of the scale, by default the smallest and the largest value.
    """
    if not values:
        return ""
    exponent = math.frexp(max(map(abs, values)))[1]  # sums and differences of 1e308 overflow
    values = [math.ldexp(value, -exponent) for value in values]
    low, high = (None if each is None else math.ldexp(each, -exponent) for each in (low, high))
    parts = min(width, len(values))
    edges = [round(part * len(values) / parts) for part in range(parts + 1)]
    means = [sum(values[start:end]) / (end - start) for start, end in zip(edges, edges[1:], strict=False)]
    bottom = min(means) if low is None else low
    top = max(means) if high is None else high
    if not top > bottom:
        return _LEVELS[len(_LEVELS) // 2] * parts
    places = [(mean - bottom) / (top - bottom) * (len(_LEVELS) - 1) for mean in means]
    return "".join(_LEVELS[min(len(_LEVELS) - 1, max(0, round(place)))] for place in places)


def share_bar(share: float, width: int = 20) -> str:
    """Returns a bar that fills a share (0 to 1) of `width` characters, exact to an eighth of one."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)
