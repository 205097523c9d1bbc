"""A sweep on Katib: its trials are pods of their own."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
# pylint: disable-next=too-many-arguments,too-many-positional-arguments  # Kubeflow Pipelines passes them by name
def sweep(
    config: str,
    run_id: str,
    workflow: str,
    name: str,
    storage: str,
    namespace: str,
    image: str,
    sweep_folder: dsl.Output[dsl.Artifact],
    trials: dsl.Output[dsl.Dataset],
    trials_table: dsl.Output[dsl.Markdown],
    sweep_metrics: dsl.Output[dsl.Metrics],
) -> str:
    """Run a sweep as a Katib Experiment until it ends, and collect it; a restarted step finds the same Experiment.

    Args:
        config: The sweep's configuration as JSON, or the address of an object that holds it.
        run_id: The run of the pipeline.
        workflow: The workflow of the run; if it was deleted, the Experiment is ended.
        name: The name of the sweep, from which the Experiment's name is derived.
        storage: The address to which the sweep's folder is uploaded while it runs, or "": s3://bucket/folder.
        namespace: The namespace of the Experiment; "" for that of this pod.
        image: The image that trials run in.
        sweep_folder: A results folder that holds the sweep's folder; its metadata name the Experiment.
        trials: The trial table, CSV.
        trials_table: The trial table as Markdown, best trial first, with the names of the trials in Katib.
        sweep_metrics: The best trial's metrics, and the number of trials in each state.

    Returns:
        The best trial as JSON, for `train`.
    """
    from morphogenetic_engine.steps.katib_sweep import katib_sweep as start
    from morphogenetic_engine.steps.pipeline_run import PipelineRun
    from morphogenetic_engine.steps.sweep_outputs import Places, log_outputs

    run = PipelineRun(run_id, name, storage)
    places = Places(sweep_folder.path, trials.path, trials_table.path)
    return log_outputs(
        start(config, run=run, workflow=workflow, namespace=namespace, image=image, places=places),
        sweep_folder,
        sweep_metrics,
    )
