"""The component `train`: trains a configuration, and writes the model, its metrics and its learning curve."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from morphogenetic_engine.errors import ConfigError, Pruned, StoreError, TrialFailed, WorkloadError
from morphogenetic_engine.steps.candidate import BASELINE, Candidate, candidate_from
from morphogenetic_engine.steps.configuration import read_parameter, say_what_stays
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.saying import say
from morphogenetic_engine.steps.trained.markdown_tables import write_curves, write_markdown
from morphogenetic_engine.steps.trained.trained_model import Training, write_training
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.trial import Metrics, Train, checked_step, finite_metrics
from morphogenetic_engine.workload.loading import verify_workload


@dataclass(frozen=True)
class ComponentTrial:
    """The trial contract in a component; reports are recorded, and never stop the trial."""

    number: int
    seed: int
    dir: Path
    named: frozenset[str]
    """The metrics that the sweep file names, which must be finite; values of others that are not are left out."""
    curve: dict[int, Metrics] = field(default_factory=dict)

    def report(self, step: int, metrics: Metrics) -> None:  # pylint: disable=redefined-outer-name
        """Records the metrics of one step."""
        self.curve[checked_step(step)] = finite_metrics(metrics, self.named)[0]


@dataclass(frozen=True)
class Places:
    """The output paths of the component `train`."""

    model: str
    """A folder."""
    curve: str
    """The learning curve, CSV."""
    table: str
    """The learning curve for people, Markdown."""


@step("train")
def train(config: str, candidate: str, *, compiled_for: str, places: Places) -> Metrics:
    """Trains a candidate, writes its model and its learning curve, and returns its metrics.

    If the defaults are requested, but the configuration no longer has any, nothing is trained.

    Raises:
        SystemExit: the configuration or the candidate is wrong, or the training failed; with the reason in one line.
    """
    settings = read_parameter(config).config
    say_what_stays(settings, compiled_for, say)
    if candidate == BASELINE and settings.baseline is None:
        say("the configuration has no defaults: nothing is trained")
        write_curves({}, Path(places.curve), Path(places.table))
        write_markdown(Path(places.model) / "README.md", "The configuration has no defaults: nothing was trained.\n")
        return {}
    paths = Path(places.model), Path(places.curve), Path(places.table)
    return run_training(settings, candidate_from(candidate, settings), *paths).metrics


def run_training(
    config: SweepConfig, candidate: Candidate, model: Path, learning_curve: Path, table: Path | None = None
) -> Training:
    """Runs the workload once with a candidate; reports before a failure are written too.

    Raises:
        ConfigError: the workload rejects the configuration.
        WorkloadError: it cannot be loaded.
        TrialFailed: its metrics are not finite numbers, its program failed, or it pruned itself.
        Exception: any other exception of the workload, with the traceback that its author needs.
        StoreError: a file cannot be written.
    """
    try:
        model.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{model}: cannot be created: {error.strerror}") from error
    run = _loaded(config, candidate)
    trial = ComponentTrial(candidate.trial, candidate.seed, model, frozenset(config.named_metrics))
    begun = time.monotonic()
    try:
        metrics, _ = finite_metrics(run(candidate.params, trial), trial.named)
    except Pruned as error:
        raise TrialFailed(f"the workload pruned itself: {error}") from error
    finally:
        write_curves(trial.curve, learning_curve, table)
    objective = config.optimization.all_objectives[0]
    if objective.metric not in metrics:
        raise ConfigError(
            f"optimization.target_metric: the workload did not report {objective.metric};"
            f" its metrics: {', '.join(sorted(metrics)) or 'none'}"
        )
    training = Training(
        workload=config.workload,
        trial=candidate.trial,
        seed=candidate.seed,
        params=candidate.params,
        metrics=metrics,
        objective=objective,
        seconds=time.monotonic() - begun,
    )
    write_training(model, training)
    return training


def _loaded(config: SweepConfig, candidate: Candidate) -> Train:
    """Returns the workload, after checking the parameters and metrics against its declaration."""
    wanted = (config.optimization.target_metric, *config.optimization.secondary_metrics)
    try:
        run = config.workload.load(config.wanted_metrics)
        verify_workload(run, metrics=wanted, probe=[candidate.params])
    except WorkloadError as error:
        raise WorkloadError(f"experiment.{config.workload.key}: {error}") from error
    return run
