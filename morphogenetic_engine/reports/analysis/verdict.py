"""Tests whether the best configuration is better than the baseline and than the runner-up.

What a search says of its winner is too good, for the winner is the luckiest of many. Fresh seeds (`sweep confirm`) are
the evidence that counts; replicates, whose seeds the search has used, come second; a single seed says nothing.
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
    """The best configuration beside the baseline and the runner-up."""

    trial: int
    """The best: by the mean over fresh seeds where there are any, else by the search."""
    evidence: Evidence
    seeds: int
    """Values of the objective that are known of the best, of that kind."""
    against_baseline: Comparison | None
    """None: the sweep has no baseline, it is the best itself, or nothing is known of it."""
    against_runner_up: Comparison | None
    """None: there is no second configuration of which anything is known, or it is the baseline."""
    runner_up: int | None
    baseline: int | None


def verdict_of(result: SweepResult) -> BestVerdict | None:
    """Return whether the best is really better; None without a complete trial."""
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
    # The best was chosen among all of which anything is known, so all of them count, not only the two that are shown.
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
    sign = -1 if result.config.optimization.direction.better(1.0, 0.0) else 1
    return sorted(known, key=lambda number: (sign * mean_of(list(known[number].values())), number))
