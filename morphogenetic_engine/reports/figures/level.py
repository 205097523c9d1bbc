"""Maps trials to colour levels by the rank of their objective, so that a diverged trial does not use up the scale.

The full trainings of a halving are few; there, the trials that were stopped at a rung have a rank as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import LEVELS, ColourKey
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.importance.compared import compared
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

_STOPPED = " Trials that were stopped at a rung rank by the rung that they reached, then by the objective there."


def ordered_trials(result: SweepResult) -> Sequence[TrialRecord]:
    """Returns the trials that have a rank, the best first and those that constraints rule out last."""
    first, *others = result.config.optimization.all_objectives
    found = compared(result, first)
    if others or not found.rungs:
        return result.in_order
    ruled_out = [trial for trial in found.trials if trial.number in result.ruled_out]
    return [*(trial for trial in found.trials if trial.number not in result.ruled_out), *ruled_out]


def stopped_note(result: SweepResult) -> str:
    """Returns how trials that were stopped rank, as a sentence after others; empty where none of them has a rank."""
    return _STOPPED if len(ordered_trials(result)) > len(result.in_order) else ""


def trial_levels(result: SweepResult) -> dict[int, int]:
    """Returns the colour level of each trial that has a rank: the order in sevenths, level 0 the worst."""
    trials = ordered_trials(result)
    count = len(trials)
    return {
        trial.number: min(LEVELS - 1, (count - 1 - place) * LEVELS // max(1, count))
        for place, trial in enumerate(trials)
    }


def level_style(level: int) -> str:
    """Returns the style of a level."""
    return f"level-{level}"


def rank_key(result: SweepResult) -> ColourKey:
    """Returns the colour key of the levels."""
    metric, ranked = result.config.optimization.target_metric, result.ranked
    worst, best = (number_text(ranked[place].metrics[metric]) if ranked else "" for place in (-1, 0))
    lowest = "stopped first" if stopped_note(result) else f"worst {worst}".strip()
    return ColourKey(lowest, f"best {best}".strip(), f"{metric} by rank")
