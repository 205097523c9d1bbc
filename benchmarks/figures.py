"""The figures that a benchmark returns, each with an optional target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    """The target value; None: shown for comparison only."""
    better: Literal["higher", "lower"] = "lower"

    @property
    def reached(self) -> bool | None:
        """True if the target is reached; None without a target."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal
