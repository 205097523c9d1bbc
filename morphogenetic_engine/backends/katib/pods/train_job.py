"""Renders the TrainJob of a trial, for Kubeflow Trainer 2.3: the trainer of a runtime runs `morphogenetic trial run`.

What a TrainJob sets by itself is the trainer's image, command, environment and resources; a patch of the runtime sets
what Trainer lets others set of a pod. The rest is the runtime's: how often a pod is tried, and its restart policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from morphogenetic_engine.backends.backend import RenderOptions, Unsupported
from morphogenetic_engine.backends.katib.pods.gpu_sharing import WHOLE_GPUS, Share
from morphogenetic_engine.backends.katib.pods.job_template import (
    GRACE_SECONDS,
    amounts,
    command,
    deadline_seconds,
    variables,
)
from morphogenetic_engine.backends.kubernetes.pod_parts import (
    CONTAINER_SECURITY,
    NO_SIDECAR,
    POD_SECURITY,
    toleration,
    volume_mounts,
    volumes,
)
from morphogenetic_engine.sweeps.config import SweepConfig

API_GROUP = "trainer.kubeflow.org"
NODE = "node"
"""The replicated job and the container of a runtime in which training runs."""
PRIMARY_POD = {"jobset.sigs.k8s.io/replicatedjob-name": NODE, "batch.kubernetes.io/job-completion-index": "0"}
_MANAGER = "morphogenetic.dev/sweep"


def train_job(
    config: SweepConfig,
    options: RenderOptions,
    *,
    image: str,
    names: Iterable[str],
    labels: Mapping[str, str],
    share: Share = WHOLE_GPUS,
) -> dict[str, object]:
    """Returns the trial template's TrainJob; `names` are Katib's parameters."""
    line = {"command": ["sh", "-c"], "args": [command(options)]}
    trainer = {"image": image, **line, "env": variables(config, options, names)}
    return {
        "apiVersion": f"{API_GROUP}/v1alpha1",
        "kind": "TrainJob",
        "metadata": {"labels": dict(labels)},
        "spec": train_job_spec(config, trainer, labels=labels, limits=amounts(config.resources, options, share)),
    }


def train_job_spec(
    config: SweepConfig, trainer: Mapping[str, object], *, labels: Mapping[str, str], limits: Mapping[str, object]
) -> dict[str, object]:
    """Returns what a trial's TrainJob is to do; `trainer` is what it runs, `limits` the resources of its pod."""
    resources = config.resources
    return {
        "runtimeRef": {"apiGroup": API_GROUP, "kind": resources.runtime_kind, "name": resources.runtime},
        "activeDeadlineSeconds": deadline_seconds(config),
        "trainer": {**trainer, "numNodes": 1, **({"resourcesPerNode": dict(limits)} if limits else {})},
        "runtimePatches": [{"manager": _MANAGER, "trainingRuntimeSpec": {"template": _jobs(config, labels)}}],
    }


def runtime_needs(config: SweepConfig, owner: str = "Experiment") -> Iterator[Unsupported]:
    """Yields what the TrainJobs of a sweep leave to their runtime, which the cluster must have."""
    resources = config.resources
    runtime = f"{resources.runtime_kind} {resources.runtime}"
    yield Unsupported(
        "resources.runtime",
        f"the cluster must have Kubeflow Trainer 2.3 and the {runtime}, with one replicated job and one container"
        f" called {NODE}, backoffLimit 0 (else a failed pod is tried again) and terminationMessagePolicy"
        " FallbackToLogsOnError",
    )
    yield Unsupported("resources.kind", f"TrainJobs of ended trials stay until their {owner} is deleted")
    for key in ("secrets", "priority_class"):
        if getattr(resources, key):
            yield Unsupported(f"resources.{key}", f"TrainJobs have no such setting: give it to the {runtime}")


def _jobs(config: SweepConfig, labels: Mapping[str, str]) -> dict[str, object]:
    """Returns the patch of the runtime's JobSet."""
    template = {"metadata": {"labels": {**labels, **NO_SIDECAR}}, "spec": _pod(config)}
    return {"spec": {"replicatedJobs": [{"name": NODE, "template": {"spec": {"template": template}}}]}}


def _pod(config: SweepConfig) -> dict[str, object]:
    resources = config.resources
    container = {"name": NODE, "volumeMounts": volume_mounts(resources), "securityContext": CONTAINER_SECURITY}
    pod: dict[str, object] = {
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": POD_SECURITY,
        "containers": [container],
        "volumes": volumes(resources),
    }
    given = {
        "serviceAccountName": resources.service_account,
        "nodeSelector": dict(resources.node_selector),
        "tolerations": [toleration(each) for each in resources.tolerations],
    }
    return {**pod, **{name: value for name, value in given.items() if value}}
