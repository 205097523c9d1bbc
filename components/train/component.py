"""A configuration to a model, its metrics and its learning curve."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
def train(
    config: str,
    candidate: str,
    model: dsl.Output[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
    learning_curve: dsl.Output[dsl.Dataset],
) -> None:
    """Train one configuration of a sweep.

    Args:
        config: The sweep's configuration as canonical JSON, or the address of an object that holds it.
        candidate: A trial as `sweep` returns it, "baseline" for the defaults of the sweep, or "" for a sweep file of
            a single configuration.
        model: A folder: what the workload saved, and `training.json`.
        metrics: What the workload returned.
        learning_curve: CSV, a row a step.
    """
    from morphogenetic_engine.steps.training import train as run

    for name, value in run(config, candidate, model=model.path, learning_curve=learning_curve.path).items():
        metrics.log_metric(name, value)
