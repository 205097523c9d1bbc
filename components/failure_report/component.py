"""The exit task of a pipeline: after a failure, a report of what there is."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
def failure_report(
    run_id: str,
    storage: str,
    page: dsl.Output[dsl.HTML],
    status: dsl.PipelineTaskFinalStatus,
) -> str:
    """Report what a failed run left; a run that succeeded has its report already.

    Args:
        run_id: The run of the pipeline.
        storage: Where its sweep is kept, and the page is written to reports/<run_id>/index.html: s3://bucket/folder,
            or "".
        page: The page, complete in one file.
        status: How the run ended, from Kubeflow Pipelines.

    Returns:
        Where the page is in the object store, or "".
    """
    from morphogenetic_engine.steps.failure_report import failure_report as run

    error = status.error_message or ""
    return run(status.state, error, page=page.path, run_id=run_id, storage=storage)
