"""The component `evaluate`: computes a trained model's metrics on the test split, and those of its baselines.

If the workload declares no models (see `trial.declare`), the evaluation consists of the metrics that it returned.
"""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.engine.classification import classification
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.trained.comparison import Comparison, with_baseline, with_most_frequent_class
from morphogenetic_engine.steps.trained.evaluation_file import Evaluation, write_evaluation
from morphogenetic_engine.steps.trained.trained_model import Training, read_training, was_trained
from morphogenetic_engine.trial import Predictions


@step("evaluate")
def evaluate(model: str, baseline: str | None, *, evaluation: str) -> Evaluation:
    """Evaluates the model in a folder, writes the file `evaluation`, and returns its content.

    Raises:
        SystemExit: a folder holds no usable trained model; with the reason in one line.
    """
    defaults = Path(baseline) if baseline and was_trained(Path(baseline)) else None
    found = evaluation_of(Path(model), defaults)
    write_evaluation(Path(evaluation), found)
    return found


def evaluation_of(model: Path, baseline: Path | None) -> Evaluation:
    """Returns the evaluation of a trained model.

    Raises:
        StoreError: a folder does not hold a trained model.
        SweepError: its record is damaged.
        WorkloadError: the workload cannot be imported.
    """
    training = read_training(model)
    simpler = read_training(baseline) if baseline else None
    try:
        predicted = _predictions(training, model)
    except StoreError as error:
        return _by_metrics(training, simpler, f"the workload saved no model: {error}")
    if predicted is None:
        return _by_metrics(training, simpler, "the workload does not say how its models are used")
    paired, note = _with_defaults(predicted, simpler, baseline) if simpler and baseline else (None, "")
    return Evaluation(
        training=training,
        baseline=simpler,
        test=classification(predicted.test_p_NC, predicted.test_y_N),
        comparisons=tuple(each for each in (with_most_frequent_class(predicted), paired) if each),
        note=note,
    )


def _by_metrics(training: Training, baseline: Training | None, note: str) -> Evaluation:
    return Evaluation(training=training, baseline=baseline, test=None, comparisons=(), note=note)


def _with_defaults(predicted: Predictions, training: Training, folder: Path) -> tuple[Comparison | None, str]:
    """Returns the comparison with the model of the defaults, or the reason that there is none."""
    try:
        other = _predictions(training, folder)
    except StoreError as error:
        return None, f"the model of the defaults cannot be used: {error}"
    paired = with_baseline(predicted, other) if other else None
    return paired, "" if paired else "the defaults describe other data, so nothing can be compared sample by sample"


def _predictions(training: Training, folder: Path) -> Predictions | None:
    """Returns the predictions of the model in a folder; None: the workload declares no models."""
    if training.workload is None:
        return None
    models = training.workload.declaration().models
    return models.predictions(training.params, training.seed, folder) if models else None
