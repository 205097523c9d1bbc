"""Evaluates a trained model on the test split, and its baselines."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
# pylint: disable-next=too-many-positional-arguments  # Kubeflow Pipelines passes them by name
def evaluate(
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Output[dsl.Artifact],
    test_metrics: dsl.Output[dsl.Metrics],
    confusion_matrix: dsl.Output[dsl.ClassificationMetrics],
    roc_curve: dsl.Output[dsl.ClassificationMetrics],
    cache_generation: str = "",  # pylint: disable=unused-argument
    baseline: dsl.Input[dsl.Model] = None,
) -> None:
    """Evaluate a model of the component `train`.

    Args:
        model: The model.
        evaluation: The complete evaluation as JSON, for `report`.
        test_metrics: The metrics on the test split; those of a baseline end with its name.
        confusion_matrix: The samples of the test split by true and predicted class.
        roc_curve: The ROC curve of class 1, or the micro-average if there are more than two classes.
        cache_generation: Part of the cache key of Kubeflow Pipelines; not used otherwise.
        baseline: The model of the sweep's defaults, if it has any.
    """
    from morphogenetic_engine.steps.evaluation import evaluate as run
    from morphogenetic_engine.steps.trained.ui_metrics import log_evaluation

    found = run(model.path, baseline.path if baseline else None, evaluation=evaluation.path)
    log_evaluation(found, test_metrics, confusion_matrix, roc_curve)
