"""Answers a request for trials of a halving: each of Katib's trials trains one trial of the sweep to one rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from morphogenetic_engine.backends.katib.render.exact_values import exact_assignments
from morphogenetic_engine.backends.katib.render.numbered_names import numbered_name
from morphogenetic_engine.backends.katib.render.places import halving_places
from morphogenetic_engine.backends.katib.render.rung_jobs import RungJob, rung_jobs, rung_plan
from morphogenetic_engine.backends.katib.render.sent_course import JOB, NOTHING, Job
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep
from morphogenetic_engine.backends.katib.service.request import Request, Suggested
from morphogenetic_engine.backends.katib.service.rung_trials import (
    RungTrial,
    decide_rungs,
    known_rung_trials,
    trials_of_rungs,
)
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.guarded_strategy import GuardedStrategy
from morphogenetic_engine.sweeps.search.halving.promoter import HalvingPromoter
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.sweeps.strategy import earlier_than


@dataclass(frozen=True)
class Missing:
    """A job that cannot be suggested before another one has ended."""

    number: int
    awaited: int


class Jobs(Protocol):
    """The places of a sweep whose trials pause at rungs, as far as a request decides them."""

    @property
    def known(self) -> Mapping[int, RungTrial]:
        """Katib's trials that do the jobs, by the numbers in their names."""

    @property
    def total(self) -> int:
        """The jobs that Katib counts."""

    def is_beyond(self, place: int) -> bool:
        """Returns whether a place is after the last job."""

    def at(self, place: int) -> Suggested | Missing | None:
        """Returns the trial at a place, or the job that it waits for; None: the place stays idle."""


class HalvingJobs:
    """The jobs of a halving, and what a request tells of them."""

    def __init__(self, sweep: SentSweep, request: Request, namespace: str) -> None:
        self._sweep, self._namespace = sweep, namespace
        self._experiment = request.experiment.name
        self._plan = rung_plan(sweep.config)
        self._jobs = rung_jobs(self._plan)
        self._strategy = strategy_of(sweep.config, sweep.known)
        self._places = halving_places(sweep.config, self._strategy, sweep.slots)
        self.known = known_rung_trials(sweep.config, request, namespace)
        self._trials: dict[int, TrialRecord] = {}
        """The trials whose parameters are known."""
        self._trials |= trials_of_rungs(sweep.config, self.known.values())

    @property
    def total(self) -> int:
        return len(self._jobs)

    def is_beyond(self, place: int) -> bool:
        """Returns whether a place is after the last job."""
        return place >= self._places.total

    def at(self, place: int) -> Suggested | Missing | None:
        """Returns the trial at a place, or the job that it waits for; None: the place stays idle."""
        number = self._places.number_at(place)
        if number is None:
            return None
        missing = self._missing(number)
        return self._suggested(number) if missing is None else Missing(number, missing)

    def _missing(self, number: int) -> int | None:
        """Returns a job that must end before a job can be suggested; None: there is none."""
        needed = range(self._places.needs(number))
        return next((each for each in needed if each not in self.known or not self.known[each].ended), None)

    def _suggested(self, number: int) -> Suggested:
        """Returns the trial of Katib's that does a job; nothing is missing for it."""
        planned, name = self._jobs[number], numbered_name(self._experiment, self._namespace, number)
        job = self._fresh(planned) if planned.rung == 0 else self._promoted(planned)
        if job is None:
            fixed = {**self._sweep.config.space.fixed}
            return Suggested(name, exact_assignments(self._sweep.config, number, fixed, {JOB: NOTHING}))
        params = {**self._trials[job.trial].params}
        return Suggested(name, exact_assignments(self._sweep.config, job.trial, params, {JOB: job.text}))

    def _fresh(self, planned: RungJob) -> Job:
        number = self._plan.brackets[planned.bracket].first + planned.place
        before = self._decided(planned.first)[1] if self._strategy.needs(number) else {}
        for each in range(number + 1):
            if each not in self._trials or each == number:
                known: Mapping[int, TrialRecord] = {**self._trials, **before}
                params = self._strategy.suggest(each, earlier_than(each, self._strategy.needs(each), known))
                seed = trial_seed(self._sweep.config.optimization.seed, each)
                self._trials[each] = TrialRecord(each, seed, params)
        return Job(number, 0)

    def _promoted(self, planned: RungJob) -> Job | None:
        """Returns the job of a trial that goes on; None: fewer do than planned, because others failed."""
        promoter, _ = self._decided(planned.first)
        members = promoter.members(planned.bracket, planned.rung)
        if planned.place >= len(members):
            return None
        number = members[planned.place]
        rungs = {
            job.rung: known.name for known in self._below(planned.first) if (job := known.job) and job.trial == number
        }
        return Job(number, planned.rung, rungs[max(rungs)])

    def _below(self, first: int) -> list[RungTrial]:
        return [known for number, known in self.known.items() if number < first]

    def _decided(self, first: int) -> tuple[HalvingPromoter, Mapping[int, TrialRecord]]:
        """Returns the trials after all decisions that the jobs before one allow."""
        strategy: GuardedStrategy = strategy_of(self._sweep.config, self._sweep.known)
        promoter = strategy.promoter
        assert isinstance(promoter, HalvingPromoter), "other strategies are refused before the first trial"
        trials = trials_of_rungs(self._sweep.config, self._below(first))
        decide_rungs(promoter, trials)
        return promoter, trials
