"""A trial in its pod that the suggestion service chose: which one it is, how far it runs, and what Katib is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from morphogenetic_engine.backends.katib.pods.environment import TRIAL_NAME_VARIABLE
from morphogenetic_engine.backends.katib.render.exact_values import exact_trial
from morphogenetic_engine.backends.katib.render.numbered_names import number_of
from morphogenetic_engine.backends.katib.render.sent_course import assigned_thresholds, sends_curves
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.single_trial.metric_lines import CollectorLines, CurveLines
from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial
from morphogenetic_engine.sweeps.single_trial.trial_run import Course, Observer


def pod_trial(config: SweepConfig, name: str, assignments: Mapping[str, str]) -> tuple[PlannedTrial, Course]:
    """Returns the trial that has Katib's name and assignments, and how far it runs.

    Raises:
        ConfigError: they are not those of a trial that the service suggested.
    """
    number = number_of(name)
    if number is None:
        raise ConfigError(f"{TRIAL_NAME_VARIABLE}: must end with a mark and a number (-1a2b3-t0007), but got {name!r}")
    return exact_trial(config, number, assignments), Course(assigned_thresholds(assignments))


def collector_lines(config: SweepConfig, file: TextIO, course: Course | None) -> list[Observer]:
    """Returns what writes the file of Katib's collector; `course`: None where Katib's own algorithm chose the trial."""
    observers: list[Observer] = [CollectorLines(file, config.optimization.recorded_metrics)]
    if course is not None and sends_curves(config):
        objectives = [objective.metric for objective in config.optimization.all_objectives]
        observers.append(CurveLines(file, objectives, {}))
    return observers
