"""A trained model to its numbers on the test split, beside those of its baselines."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
def evaluate(
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    confusion_matrix: dsl.Output[dsl.ClassificationMetrics],
    roc_curve: dsl.Output[dsl.ClassificationMetrics],
    baseline: dsl.Input[dsl.Model] = None,
) -> None:
    """Evaluate a model of the component `train`.

    Args:
        model: The model.
        evaluation: JSON: everything that was found, for `report`.
        metrics: The numbers in short.
        confusion_matrix: Samples of the test split by their class and the class that the model puts them into.
        roc_curve: Of class 1 where there are two classes, over all decisions where there are more.
        baseline: The model of the sweep's defaults; left out where it has none.
    """
    from morphogenetic_engine.steps.evaluation import evaluate as run
    from morphogenetic_engine.steps.ui_metrics import log_confusion_matrix, log_metrics, log_roc_curve

    found = run(model.path, baseline.path if baseline else None, evaluation=evaluation.path)
    log_metrics(metrics, found)
    log_confusion_matrix(confusion_matrix, found)
    log_roc_curve(roc_curve, found)
