"""A trial in its pod that the suggestion service chose: which one it is, how far it runs, and what Katib is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from morphogenetic_engine.backends.katib.pods.environment import TRIAL_NAME_VARIABLE
from morphogenetic_engine.backends.katib.render.exact_values import exact_trial
from morphogenetic_engine.backends.katib.render.numbered_names import number_of
from morphogenetic_engine.backends.katib.render.rung_jobs import rung_plan
from morphogenetic_engine.backends.katib.render.sent_course import (
    JOB,
    PARENT,
    Job,
    assigned_job,
    assigned_parent,
    assigned_thresholds,
    sends_curves,
)
from morphogenetic_engine.errors import ConfigError, StoreError, SweepError
from morphogenetic_engine.storage import Store
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import Event, TrialEnded
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.order.inherited_folder import OWN_FILES
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.single_trial.metric_lines import CollectorLines, CurveLines
from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial
from morphogenetic_engine.sweeps.single_trial.trial_files import JOURNAL, download_trial
from morphogenetic_engine.sweeps.single_trial.trial_run import WORKERS_LOG, Course, Generation, Observer
from morphogenetic_engine.trial import PARENT_FILE


def pod_trial(
    config: SweepConfig, name: str, assignments: Mapping[str, str], store: Store | None, folder: Path
) -> tuple[PlannedTrial, Course]:
    """Returns the trial that has Katib's name and assignments, and how far it runs.

    What the trial left at the rung below is downloaded into its folder.

    Raises:
        ConfigError: they are not those of a trial that the service suggested.
        SweepError: no trial goes on in this place, or the rung below left nothing in the store.
        StoreError: the store cannot be reached.
    """
    number = number_of(name)
    if number is None:
        raise ConfigError(f"{TRIAL_NAME_VARIABLE}: must end with a mark and a number (-1a2b3-t0007), but got {name!r}")
    if config.optimization.strategy == "pbt":
        return _member(config, number, assignments, store, folder)
    if config.optimization.strategy is None:
        return exact_trial(config, number, assignments), Course(assigned_thresholds(assignments))
    job = assigned_job(assignments)
    if job is None:
        raise SweepError("fewer trials reached this rung than planned, because others failed: none is left for it")
    plan = rung_plan(config)
    pause = None if job.rung >= plan.top else plan.rungs[job.rung]
    course = Course(rung=job.rung, pause_after=pause, earlier=_rung_below(job, store, folder) if job.rung else ())
    return exact_trial(config, job.trial, assignments), course


def _member(
    config: SweepConfig, number: int, assignments: Mapping[str, str], store: Store | None, folder: Path
) -> tuple[PlannedTrial, Course]:
    """Returns a member of a population, whose parent's files are downloaded into its folder."""
    generations = strategy_of(config).generations
    assert generations is not None, "the strategy trains a population"
    ends_after, parent = generations.ends_after(number), assigned_parent(assignments)
    if parent is None:
        return exact_trial(config, number, assignments), Course(generation=Generation(ends_after))
    if store is None:
        raise ConfigError(f"{PARENT}: {parent.text} needs --to: its files are in a store")
    if not store.exists(f"{parent.files}/{JOURNAL}"):
        raise SweepError(f"{store.address_of(parent.files)}: has no {JOURNAL}; trial {number} cannot go on from there")
    download_trial(store, parent.files, folder, without=(*OWN_FILES, JOURNAL, PARENT_FILE, WORKERS_LOG))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PARENT_FILE).write_text(str(parent.trial), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror}") from error
    generation = Generation(ends_after, parent.trial, parent.until)
    return exact_trial(config, number, assignments), Course(generation=generation)


def _rung_below(job: Job, store: Store | None, folder: Path) -> Sequence[Event]:
    """Downloads what a trial left at the rung below, and returns its journal."""
    if store is None:
        raise ConfigError(f"{JOB}: {job.text} needs --to: its files are in a store")
    download_trial(store, job.after, folder)
    journal = folder / JOURNAL
    if not journal.is_file():
        raise SweepError(f"{store.address_of(job.after)}: has no {JOURNAL}; trial {job.trial} cannot go on from there")
    return list(read_events(journal))


def collector_lines(config: SweepConfig, file: TextIO, course: Course | None) -> list[Observer]:
    """Returns what writes the file of Katib's collector; `course`: None where Katib's own algorithm chose the trial.

    A trial that has ended before its rung tells Katib its end once more.
    """
    observers: list[Observer] = [CollectorLines(file, config.optimization.recorded_metrics)]
    if course is None or not sends_curves(config):
        return observers
    history = History()
    for event in course.earlier:
        history.apply(event)
    known = next((trial.curve for trial in history.trials.values()), {})
    observers.append(CurveLines(file, [objective.metric for objective in config.optimization.all_objectives], known))
    for event in course.earlier:
        if isinstance(event, TrialEnded):
            for observer in observers:
                observer(event)
    return observers
