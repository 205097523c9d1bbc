"""Asynchronous successive halving (ASHA), exact: for a search whose end is open, so that no bracket can be sized.

The search is a sequence of jobs: train a fresh configuration to the first rung, or a paused one to the next. Job j is
decided by the results of the jobs up to j - lookahead, in their order, whatever else has ended by then; so the sequence
is the same for any number of workers. Source: Li et al., A system for massively parallel hyperparameter tuning (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import strategy_kind
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.schema.objective import broken_text
from morphogenetic_engine.sweeps.search.halving.ranking import ranked
from morphogenetic_engine.sweeps.search.halving.rung_results import metrics_at
from morphogenetic_engine.sweeps.strategy import Earlier, Reports, RungDecision, TrialDecisions, Trials
from morphogenetic_engine.trial import Metrics, Params, Value


@dataclass(frozen=True)
class AshaJob:
    """The training of a trial to a rung."""

    trial: int
    rung: int


class AshaPromoter:
    """Follows the sequence of jobs as far as the results allow."""

    def __init__(self, config: SweepConfig, configurations: int) -> None:
        optimization = config.optimization
        assert optimization.halving.full is not None, "the schema requires the full length"
        self._plan = optimization.halving.plan(configurations, optimization.halving.full, learns=False)
        self._eta = optimization.halving.eta
        self._objectives = optimization.all_objectives
        self._limits = optimization.outcome_constraints
        self._lookahead = optimization.lookahead or 1
        self._total = configurations
        self._jobs: list[AshaJob | None] = []
        """None: a turn in which nothing could be started; the results of earlier jobs are still awaited."""
        self._known = 0
        """The jobs, from the first, whose results may decide about others."""
        self._fresh = 0
        self._results: list[dict[int, Metrics | None]] = [{} for _ in self._plan.rungs]
        self._promoted: list[set[int]] = [set() for _ in self._plan.rungs]
        """The trials that went on from a rung, or had nothing left to train."""
        self._pending: list[AshaJob] = []
        """Promotions that are not recorded yet, as far as is known."""
        self.is_over = False
        """True once nothing is left to start, and nothing is awaited."""

    def turns(self, trials: Trials) -> Sequence[AshaJob | None]:
        """Returns the jobs of the sequence that the results decide, from the first; None: an empty turn."""
        self._advance(trials)
        return self._jobs

    @property
    def awaited(self) -> int:
        """The turn whose result is needed for the next one."""
        return self._known

    def pause_after(self, number: int, trials: Trials) -> int | None:
        """Returns the reports of the rung that a trial is trained to; None: to its end."""
        rung = trials[number].rung if number in trials else 0
        return None if rung >= self._plan.top else self._plan.rungs[rung]

    @staticmethod
    def group(number: int) -> range:
        """Returns the trial alone: there are no brackets."""
        return range(number, number + 1)

    @staticmethod
    def turn(number: int, _rung: int, _trials: Trials) -> int:
        """Returns the trial's number: earlier trials go on first."""
        return number

    def may_start(self, number: int, trials: Trials) -> bool:
        """Returns whether a job of the sequence starts this configuration."""
        self._advance(trials)
        return number < self._fresh

    def decided(self, trials: Trials) -> Sequence[RungDecision]:
        """Returns the promotions of the sequence; at its end, the ends of the trials that are still paused."""
        self._advance(trials)
        self._pending = [job for job in self._pending if trials[job.trial].rung < job.rung]
        found = [RungDecision(job.trial, True, "") for job in self._pending]
        if found or not self.is_over:
            return found
        orders = [ranked(results, self._objectives, self._limits) for results in self._results]
        paused = [trial for _, trial in sorted(trials.items()) if trial.state is TrialState.PAUSED]
        return [RungDecision(each.number, False, self._reason(each.rung, each.number, orders)) for each in paused]

    def _advance(self, trials: Trials) -> None:
        """Decides all jobs that can be decided."""
        while not self.is_over:
            while self._known < len(self._jobs) - self._lookahead + 1:
                if not self._take(self._jobs[self._known], trials):
                    return
                self._known += 1
            job = self._promotion(trials) or self._next_fresh()
            if job is None and not any(self._jobs[self._known :]):
                self.is_over = True
                return
            self._jobs.append(job)

    def _take(self, job: AshaJob | None, trials: Trials) -> bool:
        """Takes the result of a job; returns False if it has none yet."""
        if job is None:
            return True
        trial = trials.get(job.trial)
        if trial is None or not (trial.state.final or len(trial.pauses) > job.rung):
            return False
        self._results[job.rung][job.trial] = metrics_at(trial, job.rung, self._plan, self._objectives)
        return True

    def _promotion(self, trials: Trials) -> AshaJob | None:
        """Returns the promotion from the highest rung that has a trial among its best 1/eta which has not gone on."""
        for rung in range(self._plan.top - 1, -1, -1):
            results, gone = self._results[rung], self._promoted[rung]
            places = len(results) // self._eta
            if places <= len(gone):
                continue
            for number in ranked(results, self._objectives, self._limits)[:places]:
                if number in gone or results[number] is None:
                    continue
                gone.add(number)
                if len(trials[number].pauses) > rung:  # else it ended before the rung
                    job = AshaJob(number, rung + 1)
                    self._pending.append(job)
                    return job
        return None

    def _next_fresh(self) -> AshaJob | None:
        if self._fresh == self._total:
            return None
        self._fresh += 1
        return AshaJob(self._fresh - 1, 0)

    def _reason(self, rung: int, number: int, orders: Sequence[Sequence[int]]) -> str:
        members = len(orders[rung])
        place, places = orders[rung].index(number) + 1, members // self._eta
        said = f"rung {rung + 1} of {len(self._plan.rungs)}: place {place} of {members}, the best {places} go on"
        return f"{said}{broken_text(self._limits, self._results[rung][number])}"


class AshaStrategy:
    """The configurations of a design, each promoted as soon as it is among the best 1/eta of its rung."""

    needs_reports = True

    def __init__(self, config: SweepConfig) -> None:
        kind = strategy_kind(config)
        self._design = kind.make(config, ())
        self._total = kind.trials(config)
        self.promoter = AshaPromoter(config, self._total)

    @property
    def trials(self) -> int:
        return self._total

    @staticmethod
    def needs(_number: int, /) -> int:
        """Returns 0: a design depends on no results."""
        return 0

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        return self._design.suggest(number, earlier)

    @staticmethod
    def decisions(_number: int, _params: Params, _earlier: Earlier, _reported: Reports) -> TrialDecisions | None:
        """Returns None: where a trial pauses is known when it starts."""
        return None
