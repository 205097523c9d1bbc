"""Replicates: the same configuration with several seeds, and the combination of their metrics."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Mapping, Sequence

from morphogenetic_engine.sweeps.record.averages import deviation_of, mean_of
from morphogenetic_engine.sweeps.record.trials import Replicate
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig
from morphogenetic_engine.sweeps.space.seeds import derived_seed


def replicate_seed(sweep_seed: int, replicate: int) -> int:
    """Returns the seed of a replicate: the same for every configuration, so that all are compared on equal seeds."""
    return derived_seed(sweep_seed, "replicate", replicate)


def combined_metrics(replicates: Mapping[int, Replicate], optimization: OptimizationConfig) -> dict[str, float]:
    """Returns the combined metrics of replicates: objectives by the configured rule, other metrics as means."""
    objectives = {objective.metric: objective.direction for objective in optimization.all_objectives}
    names = set.intersection(*(set(replicate.metrics) for replicate in replicates.values()))
    combined: dict[str, float] = {}
    for name in sorted(names):
        values = [replicates[number].metrics[name] for number in sorted(replicates)]
        rule = optimization.replicate_objective if name in objectives else "mean"
        combined[name] = _combined(values, rule, objectives.get(name, Direction.MAXIMIZE))
    return combined


def _combined(values: Sequence[float], rule: str, direction: Direction) -> float:
    if rule == "median":
        return mean_of([statistics.median_low(values), statistics.median_high(values)])
    mean = mean_of(values)
    if rule == "mean" or len(values) < 2:
        return mean
    from scipy.stats import t  # pylint: disable=import-outside-toplevel  # slow to import, and rarely asked for

    half = float(t.ppf(0.975, len(values) - 1)) * deviation_of(values) / math.sqrt(len(values))
    bound = mean - half if direction is Direction.MAXIMIZE else mean + half
    return min(max(bound, -sys.float_info.max), sys.float_info.max)  # a metric is finite
