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
        evaluation: JSON: everything that was found, for `report`.
        test_metrics: The numbers in short; those of a baseline have its name at their end.
        confusion_matrix: Samples of the test split by their class and the class that the model puts them into.
        roc_curve: Of class 1 where there are two classes, over all decisions where there are more.
        cache_generation: Part of what the cache of Kubeflow Pipelines goes by, and of nothing else.
        baseline: The model of the sweep's defaults; left out where it has none.
    """
    from morphogenetic_engine.steps.evaluation import evaluate as run
    from morphogenetic_engine.steps.trained.ui_metrics import log_evaluation

    found = run(model.path, baseline.path if baseline else None, evaluation=evaluation.path)
    log_evaluation(found, test_metrics, confusion_matrix, roc_curve)
