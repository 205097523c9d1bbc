"""Maps trials to colour levels by the rank of their objective, so that a diverged trial does not use up the scale."""

from __future__ import annotations

from morphogenetic_engine.reports.drawing.charts import LEVELS, ColourKey
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.sweeps.results import SweepResult


def trial_levels(result: SweepResult) -> dict[int, int]:
    """Returns the colour level of each complete trial: the order in sevenths, level 0 the worst or ruled out."""
    count = len(result.in_order)
    return {
        trial.number: min(LEVELS - 1, (count - 1 - place) * LEVELS // max(1, count))
        for place, trial in enumerate(result.in_order)
    }


def level_style(level: int) -> str:
    """Returns the style of a level."""
    return f"level-{level}"


def rank_key(result: SweepResult) -> ColourKey:
    """Returns the colour key of the levels."""
    metric, ranked = result.config.optimization.target_metric, result.ranked
    worst, best = (number_text(ranked[place].metrics[metric]) if ranked else "" for place in (-1, 0))
    return ColourKey(f"worst {worst}".strip(), f"best {best}".strip(), f"{metric} by rank")
