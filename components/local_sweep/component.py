"""A whole sweep inside one pod, on its worker processes: for many small trials."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
# pylint: disable-next=too-many-arguments,too-many-positional-arguments  # Kubeflow Pipelines passes them by name
def local_sweep(
    config: str,
    run_id: str,
    name: str,
    storage: str,
    compiled_for: str,
    sweep_folder: dsl.Output[dsl.Artifact],
    trials: dsl.Output[dsl.Dataset],
    trials_table: dsl.Output[dsl.Markdown],
    sweep_metrics: dsl.Output[dsl.Metrics],
) -> str:
    """Run a sweep on worker processes of this pod; a restarted step continues where it stopped.

    Args:
        config: The sweep's configuration as JSON, or the address of an object that holds it.
        run_id: The run of the pipeline, which names the sweep's folder.
        name: The name of the sweep.
        storage: The address to which the sweep's folder is uploaded while it runs, or "": s3://bucket/folder.
        compiled_for: A hash of the settings that the pipeline was compiled for.
        sweep_folder: A results folder that holds the sweep's folder.
        trials: The trial table, CSV.
        trials_table: The trial table as Markdown, best trial first.
        sweep_metrics: The best trial's metrics, and the number of trials in each state.

    Returns:
        The best trial as JSON, for `train`.
    """
    from morphogenetic_engine.steps.local_sweep import local_sweep as run
    from morphogenetic_engine.steps.sweep_outputs import Places, log_outputs

    places = Places(sweep_folder.path, trials.path, trials_table.path)
    found = run(config, run_id=run_id, name=name, storage=storage, compiled_for=compiled_for, places=places)
    return log_outputs(found, sweep_folder, sweep_metrics)
