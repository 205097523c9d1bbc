"""Writes a sweep and an evaluation as one HTML page, for the Kubeflow UI and the object store."""

# pylint: disable=import-outside-toplevel  # only the body goes to the pod
from kfp import dsl

from components.images import UNSET


@dsl.component(base_image=UNSET, install_kfp_package=False)
# pylint: disable-next=too-many-positional-arguments  # Kubeflow Pipelines passes them by name
def report(
    run_id: str,
    name: str,
    storage: str,
    sweep_folder: dsl.Input[dsl.Artifact],
    report: dsl.Output[dsl.HTML],  # pylint: disable=redefined-outer-name
    evaluation: dsl.Input[dsl.Artifact] = None,
) -> str:
    """Write the report of a sweep.

    Args:
        run_id: The run of the pipeline.
        name: The name of the sweep, which is the heading of the page.
        storage: The address to which the page is written as reports/<run_id>/index.html, or "".
        sweep_folder: The sweep's folder, from `sweep` or `local_sweep`.
        report: The page, complete in one file.
        evaluation: The output of `evaluate` for the best trial's model.

    Returns:
        The address of the page in the object store, or "".
    """
    from morphogenetic_engine.steps.report import report as run

    found = evaluation.path if evaluation else None
    return run(sweep_folder.path, found, run_id=run_id, name=name, storage=storage, page=report.path)
