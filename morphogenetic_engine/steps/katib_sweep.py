"""The component `sweep`: runs a Katib Experiment to its end, or follows the one of an earlier attempt."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.backends.backend import Access, RenderOptions, load_delegate
from morphogenetic_engine.backends.recording import collect, collection_folder
from morphogenetic_engine.steps.configuration import read_parameter
from morphogenetic_engine.steps.ending import StepFailed, step
from morphogenetic_engine.steps.kept.end_report import report_interruption
from morphogenetic_engine.steps.kept.keeping import kept
from morphogenetic_engine.steps.kept.left_experiment import end_if_deleted
from morphogenetic_engine.steps.pipeline_run import RUN_LABEL, PipelineRun
from morphogenetic_engine.steps.saying import say, teller
from morphogenetic_engine.steps.sweep_outputs import Places, SweepOutputs, write_outputs
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.inputs import read_inputs


@step("sweep")
def katib_sweep(
    config: str, *, run: PipelineRun, workflow: str, namespace: str, image: str, places: Places
) -> SweepOutputs:
    """Runs a sweep on Katib into a results folder, writes its tables, and returns the other outputs.

    `workflow` is the run's: if it no longer exists at SIGTERM, the run was deleted, and the Experiment is ended.

    Raises:
        SystemExit: the sweep or the cluster is not ready, the Experiment failed, or no trial is complete; in one line.
    """
    file = read_parameter(config)
    delegate, access = load_delegate("katib"), Access(namespace=namespace or None)
    submitted = delegate.submit(file, run_options(file, run, image=image), access)
    origin = submitted.origin
    say(f"{origin.where}: {'created' if submitted.new else 'exists already'}")
    experiment = delegate.find(origin.name, Access(namespace=origin.namespace))
    folder = collection_folder(experiment.source, results=Path(places.sweep), sweep_id=run.run_id)
    observers = [teller(file.config)]
    try:
        with kept(run.kept, folder, warn=say) as keeper:
            collect(experiment, folder, wait=True, end_leftovers=True, observers=[*observers, keeper], tell=say)
    except SystemExit:  # SIGTERM
        end_if_deleted(run, namespace, workflow, Path(places.sweep))
        report_interruption(run, folder)
        raise
    if not experiment.progress.over:
        raise StepFailed(f"{origin.where}: was deleted before it was completed")
    if experiment.progress.failure:
        raise StepFailed(f"{origin.where}: failed: {experiment.progress.failure}")
    return write_outputs(folder, places, experiment=origin.name)


def run_options(file: ConfigFile, run: PipelineRun, *, image: str) -> RenderOptions:
    """Returns the settings of a run's Experiment; the name is the same for every attempt of the run.

    Raises:
        ConfigError: an input is not in this image.
    """
    # trials can upload their files only with credentials
    store = f"{run.storage.rstrip('/')}/trials" if run.storage and file.config.resources.secrets else None
    inputs = read_inputs(file.config.experiment.inputs, Path.cwd(), str(file.path))
    marks = {RUN_LABEL: run.run_id[:63]}
    return RenderOptions(name=run.experiment, image=image, store=store, inputs=inputs, marks=marks)
