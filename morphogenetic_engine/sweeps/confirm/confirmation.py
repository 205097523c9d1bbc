"""The runs of a confirmation and their results: the best configurations and the baseline, on fresh paired seeds.

The best value of a search is too good: it is the luckiest of many. A second run with seeds that the search never saw
shows how good a configuration really is. The seeds are the same for every configuration, so that configurations can be
compared in pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.confirm.training_stages import searched_reports, stages_of
from morphogenetic_engine.sweeps.record.averages import deviation_of, mean_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Confirmation, TrialRecord, line_of
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.seeds import derived_seed
from morphogenetic_engine.trial import Params, text


@dataclass(frozen=True)
class FreshRun:
    """One configuration and one fresh seed."""

    trial: TrialRecord
    index: int
    seed: int


@dataclass(frozen=True)
class Confirmed:
    """The results of one configuration on fresh seeds; objectives in the order of the seeds' numbers."""

    trial: TrialRecord
    baseline: bool
    search_value: float | None
    """The objective that the search reported; None: the trial was not complete."""
    values: Sequence[float]
    """The objectives of the complete runs."""
    failed: int
    """The number of runs that did not complete."""
    line: Sequence[int] = ()
    """The trials whose parameters a run has one after the other, where the search found a schedule."""

    @property
    def mean(self) -> float | None:
        return mean_of(self.values) if self.values else None

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation; None below two values."""
        return deviation_of(self.values) if len(self.values) > 1 else None


def confirmation_seed(sweep_seed: int, index: int) -> int:
    """Returns fresh seed number `index`: the same for every configuration, and not used by the search."""
    return derived_seed(sweep_seed, "confirmation", index)


def check_seed_is_free(config: SweepConfig, where: str) -> None:
    """Checks that no parameter fixes the seed.

    Raises:
        ConfigError: a parameter `seed` would override the fresh seeds.
    """
    space = config.space
    if "seed" in space.axes:
        raise ConfigError(f"{where}: seed: is searched, so no fresh seed would be used; leave it out and sweep anew")
    if "seed" in space.fixed:
        given = text(space.fixed["seed"])
        raise ConfigError(f"{where}: seed: must be left out to confirm with fresh seeds, but got seed={given}")


def candidates(result: SweepResult, top: int) -> list[TrialRecord]:
    """Returns the trials whose configurations are confirmed: the `top` best, then the baseline unless it is among them.

    Of equal configurations the best trial stands for all; trial 0 stands for those that equal the baseline. In a
    population, the best trial of a line of descent stands for the line.

    Raises:
        SweepError: the sweep has no complete trial.
    """
    if not result.ranked:
        raise SweepError(f"sweep {result.info.sweep_id}: has no {result.rankable} trial to confirm")
    baseline = baseline_of(result)
    chosen: list[TrialRecord] = []
    runs = _Runs(result)
    for trial in result.ranked:
        if len(chosen) == top:
            break
        if baseline is not None and runs.have_only(trial, baseline.params):
            known, stands = baseline in chosen, baseline
        else:
            known, stands = any(each is not baseline and runs.are_equal(each, trial) for each in chosen), trial
        if not known:
            chosen.append(stands)
    return chosen if baseline is None or baseline in chosen else [*chosen, baseline]


class _Runs:
    """Tells which trials would be the same training from the start: in a population, those of one line of descent."""

    def __init__(self, result: SweepResult) -> None:
        self._trials = {trial.number: trial for trial in result.trials}
        self._population = result.config.optimization.strategy == "pbt"

    def have_only(self, trial: TrialRecord, params: Params) -> bool:
        """Returns whether a trial is trained with these parameters alone."""
        line = line_of(trial, self._trials) if self._population else [trial]
        return all(each.params == params for each in line)

    def are_equal(self, one: TrialRecord, other: TrialRecord) -> bool:
        """Returns whether two trials have the same parameters, or one of them goes on from the other."""
        if not self._population:
            return one.params == other.params
        first, second = ([each.number for each in line_of(trial, self._trials)] for trial in (one, other))
        return one.number in second or other.number in first


def baseline_of(result: SweepResult) -> TrialRecord | None:
    """Returns trial 0 if the configuration has defaults, which it then ran; otherwise None."""
    if result.config.baseline is None:
        return None
    return next((trial for trial in result.trials if trial.number == 0), None)


def fresh_runs(
    trials: Sequence[TrialRecord], seeds: int, sweep_seed: int, *, retry_failed: bool = False
) -> list[FreshRun]:
    """Returns the runs that the journal lacks, seed by seed, so that finished runs are always paired."""
    return [
        FreshRun(trial, index, confirmation_seed(sweep_seed, index))
        for index in range(seeds)
        for trial in trials
        if _is_open(trial.confirmations.get(index), retry_failed)
    ]


def confirmed(result: SweepResult, *, top: int, seeds: int) -> list[Confirmed]:
    """Returns the results so far on fresh seeds 0 to seeds - 1, for each configuration that is confirmed.

    Raises:
        SweepError: the sweep has no complete trial.
    """
    target, baseline = result.config.optimization.target_metric, baseline_of(result)
    summaries: list[Confirmed] = []
    for trial in candidates(result, top):
        stages = stages_of(trial, result)
        runs = [trial.confirmations[index] for index in range(seeds) if index in trial.confirmations]
        values = [run.metrics[target] for run in runs if run.state is TrialState.COMPLETE]
        ended = trial.state is TrialState.COMPLETE and stages[-1].reports == searched_reports(trial, result)
        reported = trial.metrics.get(target) if ended else None
        line = [stage.trial for stage in stages] if len(stages) > 1 else []
        summaries.append(Confirmed(trial, trial is baseline, reported, values, len(runs) - len(values), line))
    return summaries


def best_confirmed(result: SweepResult) -> tuple[TrialRecord, list[float]] | None:
    """Returns the complete trial with the best mean objective over fresh seeds, and the values; None without any."""
    rule = result.config.optimization
    known = [(trial, _objectives(trial, rule.target_metric)) for trial in result.ranked]
    found = [each for each in known if each[1]]
    return max(found, key=lambda each: rule.direction.sign * mean_of(each[1]), default=None)


def _objectives(trial: TrialRecord, metric: str) -> list[float]:
    runs = [run for _, run in sorted(trial.confirmations.items())]
    return [run.metrics[metric] for run in runs if run.state is TrialState.COMPLETE]


def _is_open(known: Confirmation | None, retry_failed: bool) -> bool:
    return known is None or (retry_failed and known.state is TrialState.FAILED)
