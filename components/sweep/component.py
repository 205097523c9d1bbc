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
    """Run a sweep as a Katib Experiment, wait for its end, and collect it; started again, it finds the Experiment.

    Args:
        config: The sweep's configuration as JSON, or the address of an object that holds it.
        run_id: The run of the pipeline.
        workflow: Of the run; where it is gone, so is the run, and the Experiment is ended.
        name: Of the sweep; the Experiment's name follows from it and the run.
        storage: Where the sweep's folder is kept while it runs: s3://bucket/folder, or "".
        namespace: Of the Experiment; "" for that of this pod.
        image: The image that trials run in.
        sweep_folder: A results folder that holds the sweep's folder; its metadata name the Experiment.
        trials: The trial table, CSV.
        trials_table: The trial table for people, the best first, with the names of the trials in Katib.
        sweep_metrics: The best trial's metrics, and how many trials there are in each state.

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
