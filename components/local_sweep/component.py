"""A whole sweep inside one pod, on its worker processes: for many small trials."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
def local_sweep(
    config: str,
    run_id: str,
    storage: str,
    sweep: dsl.Output[dsl.Artifact],
    trials: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> str:
    """Run a sweep with the local runner; one that was killed goes on where it stopped.

    Args:
        config: The sweep's configuration as canonical JSON, or the address of an object that holds it.
        run_id: The run of the pipeline, which names the sweep.
        storage: Where the sweep's folder is kept while it runs: s3://bucket/folder, or "".
        sweep: A results folder that holds the sweep's folder.
        trials: The trial table, CSV.
        metrics: The best trial's metrics, and how many trials there are in each state.

    Returns:
        The best trial as JSON, for `train`.
    """
    from morphogenetic_engine.steps.local_sweep import local_sweep as run

    found = run(config, run_id=run_id, storage=storage, sweep=sweep.path, trials=trials.path)
    for name, value in found.metrics.items():
        metrics.log_metric(name, value)
    return found.best
