"""Identifies the sweep of a report and its objectives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from morphogenetic_engine.sweeps.results import SweepResult


@dataclass(frozen=True)
class Identification:
    """The identity of a sweep and how it was run."""

    sweep_id: str
    sweep_type: str
    created: str
    """Local time, ISO 8601."""
    outcome: str
    """The outcome of the last session; "unfinished" while it runs, or when it was killed."""
    seed: int
    identity: str
    """The SHA-256 of the configuration."""
    git_commit: str | None
    python: str
    versions: Mapping[str, str]
    workload: str
    """`module:function`, or the program."""
    inputs: Mapping[str, str]
    """The SHA-256 of each file that the trials read, by its path."""
    max_parallel: int
    """The number of workers of the last session; 0: it never started."""


@dataclass(frozen=True)
class ObjectiveName:
    """One objective: a metric and its direction."""

    metric: str
    direction: str
    """maximize or minimize."""


def objective_names(result: SweepResult) -> tuple[ObjectiveName, ...]:
    """Returns the objectives of a sweep, the one that tables sort by first."""
    objectives = result.config.optimization.all_objectives
    return tuple(ObjectiveName(each.metric, each.direction.value) for each in objectives)


def identification_of(result: SweepResult) -> Identification:
    """Returns the identity of a sweep and how it was run."""
    info = result.info
    return Identification(
        sweep_id=info.sweep_id,
        sweep_type=result.config.sweep_type,
        created=info.created,
        outcome="unfinished" if result.outcome is None else result.outcome.value,
        seed=result.config.optimization.seed,
        identity=info.identity,
        git_commit=info.git_commit,
        python=info.python,
        versions=dict(info.versions),
        workload=result.config.workload.description,
        inputs={file.path: file.sha256 for file in info.inputs.values()},
        max_parallel=result.sessions[-1].max_parallel if result.sessions else 0,
    )
