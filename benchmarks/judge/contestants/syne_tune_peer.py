"""Syne Tune's ASHA (arXiv:1810.05934), which stops trials at its rungs, with its defaults but for the seed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice, loguniform, uniform
from syne_tune.optimizer.baselines import ASHA
from syne_tune.optimizer.scheduler import SchedulerDecision

from benchmarks.judge.search import Search
from benchmarks.judge.tasks import Axis, Range, Taken, Task

_LOSS, _STEP = "loss", "step"


def _losses(task: Task, seed: int, _budget: int) -> Iterator[float]:
    """Yields the losses of one worker."""
    logging.getLogger("syne_tune").setLevel(logging.ERROR)
    space = {name: _domain(axis) for name, axis in task.axes.items()}
    scheduling = ASHA(space, metric=_LOSS, time_attr=_STEP, max_t=task.steps, random_seed=seed)
    taken = Taken(task)
    for number in range(len(task.points)):
        index = taken.nearest(scheduling.suggest().config)
        trial = Trial(number, dict(task.points[index]), datetime.now())
        scheduling.on_trial_add(trial)
        for step, loss in enumerate(task.losses[index].tolist(), start=1):
            yield loss
            if scheduling.on_trial_result(trial, {_LOSS: loss, _STEP: step}) == SchedulerDecision.STOP:
                break


def _domain(axis: Axis) -> object:
    if not isinstance(axis, Range):
        return choice(list(axis))
    return (loguniform if axis.log else uniform)(axis.low, axis.high)


SEARCHES: Mapping[str, Search] = {"Syne Tune ASHA": Search(_losses)}
