"""Simulates Katib's controllers as recorded: the trials that they ask for, and their account of each."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from morphogenetic_engine.backends.katib.read.objects import KatibTrial, read_trial
from morphogenetic_engine.backends.katib.render.exact_values import exact_parameters
from morphogenetic_engine.backends.katib.render.numbered_names import is_idle, is_spare
from morphogenetic_engine.backends.katib.render.places import katib_places
from morphogenetic_engine.backends.katib.render.sent_course import katib_metrics
from morphogenetic_engine.backends.katib.render.sweep_setting import ALGORITHM, SentSweep, sweep_settings
from morphogenetic_engine.backends.katib.service.request import Reply, Request
from morphogenetic_engine.metric_names import encoded
from tests.backends.katib.service.pod import PodEnd

NAMESPACE = "sweeps"
Ask = Callable[[Mapping[str, object]], Reply | str]
"""Asks the service with the JSON of a request; a text is why it refused."""
Train = Callable[[str, Mapping[str, str]], PodEnd]


@dataclass
class _Job:
    """A trial on the cluster; None: it runs."""

    assignments: Mapping[str, str]
    end: PodEnd | None = None
    unavailable: bool = False
    """True if it ended without metrics."""


@dataclass
class SimulatedKatib:
    """An Experiment of a sweep, whose trials end in an order drawn by chance."""

    sweep: SentSweep
    ask: Ask
    train: Train
    chance: random.Random
    parallel: int
    name: str = "probe-1a2b3c4d"
    strangers: bool = True
    """True if the requests have trials of an Experiment of this name in another namespace, as recorded."""
    deletes: int = 2
    """The number of trials that are deleted by hand."""
    shrinks: int = 1
    """The number of times that fewer trials may run at once for a while."""
    jobs: dict[str, _Job] = field(default_factory=dict)
    suggested: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """The assignments of all trials that the service has named, also of those that are not there."""
    refusals: list[str] = field(default_factory=list)
    idle: int = 0
    lost: int = 1
    """The number of trials that end without metrics; Katib tells no more of them until they are deleted by hand."""
    careless: bool = False
    """True if nobody deletes them."""
    hidden: set[str] = field(default_factory=set)
    """Trials that were deleted and have not come again yet, or that a restart kept from being created."""

    def run(self) -> list[KatibTrial]:
        """Runs the Experiment to its end, and returns its trials as they are read from the cluster."""
        while not self._over:
            self._reconcile()
            self._something_happens()
        for name in self._active():  # Katib creates no trials any more, and stops none
            self._end(name)
        return [self._read(name, job) for name, job in self.jobs.items()]

    @staticmethod
    def _read(name: str, job: _Job) -> KatibTrial:
        found = [{"name": each, "latest": value} for each, value in job.end.metrics.items()] if job.end else []
        condition = job.end.condition.capitalize() if job.end else "MetricsUnavailable"
        manifest = {
            "metadata": {"name": name},
            "spec": {
                "parameterAssignments": [{"name": each, "value": value} for each, value in job.assignments.items()]
            },
            "status": {
                "conditions": [{"type": condition, "status": "True", "message": "diverged"}],
                "observation": {"metrics": found},
            },
        }
        return read_trial(manifest)

    @cached_property
    def _most(self) -> int:
        return katib_places(self.sweep.config, self.parallel)

    @property
    def _over(self) -> bool:
        """True if Katib takes the Experiment for completed: trials without metrics count, but not when it asks."""
        return self._ended >= self._most

    @property
    def _ended(self) -> int:
        return self._completed + sum(job.unavailable for job in self.jobs.values())

    @property
    def _completed(self) -> int:
        return sum(job.end is not None for job in self.jobs.values())

    def _active(self) -> list[str]:
        return [name for name, job in self.jobs.items() if job.end is None and not job.unavailable]

    def _reconcile(self) -> None:
        """Creates suggested trials that are not there; asks for more, in one request that is answered as a whole."""
        wanted = min(self.parallel, self._most - self._completed) - len(self._active())
        total = len(self.jobs) + wanted
        if wanted <= 0:
            return
        for name in [each for each in self.suggested if each not in self.jobs][:wanted]:
            self.jobs[name] = _Job(self.suggested[name])
            self.hidden.add(name)
        if (current := total - len(self.suggested)) <= 0:
            return
        request = self._request(current, total)
        answer = self.ask(request)
        if self.chance.random() < 0.3:  # a conflict: the answer is lost, and the same is asked for again
            answer = self.ask(self._request(current, total))
        if isinstance(answer, str):
            self.refusals.append(answer)
            if not self._active():
                assert self._delete_lost_ones(), f"nothing runs, and the service says: {answer}"
            return
        assert len(answer.trials) == current, "Katib takes the exact number only"
        for trial in answer.trials:
            assert trial.name not in self.suggested, f"{trial.name} is there already"
            assert list(trial.assignments) == [each.name for each in exact_parameters(self.sweep.config)]
            self.suggested[trial.name] = dict(trial.assignments)
            self.jobs[trial.name] = _Job(self.suggested[trial.name])
            if self.chance.random() < 0.1:  # the controller restarts before it has created the trial
                self.hidden.add(trial.name)

    def _something_happens(self) -> None:
        """Ends some trials, those of a batch together now and then; deletes one, which may come again as it was."""
        self.hidden.clear()
        active = self._active()
        if spare := [name for name in active if is_spare(name)]:  # they end sooner than a trial, or anybody's deletion
            for name in spare:
                self._end(name)
        elif self._ends_soon and self._delete_lost_ones():
            pass  # at the last moment
        elif self.deletes and self.chance.random() < 0.1:
            self.deletes -= 1
            del self.jobs[self.chance.choice(list(self.jobs))]
        elif self.shrinks and len(active) > 1 and len(active) == self.parallel and self.chance.random() < 0.1:
            self.shrinks -= 1
            newest = list(self.suggested)[-1]
            if newest in active:
                del self.jobs[newest], self.suggested[newest]
        elif not active or self.chance.random() < 0.2:
            self._delete_lost_ones()
        else:
            for name in self.chance.sample(active, min(len(active), self.chance.choice([1, 1, 1, 2, 3, 8]))):
                self._end(name)

    def _end(self, name: str) -> None:
        job = self.jobs[name]
        if is_spare(name):
            job.unavailable = True
            return
        if is_idle(name):
            job.end = PodEnd("FAILED")
            self.idle += 1
            return
        if self.lost and not self._ends_soon and self.chance.random() < 0.1:
            self.lost -= 1
            job.unavailable = True
            return
        job.end = self.train(name, job.assignments)

    @property
    def _ends_soon(self) -> bool:
        """True if all that runs might end together, and the Experiment with it or with one place beyond the last.

        A trial that loses its metrics then cannot be saved: Katib ends the Experiment before anybody can delete it.
        """
        return self._ended + len(self._active()) + 1 >= self._most

    def _delete_lost_ones(self) -> bool:
        """Deletes the trials that are without metrics, so that they run again; returns whether there were any."""
        found = [name for name, job in self.jobs.items() if job.unavailable and not is_spare(name)]
        if self.careless:
            return False
        for name in found:
            del self.jobs[name]
        return bool(found)

    def _request(self, current: int, total: int) -> dict[str, object]:
        trials = [self._trial(name, job) for name, job in self._told()]
        if self.strangers:
            trials.append(self._trial(f"{self.name}-00000-t0001", next(iter(self.jobs.values()), _Job({}))))
        self.chance.shuffle(trials)
        return experiment_request(self.sweep, self.name, self.parallel, self._most) | {
            "trials": trials,
            "current_request_number": current,
            "total_request_number": total,
        }

    def _told(self) -> list[tuple[str, _Job]]:
        return [(name, job) for name, job in self.jobs.items() if not job.unavailable and name not in self.hidden]

    def _trial(self, name: str, job: _Job) -> dict[str, object]:
        assignments = [{"name": each, "value": value} for each, value in job.assignments.items()]
        status: dict[str, object] = {"condition": self.chance.choice(["CREATED", "RUNNING"])}
        if job.end is not None:
            metrics = [{"name": each, "value": value} for each, value in job.end.metrics.items()]
            status = {"condition": job.end.condition, "observation": {"metrics": metrics}}
        return {"name": name, "spec": {"parameter_assignments": {"assignments": assignments}}, "status": status}


def experiment_request(sweep: SentSweep, name: str, parallel: int, trials: int) -> dict[str, object]:
    """Returns the request for nothing of an Experiment that runs a sweep."""
    target, *others = map(encoded, katib_metrics(sweep.config))
    settings = [{"name": each, "value": value} for each, value in sweep_settings(sweep).items()]
    return {
        "experiment": {
            "name": name,
            "spec": {
                "parameter_specs": {"parameters": [{"name": each.name} for each in exact_parameters(sweep.config)]},
                "objective": {
                    "type": sweep.config.optimization.direction.value.upper(),
                    "objective_metric_name": target,
                    "additional_metric_names": others,
                },
                "algorithm": {"algorithm_name": ALGORITHM, "algorithm_settings": settings},
                "parallel_trial_count": parallel,
                "max_trial_count": trials,
            },
        }
    }


def parsed(request: Mapping[str, object]) -> Request:
    """Returns the request of a JSON text."""
    return Request.model_validate(request)
