"""Emulates Kubeflow Trainer: from a TrainJob and its runtime to the Job of its node.

Sources: pkg/runtime/core/trainingruntime.go, pkg/runtime/framework/plugins/jobset of kubeflow/trainer.
"""

from __future__ import annotations

import copy

from .webhook import Json

NODE = "node"
_NAMED = {"containers", "initContainers", "volumes", "volumeMounts", "env", "replicatedJobs"}
"""Lists whose items are merged by their names."""


def node_job(train_job: Json, runtime: Json) -> Json:
    """Returns the Job that Trainer, and the JobSet controller after it, make of a TrainJob.

    Raises:
        ValueError: the TrainJob names another runtime, or the runtime has no node.
    """
    spec, reference = train_job["spec"], train_job["spec"]["runtimeRef"]
    if (reference["kind"], reference["name"]) != (runtime["kind"], runtime["metadata"]["name"]):
        raise ValueError(f"{reference['kind']} {reference['name']} is not there")
    template = copy.deepcopy(runtime["spec"]["template"])
    for patch in spec.get("runtimePatches", []):
        template = _merged(template, patch["trainingRuntimeSpec"]["template"])
    (node,) = [each for each in template["spec"]["replicatedJobs"] if each["name"] == NODE]
    job: Json = copy.deepcopy(node["template"])
    pod = job["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    trainer = spec["trainer"]
    for key in ("image", "command", "args"):
        if key in trainer:
            container[key] = trainer[key]
    container["env"] = _by_name(container.get("env", []), trainer.get("env", []))
    container["resources"] = trainer.get("resourcesPerNode", {})
    pod.setdefault("metadata", {}).setdefault("labels", {}).update(
        {"jobset.sigs.k8s.io/replicatedjob-name": NODE, "batch.kubernetes.io/job-completion-index": "0"}
    )
    job["metadata"] = {**job.get("metadata", {}), "name": f"{train_job['metadata']['name']}-{NODE}-0"}
    return job


def _merged(one: Json, other: Json) -> Json:
    """Returns a manifest with a patch; lists of named things are merged by their names."""
    found = dict(one)
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = _merged(found[key], value)
        elif key in _NAMED and isinstance(found.get(key), list):
            found[key] = _by_name(found[key], value)
        else:
            found[key] = copy.deepcopy(value)
    return found


def _by_name(one: list[Json], other: list[Json]) -> list[Json]:
    found = {each["name"]: each for each in one}
    for each in other:
        found[each["name"]] = _merged(found.get(each["name"], {}), each)
    return list(found.values())
