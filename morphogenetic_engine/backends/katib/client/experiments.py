"""Creates, reads and ends Experiments on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from morphogenetic_engine.backends.katib.client.failed_pods import FailedPods
from morphogenetic_engine.backends.katib.read.objects import (
    KatibExperiment,
    KatibTrial,
    Phase,
    Snapshot,
    read_experiment,
    read_trial,
)
from morphogenetic_engine.backends.katib.render.experiment import API_VERSION, RenderedExperiment
from morphogenetic_engine.backends.kubernetes.api_errors import Conflict, Missing
from morphogenetic_engine.backends.kubernetes.katib_api import EXPERIMENTS, SUGGESTIONS, TRIALS, KatibApi, Manifest
from morphogenetic_engine.errors import ClusterError


def _ignore(_line: str) -> None:
    """Ignores a message."""


def submit(api: KatibApi, rendered: RenderedExperiment) -> tuple[KatibExperiment, bool]:
    """Creates an Experiment, or finds the one created earlier from the same sweep; also returns True if it is new.

    Raises:
        ClusterError: another Experiment has the name, the cluster is not ready, or it refuses.
    """
    api.check_ready()
    found = api.find(EXPERIMENTS, rendered.name)
    if found is None:
        try:
            created = read_experiment(api.create_experiment(rendered.manifest))
        except Conflict:
            found = api.find(EXPERIMENTS, rendered.name)
            if found is None:
                raise
        else:
            _create_claim(api, rendered, created, new=True)
            return created, True
    existing = _the_same(found, rendered, api.namespace)
    _create_claim(api, rendered, existing, new=False)
    return existing, False


def _create_claim(api: KatibApi, rendered: RenderedExperiment, experiment: KatibExperiment, *, new: bool) -> None:
    """Creates the ResourceClaim that the trials share; it belongs to the Experiment, and is deleted with it.

    Raises:
        ClusterError: it cannot be created; a new Experiment is deleted again, whose pods would wait for ever.
    """
    if rendered.claim is None:
        return
    owner = {"apiVersion": API_VERSION, "kind": "Experiment", "name": experiment.name, "uid": experiment.uid}
    metadata = rendered.claim["metadata"]
    assert isinstance(metadata, Mapping)
    try:
        api.create_claim({**rendered.claim, "metadata": {**metadata, "ownerReferences": [owner]}})
    except ClusterError:
        if new:
            remove(api, experiment.name)
        raise


def snapshot(api: KatibApi, name: str, *, trouble: Callable[[str], object] = _ignore) -> Snapshot:
    """Returns the current state of an Experiment and its Trials; `trouble` receives messages about missing permissions.

    Raises:
        Missing: there is no Experiment of this name.
        ConfigError: the Experiment was not created by this tool.
    """
    experiment = get_experiment(api, name)
    trials = [read_trial(trial) for trial in api.trials(name)[0]]
    return Snapshot(experiment, FailedPods(api, name, trouble).explained(trials))


def get_experiment(api: KatibApi, name: str) -> KatibExperiment:
    """Returns an Experiment; the reason of a failure includes the message of its Suggestion.

    Raises:
        Missing: there is no Experiment of this name.
        ConfigError: the Experiment was not created by this tool.
    """
    manifest = api.find(EXPERIMENTS, name)
    if manifest is None:
        raise Missing(f"{api.host}: has no Experiment {api.namespace}/{name}")
    experiment = read_experiment(manifest)
    if experiment.condition.phase is Phase.FAILED:
        return _with_suggestion(experiment, api.find(SUGGESTIONS, name))
    return experiment


def end_leftovers(api: KatibApi, trials: list[KatibTrial]) -> None:
    """Deletes Trials that Katib leaves running after their Experiment: deleting only their Jobs would restart them."""
    for trial in trials:
        api.delete(TRIALS, trial.name)


def remove(api: KatibApi, name: str) -> None:
    """Deletes an Experiment, which ends its pods; Katib also deletes its metrics."""
    api.delete(EXPERIMENTS, name)


def _the_same(found: Manifest, rendered: RenderedExperiment, namespace: str) -> KatibExperiment:
    existing = read_experiment(found)
    metadata = rendered.manifest["metadata"]
    assert isinstance(metadata, Mapping)
    annotations = metadata["annotations"]
    if existing.spec_hash not in annotations.values():
        raise ClusterError(
            f"Experiment {namespace}/{rendered.name}: exists, and was created from another sweep file or other options;"
            " give the new one a --name"
        )
    if existing.deleting:
        raise ClusterError(
            f"Experiment {namespace}/{rendered.name}: is being deleted; submit again when it is gone, or give the new"
            " one a --name"
        )
    return existing


def _with_suggestion(experiment: KatibExperiment, suggestion: Manifest | None) -> KatibExperiment:
    """Adds the message of the algorithm's service; Katib itself only reports that the Suggestion has failed."""
    if suggestion is None:
        return experiment
    said = read_trial(suggestion).condition
    if said.phase is not Phase.FAILED or said.message in experiment.condition.message:
        return experiment
    message = f"{experiment.condition.message} {said.message}".strip()
    return replace(experiment, condition=replace(experiment.condition, message=message))
