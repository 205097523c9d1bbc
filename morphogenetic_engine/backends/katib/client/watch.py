"""Watches a running Experiment: yields a snapshot after each change, and reconnects when the connection breaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from morphogenetic_engine.backends.katib.client.diagnostics import Complaints
from morphogenetic_engine.backends.katib.client.experiments import get_experiment
from morphogenetic_engine.backends.katib.client.failed_pods import FailedPods
from morphogenetic_engine.backends.katib.read.objects import KatibTrial, Snapshot, read_trial
from morphogenetic_engine.backends.kubernetes.api_errors import Expired, Unauthenticated, Unreachable
from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi

WATCH_SECONDS = 10
"""The duration of one watch in seconds; after each, the Experiment itself is read."""
PATIENCE_SECONDS = 600.0
"""The time for which a cluster may be unreachable, in seconds."""
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 15.0
_SHORTEST_WATCH = 1.0
"""The pause between watches, in seconds: a server or a proxy may close watches at once."""

Trouble = Callable[[str], object]


def follow(
    api: KatibApi,
    name: str,
    *,
    trouble: Trouble,
    patience: float = PATIENCE_SECONDS,
    watch_seconds: int = WATCH_SECONDS,
) -> Iterator[Snapshot]:
    """Yields snapshots of an Experiment until it is completed; the last one has the final states of its trials.

    A broken connection is reopened, with new credentials if the old ones have expired. `trouble` receives a line for
    each interruption and each Kubernetes warning.

    Raises:
        ClusterError: the Experiment is gone, or the cluster was unreachable for longer than `patience` seconds.
    """
    wait, lost_at, renewed = _FIRST_WAIT, None, False
    complaints, pods = Complaints(api, trouble), FailedPods(api, name, trouble)
    while True:
        try:
            for snapshot in _until_broken(api, name, complaints, watch_seconds):
                wait, lost_at, renewed = _FIRST_WAIT, None, False
                yield replace(snapshot, trials=pods.explained(snapshot.trials))
            return
        except Expired:
            time.sleep(_FIRST_WAIT)  # then listed anew
        except Unauthenticated:
            if renewed:
                raise
            renewed = True
            api.renew()
        except Unreachable as error:
            now = time.monotonic()
            lost_at = now if lost_at is None else lost_at
            if now - lost_at + wait > patience:
                raise
            trouble(f"{error}; trying again in {wait:.1f} s")
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


def _until_broken(api: KatibApi, name: str, complaints: Complaints, watch_seconds: int) -> Iterator[Snapshot]:
    """List, then watch, until the Experiment is completed or the connection breaks."""
    manifests, version = api.trials(name)
    trials = {trial.name: trial for trial in map(read_trial, manifests)}
    while True:
        experiment = get_experiment(api, name)
        if experiment.completed:
            manifests, _ = api.trials(name)  # the last Trial's end may have completed the Experiment
            yield Snapshot(experiment, [read_trial(manifest) for manifest in manifests])
            return
        snapshot = Snapshot(experiment, list(trials.values()))
        yield snapshot
        complaints.look(snapshot)
        begun, quiet = time.monotonic(), True
        for kind, manifest in api.trial_changes(name, version, watch_seconds):
            version = _version(manifest) or version
            if kind == "BOOKMARK":
                continue
            quiet = False
            _apply(trials, kind, read_trial(manifest))
            experiment = get_experiment(api, name)
            if experiment.completed:
                break
            yield Snapshot(experiment, list(trials.values()))
        if quiet:
            time.sleep(max(0.0, begun + min(_SHORTEST_WATCH, watch_seconds) - time.monotonic()))


def _apply(trials: dict[str, KatibTrial], kind: str, trial: KatibTrial) -> None:
    if kind == "DELETED":
        trials.pop(trial.name, None)
    else:
        trials[trial.name] = trial


def _version(manifest: dict[str, object]) -> str:
    metadata = manifest.get("metadata")
    return str(metadata.get("resourceVersion", "")) if isinstance(metadata, dict) else ""
