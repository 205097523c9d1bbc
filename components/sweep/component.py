"""A sweep on Katib: its trials are pods of their own."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
# pylint: disable-next=too-many-positional-arguments  # Kubeflow Pipelines passes them by name
def sweep(
    config: str,
    run_id: str,
    storage: str,
    namespace: str,
    image: str,
    sweep: dsl.Output[dsl.Artifact],  # pylint: disable=redefined-outer-name
    trials: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> str:
    """Run a sweep as a Katib Experiment, wait for its end, and collect it; started again, it finds the Experiment.

    Args:
        config: The sweep's configuration as canonical JSON, or the address of an object that holds it.
        run_id: The run of the pipeline; the Experiment's name follows from it.
        storage: Where the sweep's folder is kept while it runs: s3://bucket/folder, or "".
        namespace: Of the Experiment; "" for that of this pod.
        image: The image that trials run in.
        sweep: A results folder that holds the sweep's folder.
        trials: The trial table, CSV.
        metrics: The best trial's metrics, and how many trials there are in each state.

    Returns:
        The best trial as JSON, for `train`.
    """
    from morphogenetic_engine.steps.katib_sweep import katib_sweep as run

    found = run(
        config, run_id=run_id, storage=storage, namespace=namespace, image=image, sweep=sweep.path, trials=trials.path
    )
    for name, value in found.metrics.items():
        metrics.log_metric(name, value)
    return found.best
