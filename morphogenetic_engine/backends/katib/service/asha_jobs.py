"""Answers a request for trials of an ASHA: each turn of its sequence of jobs is a place among Katib's trials.

A job follows from the results of the turns up to the lookahead before it, so no batch of so many places waits for
itself. A turn in which nothing can be started is a trial that fails at once, as are those that are left at the end.
"""

from __future__ import annotations

from morphogenetic_engine.backends.katib.render.exact_values import exact_assignments
from morphogenetic_engine.backends.katib.render.numbered_names import numbered_name
from morphogenetic_engine.backends.katib.render.rung_jobs import most_asha_turns
from morphogenetic_engine.backends.katib.render.sent_course import JOB, Job
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep
from morphogenetic_engine.backends.katib.service.request import Request, Suggested
from morphogenetic_engine.backends.katib.service.rung_trials import known_rung_trials, trials_of_rungs
from morphogenetic_engine.backends.katib.service.suggested_jobs import Missing
from morphogenetic_engine.sweeps.search.halving.asha import AshaJob, AshaPromoter
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import earlier_than


class AshaJobs:
    """The turns of an ASHA, as far as the results in a request decide them."""

    def __init__(self, sweep: SentSweep, request: Request, namespace: str) -> None:
        self._config, self._namespace = sweep.config, namespace
        self._experiment = request.experiment.name
        self._strategy = strategy_of(sweep.config)
        promoter = self._strategy.promoter
        assert isinstance(promoter, AshaPromoter), "the strategy is asha"
        self.known = known_rung_trials(sweep.config, request, namespace)
        ended = [each for each in self.known.values() if each.ended]
        self._turns = promoter.turns(trials_of_rungs(sweep.config, ended))
        self._awaited, self._is_over = promoter.awaited, promoter.is_over
        self._place_of = {job: place for place, job in enumerate(self._turns) if job is not None}

    @property
    def total(self) -> int:
        return most_asha_turns(self._config)

    def is_beyond(self, place: int) -> bool:
        """Returns whether a place is after the last turn that there can be."""
        return place >= self.total

    def at(self, place: int) -> Suggested | Missing | None:
        """Returns the trial at a place, or the turn that it waits for; None: the place stays idle."""
        if place < len(self._turns):
            job = self._turns[place]
            return None if job is None else self._suggested(place, job)
        return None if self._is_over or place >= self.total else Missing(place, self._awaited)

    def _suggested(self, place: int, job: AshaJob) -> Suggested:
        params = self._strategy.suggest(job.trial, earlier_than(job.trial, 0, {}))
        after = self._name(self._place_of[AshaJob(job.trial, job.rung - 1)]) if job.rung else ""
        course = {JOB: Job(job.trial, job.rung, after).text}
        return Suggested(self._name(place), exact_assignments(self._config, job.trial, params, course))

    def _name(self, place: int) -> str:
        return numbered_name(self._experiment, self._namespace, place)
