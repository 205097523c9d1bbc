"""Tests whether the best configuration is better than the baseline and than the runner-up.

The value of the best trial is biased upwards, because it is the maximum of many. Fresh seeds (`sweep confirm`) are the
strongest evidence; replicates, whose seeds the search used, come second; a single seed is not tested.
"""

from __future__ import annotations

from dataclasses import dataclass

from morphogenetic_engine.reports.analysis.evidence import Evidence, Known, strongest_of
from morphogenetic_engine.reports.stats.comparison import Comparison, Sample, compare
from morphogenetic_engine.sweeps.confirm.confirmation import baseline_of
from morphogenetic_engine.sweeps.record.averages import mean_of
from morphogenetic_engine.sweeps.results import SweepResult


@dataclass(frozen=True)
class BestVerdict:
    """The best configuration compared with the baseline and the runner-up."""

    trial: int
    """The best: by the mean over fresh seeds where there are any, else by the search."""
    evidence: Evidence
    seeds: int
    """The number of values of the best trial of that kind of evidence."""
    against_baseline: Comparison | None
    """None: the sweep has no baseline, it is the best itself, or it has no such evidence."""
    against_runner_up: Comparison | None
    """None: no second configuration has such evidence, or it is the baseline."""
    runner_up: int | None
    baseline: int | None


def verdict_of(result: SweepResult) -> BestVerdict | None:
    """Returns the verdict on the best configuration; None without a complete trial."""
    if result.best is None:
        return None
    target, direction = result.config.optimization.target_metric, result.config.optimization.direction
    evidence, known = strongest_of(result, target)
    order = _order(result, known, evidence)
    best, baseline = order[0], baseline_of(result)
    against_baseline = baseline.number if baseline is not None and baseline.number != best else None
    params = next(trial.params for trial in result.trials if trial.number == best)
    same = {trial.number for trial in result.trials if trial.params == params}
    runner_up = next((number for number in order[1:] if number not in same), None)
    samples = {number: Sample(f"trial {number}", values) for number, values in known.items()}
    # The best was chosen among all candidates, so the correction counts all of them, not only the two shown.
    rivals = [number for number in (against_baseline, runner_up) if number is not None and number in samples]
    rivals = list(dict.fromkeys(rivals))
    found = [
        compare(
            samples[best],
            samples[number],
            direction,
            comparisons=len(samples) - 1,
            seed=result.config.optimization.seed,
        )
        for number in rivals
    ]
    by_rival = dict(zip(rivals, found, strict=True))
    return BestVerdict(
        trial=best,
        evidence=evidence,
        seeds=len(known[best]),
        against_baseline=by_rival.get(against_baseline) if against_baseline is not None else None,
        against_runner_up=by_rival.get(runner_up) if runner_up not in (None, against_baseline) else None,
        runner_up=runner_up,
        baseline=baseline.number if baseline is not None else None,
    )


def _order(result: SweepResult, known: dict[int, Known], evidence: Evidence) -> list[int]:
    if evidence in (Evidence.REPLICATES, Evidence.ONE_SEED):  # the search's own order
        return [trial.number for trial in result.ranked if trial.number in known]
    sign = result.config.optimization.direction.sign
    return sorted(known, key=lambda number: (-sign * mean_of(list(known[number].values())), number))
