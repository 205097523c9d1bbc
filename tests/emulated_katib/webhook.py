"""From an Experiment to the pod of one trial: the controller's substitution and the webhook's changes.

Sources: pkg/controller.v1beta1/experiment/manifest/generator.go, pkg/webhook/v1beta1/pod/{inject_webhook,utils}.go.
"""

from __future__ import annotations

import copy
import json
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from .median_stop import Rule

# Manifests are trees of JSON; what is where is Kubernetes' to say.
Json = dict[str, Any]

COLLECTOR = "metrics-logger-and-collector"
VOLUME = "metrics-volume"
STDOUT_FILE = "/var/log/katib/metrics.log"


def trial_job(experiment: Json, assignments: Mapping[str, str], trial: str, namespace: str) -> Json:
    """Returns the Job that the controller makes of the template: values are put in as text, without any escaping.

    Raises:
        ValueError: an assignment that no trialParameter refers to, or a value that breaks the JSON.
    """
    template = experiment["spec"]["trialTemplate"]
    text = json.dumps(template["trialSpec"])
    references = {each["reference"]: each["name"] for each in template["trialParameters"]}
    if set(references) != set(assignments):
        raise ValueError(f"parameters {sorted(references)} are referred to, but {sorted(assignments)} are assigned")
    for parameter, value in assignments.items():
        text = text.replace(f"${{trialParameters.{references[parameter]}}}", value)
    job: Json = json.loads(text)
    job["metadata"] = {**job.get("metadata", {}), "name": trial, "namespace": namespace}
    return job


def trial_pod(
    experiment: Json, job: Json, rules: Sequence[Rule] = (), *, image: str = "katib/collector", trial: str = ""
) -> Json:
    """Returns the pod of a trial's Job as it is after the webhook, with injectSecurityContext.

    `trial` is the trial's name, where the Job has another one. A pod without the primary pod's labels has no collector.
    """
    spec = experiment["spec"]
    trial = trial or job["metadata"]["name"]
    pod: Json = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": copy.deepcopy(job["spec"]["template"].get("metadata", {})),
        "spec": copy.deepcopy(job["spec"]["template"]["spec"]),
    }
    pod["metadata"]["name"] = trial
    labels = pod["metadata"].setdefault("labels", {})
    assert spec["trialTemplate"].get("primaryPodLabels", {}).items() <= labels.items(), "the collector is not injected"
    pod["metadata"].setdefault("labels", {})["katib.kubeflow.org/trial"] = trial
    containers: list[Json] = pod["spec"]["containers"]
    primary = next(each for each in containers if each["name"] == spec["trialTemplate"]["primaryContainerName"])
    primary["env"] = [*primary.get("env", []), {"name": "KATIB_TRIAL_NAME", "value": trial}]
    kind, path = _collected(spec)
    sidecar: Json = {"name": COLLECTOR, "image": image, "args": _collector_args(spec, trial, path, rules)}
    if security := containers[0].get("securityContext"):
        sidecar["securityContext"] = copy.deepcopy(security)
    containers.append(sidecar)
    pod["spec"]["shareProcessNamespace"] = True
    for each in (primary, sidecar):
        mount = {"name": VOLUME, "mountPath": posixpath.dirname(path)}
        each["volumeMounts"] = [*each.get("volumeMounts", []), mount]
    pod["spec"]["volumes"] = [*pod["spec"].get("volumes", []), {"name": VOLUME, "emptyDir": {}}]
    primary["command"], primary["args"] = wrapped(primary, kind, path, stops=bool(rules))
    return pod


def _collected(spec: Json) -> tuple[str, str]:
    collector = spec.get("metricsCollectorSpec", {})
    kind: str = collector.get("collector", {}).get("kind", "StdOut")
    if kind == "StdOut":
        return kind, STDOUT_FILE
    assert kind == "File", f"{kind} is no collector that wraps the command and reads text"
    return kind, collector["source"]["fileSystemPath"]["path"]


def _collector_args(spec: Json, trial: str, path: str, rules: Sequence[Rule]) -> list[str]:
    objective = spec["objective"]
    metrics = [objective["objectiveMetricName"], *objective.get("additionalMetricNames", [])]
    args = ["-t", trial, "-m", ";".join(metrics), "-o-type", objective["type"], "-path", path, "-format", "TEXT"]
    return args + [word for rule in rules for word in ("-stop-rule", str(rule))]


def wrapped(container: Json, kind: str, path: str, *, stops: bool) -> tuple[list[str], list[str]]:
    """Returns the command and the one argument that the webhook makes of a container's: words joined by spaces."""
    words = [*container["command"], *container.get("args", [])]
    command = ["sh", "-c"]
    if words[0] in {"sh", "bash"} and words[1:2] == ["-c"]:
        command, words = words[:2], words[2:]
    if kind == "StdOut":
        words.append(f"1>{path} 2>&1")
    folder = posixpath.dirname(path)
    if stops:
        words += ["||", _stopped(folder)]
    words += ["&&", f"echo completed > {folder}/$$$$.pid"]
    return command, [" ".join(words)]


def _stopped(folder: str) -> str:
    # The kubelet leaves the dollars within $(...) as they are, and makes one of two elsewhere.
    return (
        f"if test -f {folder}/$$$$.pid && [ $(head -n 1 {folder}/$$.pid) = early-stopped ]; "
        "then echo Training Container was Early Stopped; else echo Training Container was Failed; exit 1; fi"
    )
