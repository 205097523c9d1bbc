"""The component `sweep`: a Katib Experiment from its beginning, or where an earlier attempt left it, to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from morphogenetic_engine.backends.katib.client.experiments import end_leftovers, submit
from morphogenetic_engine.backends.katib.client.watch import follow
from morphogenetic_engine.backends.katib.read.collection import collection_folder, open_collection
from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, Phase
from morphogenetic_engine.backends.katib.render.experiment import Rendered, render_experiment
from morphogenetic_engine.backends.katib.render.experiment_options import RenderOptions
from morphogenetic_engine.backends.katib.render.validation import validate_experiment
from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi
from morphogenetic_engine.steps.configuration import read_parameter
from morphogenetic_engine.steps.ending import StepFailed, step
from morphogenetic_engine.steps.kept.keeping import kept
from morphogenetic_engine.steps.kept.left_experiment import trial_journal
from morphogenetic_engine.steps.pipeline_run import RUN_LABEL, PipelineRun
from morphogenetic_engine.steps.saying import say, tell
from morphogenetic_engine.steps.sweep_outputs import Places, SweepOutputs, write_outputs
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.inputs import read_inputs


@step("sweep")
def katib_sweep(
    config: str, *, run_id: str, name: str, storage: str, namespace: str, image: str, places: Places
) -> SweepOutputs:
    """Run a sweep on Katib into a results folder, write its tables, and return what else is handed on.

    Raises:
        SystemExit: the sweep or the cluster is not ready, the Experiment failed, or no trial is complete; in one line.
    """
    file = read_parameter(config)
    api = KatibApi(connect(namespace=namespace or None))
    run = PipelineRun(run_id, name, storage)
    rendered = rendered_for(file, run, namespace=api.namespace, image=image)
    experiment, new = submit(api, rendered)
    say(f"{experiment.where}: {'created' if new else 'is there already'}")
    folder = collection_folder(experiment, results=Path(places.sweep), sweep_id=run.run_id, cluster=api.host)
    with kept(run.kept, folder, warn=say):
        experiment = _collected(api, experiment, folder)
    if experiment.condition.phase is Phase.FAILED:
        raise StepFailed(f"{experiment.where}: failed: {experiment.condition.message}")
    return write_outputs(folder, places, experiment=experiment.name)


def rendered_for(file: ConfigFile, run: PipelineRun, *, namespace: str, image: str) -> Rendered:
    """Return the Experiment of a run, valid; its name is the same whenever the run is the same.

    Raises:
        ConfigError: the sweep is none that Katib can run, or an input is not in this image.
    """
    # trials upload what they leave only where they are given the credentials for it
    store = f"{run.storage.rstrip('/')}/trials" if run.storage and file.config.resources.secrets else None
    inputs = read_inputs(file.config.experiment.inputs, Path.cwd(), str(file.path))
    options = RenderOptions(name=run.experiment, namespace=namespace, image=image, store=store, inputs=inputs)
    rendered = render_experiment(file, options)
    named = replace(rendered, manifest=_of_run(rendered.manifest, run.run_id))
    validate_experiment(named.manifest)
    return named


def _of_run(manifest: Mapping[str, object], run_id: str) -> Mapping[str, object]:
    """Name the run in the metadata of its Experiment: for people, and for a selector."""
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    named = {key: {**metadata[key], RUN_LABEL: run_id[:63]} for key in ("labels", "annotations")}
    return {**manifest, "metadata": {**metadata, **named}}


def _collected(api: KatibApi, experiment: KatibExperiment, folder: SweepFolder) -> KatibExperiment:
    """Collect an Experiment until it is completed, end what still runs then, and return it."""
    with open_collection(folder, journal=trial_journal(experiment), observers=[tell]) as collection:
        for snapshot in follow(api, experiment.name, trouble=say):
            collection.take(snapshot)
            experiment = snapshot.experiment
            if experiment.completed and snapshot.running:
                end_leftovers(api, snapshot.running)
                collection.stop(experiment)
    return experiment
