"""A sweep and an evaluation to one HTML page, for the Kubeflow UI and in the object store."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
def report(
    run_id: str,
    storage: str,
    sweep: dsl.Input[dsl.Artifact],
    page: dsl.Output[dsl.HTML],
    evaluation: dsl.Input[dsl.Artifact] = None,
) -> str:
    """Write the report of a sweep.

    Args:
        run_id: The run of the pipeline.
        storage: The page is also written to reports/<run_id>/index.html in there: s3://bucket/folder, or "".
        sweep: The sweep's folder, from `sweep` or `local_sweep`.
        page: The page, complete in one file.
        evaluation: What `evaluate` found of the best trial's model.

    Returns:
        Where the page is in the object store, or "".
    """
    from morphogenetic_engine.steps.report import report as run

    found = evaluation.path if evaluation else None
    return run(sweep.path, found, page=page.path, run_id=run_id, storage=storage)
