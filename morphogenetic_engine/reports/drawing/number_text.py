"""Formats numbers for axes and sentences."""

from __future__ import annotations

import math


def number_text(value: float, digits: int = 4) -> str:
    """Returns a number in that many significant digits: `12,000`, `0.0031`, `1e-5`, `-3`."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "not a number")
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    size = int(exponent)
    if size < -4 or size >= 7:
        return f"{_trimmed(mantissa)}e{size}"
    decimals = max(0, digits - 1 - size)
    return _trimmed(f"{round(value, digits - 1 - size):,.{decimals}f}")


def p_text(p: float | None) -> str:
    """Returns a p-value in two significant digits, never below 0.0001: `p = 0.031`, `p < 0.0001`."""
    if p is None:
        return "p unknown"
    return f"p = {number_text(p, 2)}" if p >= 1e-4 else "p < 0.0001"


def fixed_text(value: float, step: float) -> str:
    """Returns a number with the decimals that the axis step needs, so that all labels have the same precision."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if value != 0 and (abs(value) >= 1e7 or decimals > 9 or (decimals > 5 and abs(value) < 0.1)):
        return number_text(value, max(1, math.floor(math.log10(abs(value)) - math.log10(step)) + 2))
    if not math.isclose(round(step, decimals), step, rel_tol=1e-6):
        decimals += 1  # steps of 2.5
    return f"{value:,.{decimals}f}"


def _trimmed(written: str) -> str:
    return written.rstrip("0").rstrip(".") if "." in written else written
