"""Trains a configuration: writes a model, its metrics and its learning curve."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
# pylint: disable-next=too-many-positional-arguments  # Kubeflow Pipelines passes them by name
def train(
    config: str,
    candidate: str,
    compiled_for: str,
    cache_generation: str,  # pylint: disable=unused-argument
    model: dsl.Output[dsl.Model],
    training_metrics: dsl.Output[dsl.Metrics],
    learning_curve: dsl.Output[dsl.Dataset],
    learning_curve_table: dsl.Output[dsl.Markdown],
) -> None:
    """Train one configuration of a sweep.

    Args:
        config: The sweep's configuration as JSON, or the address of an object that holds it.
        candidate: A trial as `sweep` returns it, "baseline" for the defaults of the sweep, or "" for a sweep file of
            a single configuration.
        compiled_for: A hash of the settings that the pipeline was compiled for; "" if there were none.
        cache_generation: Part of the cache key of Kubeflow Pipelines; not used otherwise.
        model: The folder with the files of the workload and `training.json`.
        training_metrics: The metrics of the workload.
        learning_curve: The learning curve as CSV, one row per step.
        learning_curve_table: The learning curve as Markdown; a long curve is thinned.
    """
    from morphogenetic_engine.steps.trained.ui_metrics import log_metrics
    from morphogenetic_engine.steps.training import Places
    from morphogenetic_engine.steps.training import train as run

    places = Places(model.path, learning_curve.path, learning_curve_table.path)
    log_metrics(training_metrics, run(config, candidate, compiled_for=compiled_for, places=places))
