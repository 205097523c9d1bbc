"""The component `train`: a configuration to a model, its metrics and its learning curve."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, Pruned, StoreError, TrialFailed, WorkloadError
from morphogenetic_engine.steps.candidate import Candidate, candidate_from
from morphogenetic_engine.steps.configuration import read_parameter
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.learning_curve import write_curve
from morphogenetic_engine.steps.trained_model import Training, write_training
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.trial import Metrics, Train, checked_metrics
from morphogenetic_engine.workload import CommandWorkload, load_workload, verify_workload


@dataclass(frozen=True)
class ComponentTrial:
    """The trial contract, carried by a component; nobody decides on the way whether it goes on."""

    number: int
    seed: int
    dir: Path
    curve: dict[int, Metrics] = field(default_factory=dict)

    def report(self, step: int, metrics: Metrics) -> None:  # pylint: disable=redefined-outer-name
        """Record the metrics of one step."""
        self.curve[int(step)] = checked_metrics(metrics)


@step("train")
def train(config: str, candidate: str, *, model: str, learning_curve: str) -> Metrics:
    """Train a candidate into the folder `model`, write its learning curve, and return its metrics.

    Raises:
        SystemExit: the configuration or the candidate is wrong, or the training failed; with the reason in one line.
    """
    settings = read_parameter(config).config
    training = run_training(settings, candidate_from(candidate, settings), Path(model), Path(learning_curve))
    return training.metrics


def run_training(config: SweepConfig, candidate: Candidate, model: Path, learning_curve: Path) -> Training:
    """Run the workload once with a candidate; what it reported before a failure is written too.

    Raises:
        ConfigError: the workload does not take the configuration.
        WorkloadError: it cannot be loaded.
        TrialFailed: its metrics are not finite numbers, its program failed, or it pruned itself.
        Exception: whatever else the workload raises, with the traceback that its author needs.
        StoreError: a file cannot be written.
    """
    try:
        model.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{model}: cannot be made: {error.strerror}") from error
    run = _loaded(config, candidate)
    trial = ComponentTrial(candidate.trial, candidate.seed, model)
    begun = time.monotonic()
    try:
        metrics = checked_metrics(run(candidate.params, trial))
    except Pruned as error:
        raise TrialFailed(f"the workload pruned itself: {error}") from error
    finally:
        write_curve(learning_curve, trial.curve)
    objective = config.optimization.all_objectives[0]
    if objective.metric not in metrics:
        raise ConfigError(
            f"optimization.target_metric: the workload did not report {objective.metric};"
            f" its metrics: {', '.join(sorted(metrics)) or 'none'}"
        )
    training = Training(
        workload=config.experiment.workload,
        trial=candidate.trial,
        seed=candidate.seed,
        params=candidate.params,
        metrics=metrics,
        found=candidate.metrics,
        objective=objective,
        seconds=time.monotonic() - begun,
    )
    write_training(model, training)
    return training


def _loaded(config: SweepConfig, candidate: Candidate) -> Train:
    """Return the workload, held against what it is about to be given."""
    experiment = config.experiment
    if experiment.workload is None:
        return CommandWorkload(experiment.command or ())
    wanted = (config.optimization.target_metric, *config.optimization.secondary_metrics)
    try:
        run = load_workload(experiment.workload)
        verify_workload(run, metrics=wanted, probe=[candidate.params])
    except WorkloadError as error:
        raise WorkloadError(f"experiment.workload: {error}") from error
    return run
