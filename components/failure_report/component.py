"""The exit task of a pipeline: after a failure, it reports the partial results and ends the Experiment."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
# pylint: disable-next=too-many-positional-arguments  # Kubeflow Pipelines passes them by name
def failure_report(
    run_id: str,
    name: str,
    storage: str,
    namespace: str,
    on_katib: bool,
    failure_page: dsl.Output[dsl.HTML],
    status: dsl.PipelineTaskFinalStatus,
) -> str:
    """Report on a failed or stopped run and end its Experiment; does nothing after a success.

    Args:
        run_id: The run of the pipeline.
        name: The name of the sweep.
        storage: The address that holds the sweep, to which the page is written as reports/<run_id>/index.html,
            or "".
        namespace: The namespace of the Experiment; "" for that of this pod.
        on_katib: Whether the run has an Experiment.
        failure_page: The page in one file; after a success it links to the report.
        status: The final status of the run, from Kubeflow Pipelines.

    Returns:
        The address of the page in the object store, or "".
    """
    from morphogenetic_engine.steps.failure_report import failure_report as run
    from morphogenetic_engine.steps.pipeline_run import PipelineRun, RunEnd

    end = RunEnd(PipelineRun(run_id, name, storage), status.state, status.error_message or "")
    return run(end, namespace=namespace if on_katib else None, page=failure_page.path)
