"""A configuration as one component passes it to the next: a line of JSON.

A string rather than a structure: Kubeflow Pipelines turns every number of a structure into a float, and `3` and `3.0`
are different values of a parameter.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.steps.ending import StepFailed
from morphogenetic_engine.steps.portable_json import portable_json
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.replicates import replicate_seed
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.combinations import all_points
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.trial import Value

BASELINE = "baseline"
"""Stands for the configuration that the defaults of a sweep describe."""


class Candidate(BaseModel):
    """One configuration and its seed: exactly the inputs that its training depends on.

    The sweep's metrics are left out, because they include times: the training of the same candidate would never be
    found in the cache of Kubeflow Pipelines.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: int = 1
    trial: int
    """The number of the sweep's trial with this configuration; 0 without a sweep."""
    seed: int
    params: dict[str, Value]
    """Fixed and searched parameters together."""

    @property
    def json_text(self) -> str:
        return portable_json(self.model_dump(exclude_defaults=True))


def best_candidate(result: SweepResult) -> Candidate:
    """Returns the best trial of a sweep.

    Raises:
        StepFailed: no trial is complete.
    """
    if result.best is None:
        why = result.ruling_out or "no trial is complete"
        raise StepFailed(f"sweep {result.info.sweep_id}: {why}, so there is no best one")
    return _of_trial(result.best)


def candidate_from(written: str, config: SweepConfig) -> Candidate:
    """Returns the candidate for a string: its JSON, `baseline`, or "" for a sweep file of one configuration.

    Raises:
        ConfigError: it is none of these, or the sweep file does not have it.
    """
    if written == BASELINE:
        return _baseline(config)
    if not written:
        return _only(config)
    try:
        return Candidate.model_validate_json(written)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or "the whole"
        raise ConfigError(f"candidate: {place}: {error.errors()[0]['msg']}, but got {written[:60]!r}") from error


def _of_trial(trial: TrialRecord) -> Candidate:
    """Returns a trial's configuration; one with replicates is run with the seed of the first."""
    seed = trial.replicates[0].seed if 0 in trial.replicates else trial.seed
    return Candidate(trial=trial.number, seed=seed, params=dict(trial.params))


def _baseline(config: SweepConfig) -> Candidate:
    if config.baseline is None:
        raise ConfigError("candidate: baseline needs a default for each of the parameters, but they have none")
    return Candidate(trial=0, seed=_first_seed(config), params={**config.space.fixed, **config.baseline})


def _only(config: SweepConfig) -> Candidate:
    points = all_points(config.space)
    if points is None or points.total != 1:
        told = "a continuous space" if points is None else f"{points.total} points"
        raise ConfigError(f"candidate: must be given, or the sweep file must have one configuration, but has {told}")
    return Candidate(trial=0, seed=_first_seed(config), params={**config.space.fixed, **points[0]})


def _first_seed(config: SweepConfig) -> int:
    seed = config.optimization.seed
    return replicate_seed(seed, 0) if config.experiment.replicates > 1 else trial_seed(seed, 0)
