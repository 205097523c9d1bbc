"""A sweep read back from its folder: its trials, the best of them, the Pareto front.

Everything that looks at a sweep looks at a SweepResult.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.attempts import Attempt, Span
from morphogenetic_engine.sweeps.record.events import Outcome, SessionEnded, SessionStarted, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.trials import TrialRecord, read_history
from morphogenetic_engine.sweeps.schema.objective import Objective, broken_limits, violation_of
from morphogenetic_engine.sweeps.space.parameter_axes import Choices

_NUMBERS = frozenset({int, float})
"""The types of a range's values; a boolean is none of them."""


@dataclass(frozen=True)
class SweepResult:
    """A sweep as its journal tells it, finished or not."""

    info: SweepInfo
    trials: Sequence[TrialRecord]
    """In the order of their numbers."""
    sessions: Sequence[SessionStarted]
    last_end: SessionEnded | None
    """The outcome of the last session; None while it runs, or if it was killed."""
    attempts: Sequence[Attempt] = ()
    """The attempts of all workers, in the order of their starts."""
    spans: Sequence[Span] = ()
    """From when to when each session ran."""
    path: Path | None = None
    """The folder that it was read from."""

    @property
    def config(self) -> SweepConfig:
        return self.info.config

    @property
    def outcome(self) -> Outcome | None:
        return self.last_end.outcome if self.last_end else None

    @cached_property
    def counts(self) -> Counter[TrialState]:
        """The number of trials in each state."""
        return Counter(trial.state for trial in self.trials)

    @property
    def complete(self) -> Iterator[TrialRecord]:
        return (trial for trial in self.trials if trial.state is TrialState.COMPLETE)

    @property
    def feasible(self) -> Iterator[TrialRecord]:
        """The complete trials that keep the outcome constraints; all of them where there are none."""
        return (trial for trial in self.complete if self.config.optimization.is_feasible(trial.metrics))

    @cached_property
    def ruled_out(self) -> Mapping[int, Mapping[str, str]]:
        """The complete trials that break outcome constraints: by number, the broken ones by metric."""
        limits = self.config.optimization.outcome_constraints
        broken = {trial.number: broken_limits(limits, trial.metrics) for trial in self.complete} if limits else {}
        return {number: found for number, found in broken.items() if found}

    @cached_property
    def ranked(self) -> Sequence[TrialRecord]:
        """The feasible trials by their objective, the best first; of equals, the lower number first."""
        target, sign = self.config.optimization.target_metric, self.config.optimization.direction.sign
        return sorted(self.feasible, key=lambda trial: (-sign * trial.metrics[target], trial.number))

    @cached_property
    def in_order(self) -> Sequence[TrialRecord]:
        """All complete trials: the feasible ones as ranked, then those that are ruled out, the nearest first."""
        limits = self.config.optimization.outcome_constraints
        ruled_out = [trial for trial in self.complete if trial.number in self.ruled_out]
        return [*self.ranked, *sorted(ruled_out, key=lambda each: (violation_of(limits, each.metrics), each.number))]

    @cached_property
    def pareto_front(self) -> Sequence[TrialRecord]:
        """The feasible trials that no other one beats in one objective without losing in another, by the first."""
        objectives = self.config.optimization.all_objectives
        front: list[TrialRecord] = []
        for trial in self.ranked:  # by the first objective: who beats a trial stands before it, or is its equal there
            if not any(dominates(other, trial, objectives) for other in front):
                front = [*(other for other in front if not dominates(trial, other, objectives)), trial]
        return front

    @property
    def rankable(self) -> str:
        """The word for the trials that can be the best: complete, or complete and feasible under constraints."""
        return "feasible" if self.ruled_out else "complete"

    @property
    def ruling_out(self) -> str:
        """One line on the trials that outcome constraints rule out; empty: there are none."""
        if not self.ruled_out:
            return ""
        limits = self.config.optimization.outcome_constraints
        counts = Counter(metric for broken in self.ruled_out.values() for metric in broken)
        by = ", ".join(f"{metric} {limits[metric].shown}: {count}" for metric, count in counts.most_common())
        count, complete = len(self.ruled_out), self.counts[TrialState.COMPLETE]
        if count < complete:
            return f"outcome constraints rule out {count} of {complete} complete trials ({by})"
        nearest = min(self.complete, key=lambda trial: (violation_of(limits, trial.metrics), trial.number))
        broken = ", ".join(f"{metric} {found}" for metric, found in self.ruled_out[nearest.number].items())
        trials = "the only complete trial breaks" if complete == 1 else f"all {complete} complete trials break"
        return f"no trial is feasible: {trials} outcome constraints ({by}); nearest: trial {nearest.number}, {broken}"

    @property
    def steps_saved_by_pruning(self) -> int:
        """The steps that pruning saved, compared with the median length of a complete trial."""
        lengths = [len(trial.curve) for trial in self.complete]
        pruned = [len(trial.curve) for trial in self.trials if trial.state is TrialState.PRUNED]
        if not lengths or not pruned:
            return 0
        return sum(max(0, round(statistics.median(lengths)) - length) for length in pruned)

    @property
    def steps(self) -> int:
        """The number of steps that all trials reported."""
        return sum(len(trial.curve) for trial in self.trials)

    @property
    def best(self) -> TrialRecord | None:
        """The feasible trial with the best objective; of equals, the first."""
        return self.ranked[0] if self.ranked else None


def dominates(one: TrialRecord, other: TrialRecord, objectives: Sequence[Objective]) -> bool:
    """Returns whether a trial is at least as good as another in every objective, and better in one."""
    better = [each.direction.better(one.metrics[each.metric], other.metrics[each.metric]) for each in objectives]
    worse = [each.direction.better(other.metrics[each.metric], one.metrics[each.metric]) for each in objectives]
    return any(better) and not any(worse)


def read_result(folder: SweepFolder, *, keep_curves: bool = True) -> SweepResult:
    """Reads a sweep back from its folder.

    Raises:
        SweepError: a file of it is damaged or of a newer format.
        StoreError: a file of it cannot be read.
    """
    info = folder.read_info()
    history = read_history(folder, keep_curves=keep_curves, identities=info.identities)
    trials = [history.trials[number] for number in sorted(history.trials)]
    for trial in trials:
        _check_values(folder, info.config, trial)
    return SweepResult(
        info, trials, history.sessions, history.last_end, history.attempts.all, history.attempts.spans, folder.path
    )


def _check_values(folder: SweepFolder, config: SweepConfig, trial: TrialRecord) -> None:
    """Checks that a trial's values are of the sweep's space, and that a complete one has all objectives.

    Raises:
        SweepError: they are not: the journal is another sweep's, or was written by somebody who means harm.
    """
    for name, axis in config.space.axes.items():
        value = trial.params.get(name)
        if value is None:
            continue  # its condition does not hold
        known = value in axis.values if isinstance(axis, Choices) else type(value) in _NUMBERS
        if not known:
            shown = repr(value)[:80]
            raise SweepError(f"{folder.journal}: trial {trial.number}: {name}={shown} is not in the sweep's space")
    if trial.state is TrialState.COMPLETE:
        missing = [each.metric for each in config.optimization.all_objectives if each.metric not in trial.metrics]
        if missing:
            raise SweepError(f"{folder.journal}: trial {trial.number}: is complete without the objective {missing[0]}")
