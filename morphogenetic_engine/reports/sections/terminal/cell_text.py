"""Formats values, counts and names for table cells."""

from __future__ import annotations

from morphogenetic_engine.sweeps.space.search_space import shown
from morphogenetic_engine.trial import Value


def metric_text(value: float | None) -> str:
    """Returns a metric in six digits; empty for None."""
    return "" if value is None else f"{value:.6g}"


def value_text(value: Value | None) -> str:
    """Returns the value of a parameter; empty where the parameter does not apply."""
    return "" if value is None else shown(value)


def counted(count: int, what: str) -> str:
    """Returns a count with its noun: `1 trial`, `2 trials`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def short_text(text: str, letters: int) -> str:
    """Returns a text shortened in its middle: similar names usually differ at an end."""
    if len(text) <= letters:
        return text
    head = letters // 2
    return f"{text[:head]}…{text[head + 1 - letters :]}"
