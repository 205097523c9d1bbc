"""The component `sweep`: a Katib Experiment from its beginning, or where an earlier attempt left it, to its end."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from morphogenetic_engine.backends.katib.client.experiments import end_leftovers, submit
from morphogenetic_engine.backends.katib.client.watch import follow
from morphogenetic_engine.backends.katib.read.collection import collection_folder, open_collection
from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, Phase
from morphogenetic_engine.backends.katib.read.trial_history import TrialJournal
from morphogenetic_engine.backends.katib.render.experiment import Rendered, render_experiment
from morphogenetic_engine.backends.katib.render.experiment_options import RenderOptions
from morphogenetic_engine.backends.katib.render.validation import validate_experiment
from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi
from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.steps.configuration import read_parameter
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.keeping import kept
from morphogenetic_engine.steps.kept_run import KeptRun
from morphogenetic_engine.steps.saying import say, tell
from morphogenetic_engine.steps.sweep_outputs import SweepOutputs, write_outputs
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.inputs import read_inputs
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.single_trial.trial_files import stored_journal


@step("sweep")
def katib_sweep(
    config: str, *, run_id: str, storage: str, namespace: str, image: str, sweep: str, trials: str
) -> SweepOutputs:
    """Run a sweep on Katib into the results folder `sweep`, copy its table to `trials`, and return what is handed on.

    Raises:
        SystemExit: the sweep or the cluster is not ready, the Experiment failed, or no trial is complete; in one line.
    """
    file = read_parameter(config)
    api = KatibApi(connect(namespace=namespace or None))
    rendered = rendered_for(file, run_id=run_id, namespace=api.namespace, image=image, storage=storage)
    run = KeptRun(storage, run_id) if storage else None
    experiment, new = submit(api, rendered)
    say(f"{experiment.where}: {'created' if new else 'is there already'}")
    folder = collection_folder(experiment, results=Path(sweep), sweep_id=run_id)
    with kept(run, folder, warn=say):
        experiment = _collected(api, experiment, folder)
    if experiment.condition.phase is Phase.FAILED:
        raise SweepError(f"{experiment.where}: failed: {experiment.condition.message}")
    return write_outputs(folder, read_result(folder), Path(trials))


def rendered_for(file: ConfigFile, *, run_id: str, namespace: str, image: str, storage: str) -> Rendered:
    """Return the Experiment of a run, valid; its name is the same whenever the run is the same.

    Raises:
        ConfigError: the sweep is none that Katib can run, or an input is not in this image.
    """
    name = f"sweep-{hashlib.sha256(run_id.encode()).hexdigest()[:16]}"
    # trials upload what they leave only where they are given the credentials for it
    store = f"{storage.rstrip('/')}/trials" if storage and file.config.resources.secrets else None
    inputs = read_inputs(file.config.experiment.inputs, Path.cwd(), str(file.path))
    options = RenderOptions(name=name, namespace=namespace, image=image, store=store, inputs=inputs)
    rendered = render_experiment(file, options)
    validate_experiment(rendered.manifest)
    return rendered


def _collected(api: KatibApi, experiment: KatibExperiment, folder: SweepFolder) -> KatibExperiment:
    """Collect an Experiment until it is completed, end what still runs then, and return it."""
    with open_collection(folder, journal=_journal(experiment), observers=[tell]) as collection:
        for snapshot in follow(api, experiment.name, trouble=say):
            collection.take(snapshot)
            experiment = snapshot.experiment
            if experiment.completed and snapshot.running:
                end_leftovers(api, snapshot.running)
                collection.stop(experiment)
    return experiment


def _journal(experiment: KatibExperiment) -> TrialJournal:
    if experiment.store is None:
        return lambda _name: ()
    return partial(stored_journal, open_store(experiment.store))
