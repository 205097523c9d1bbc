"""Renders the Job of a trial: one container that runs `morphogenetic trial run` with minimal privileges.

Katib's webhook joins the container's command and arguments into one line for a shell, appends to it, and signals the
shell's only child to stop a trial early. So the command is `sh -c` with one subshell that `exec`s the program: one
child, which SIGTERM reaches. Values are never part of that line; they are passed in environment variables.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.pods.environment import (
    ASSIGNMENTS_VARIABLE,
    INPUTS_VARIABLE,
    SWEEP_VARIABLE,
    assignments_text,
    inputs_text,
    sweep_text,
)
from morphogenetic_engine.backends.katib.pods.gpu_sharing import WHOLE_GPUS, Share
from morphogenetic_engine.backends.katib.pods.quantity import canonical_bytes
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig, Toleration

CONTAINER = "trial"
METRICS_FILE = "/var/log/katib/metrics.log"
SCRATCH = "/tmp"
USER = 10001
"""The numeric user of the project's images."""
POD_LABELS: Mapping[str, str] = {"sidecar.istio.io/inject": "false"}
"""A sidecar that does not end would keep Katib's collector waiting."""
POD_SECURITY: Mapping[str, object] = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY: Mapping[str, object] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
GRACE_SECONDS = 60
"""The grace period in which a stopped trial uploads its files, in seconds; Katib waits as long."""
WAITING_SECONDS = 3600
"""The additional time of a Job beyond its trial's, in seconds: waiting for a GPU, pulling the image, the upload."""
LONGEST_SECONDS = 24 * 3600
"""The deadline of a trial whose sweep file has none."""
MOST_SECONDS = 365 * 24 * 3600
"""The longest deadline, in seconds."""
KEPT_SECONDS, KEPT_SECONDS_OF_MANY = 24 * 3600, 3600
"""Seconds for which a finished trial's Job and pod are kept; the second: with more than MANY trials."""
MANY = 500


def job(
    config: SweepConfig,
    options: RenderOptions,
    *,
    image: str,
    names: Iterable[str],
    labels: Mapping[str, str],
    trials: int,
    share: Share = WHOLE_GPUS,
) -> dict[str, object]:
    """Returns the trial template's Job; `names` are Katib's parameters, `trials` is how many Jobs there will be."""
    pod = _pod(config, share)
    container = _container(config, options, image=image, names=names, share=share)
    metadata: dict[str, object] = {"labels": {**labels, **POD_LABELS, **share.labels}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"labels": dict(labels)},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": deadline_seconds(config),
            "ttlSecondsAfterFinished": KEPT_SECONDS if trials <= MANY else KEPT_SECONDS_OF_MANY,
            "template": {
                "metadata": {**metadata, **({"annotations": dict(share.annotations)} if share.annotations else {})},
                "spec": {**pod, "containers": [container], "volumes": volumes(config.resources)},
            },
        },
    }


def deadline_seconds(config: SweepConfig) -> int:
    """Returns the seconds from a Job's creation until Kubernetes ends it; they include the time of each attempt."""
    timeout, retries = config.execution.timeout_per_trial, config.execution.retries
    if timeout is None:
        return LONGEST_SECONDS + WAITING_SECONDS
    attempts = 1 + retries.crashes + retries.exceptions
    return math.ceil(min(attempts * timeout, MOST_SECONDS)) + WAITING_SECONDS


def _pod(config: SweepConfig, share: Share) -> dict[str, object]:
    """Returns the pod without its container and its volumes."""
    resources = config.resources
    pod: dict[str, object] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": POD_SECURITY,
    }
    given = {
        "schedulerName": share.scheduler,
        "resourceClaims": [dict(each) for each in share.claims],
        "serviceAccountName": resources.service_account,
        "priorityClassName": resources.priority_class,
        "nodeSelector": dict(resources.node_selector),
        "tolerations": [toleration(each) for each in resources.tolerations],
    }
    return {**pod, **{name: value for name, value in given.items() if value}}


def _container(
    config: SweepConfig, options: RenderOptions, *, image: str, names: Iterable[str], share: Share
) -> dict[str, object]:
    resources = config.resources
    container: dict[str, object] = {
        "name": CONTAINER,
        "image": image,
        "command": ["sh", "-c"],
        "args": [command(options)],
        "env": variables(config, options, names),
        "resources": amounts(resources, options, share),
        # A failed trial prints the reason in its last lines; without this only its exit status would be kept.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": volume_mounts(resources),
    }
    secrets = [{"secretRef": {"name": name}} for name in resources.secrets]
    return {**container, "envFrom": secrets} if secrets else container


def variables(config: SweepConfig, options: RenderOptions, names: Iterable[str]) -> list[dict[str, str]]:
    """Returns the variables of a trial: its sweep, a place for each of Katib's parameters, and those of the file."""
    values = {
        SWEEP_VARIABLE: sweep_text(config),
        ASSIGNMENTS_VARIABLE: assignments_text(names),
        **({INPUTS_VARIABLE: inputs_text(options.inputs)} if options.inputs else {}),
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "PYTHONUNBUFFERED": "1",
        **{name: value.replace("$", "$$") for name, value in config.resources.environment.items()},
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def command(options: RenderOptions) -> str:
    """Returns the line for the shell: one program in a subshell."""
    words = [
        "morphogenetic trial run --config env --assignments env",
        f"--dir {SCRATCH}/trial --metrics {METRICS_FILE}",
    ]
    if options.algorithm == "morphogenetic":
        words.append("--number-from-name")
    if options.store is not None:
        words.append(f"--to {options.store}")
    return f"( exec {' '.join(words)} )"


def amounts(resources: ResourcesConfig, options: RenderOptions, share: Share) -> dict[str, object]:
    """Returns equal requests and limits, so that a trial gets exactly the resources that it requests."""
    gpu = resources.gpu if options.gpu is None else options.gpu
    wanted = {
        "cpu": resources.cpu,
        "memory": _bytes(resources.memory),
        "ephemeral-storage": _bytes(resources.scratch),
        resources.gpu_resource: str(gpu) if gpu else None,
        **share.amounts,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    claims = [{"name": each["name"]} for each in share.claims]
    return {**({"requests": given, "limits": dict(given)} if given else {}), **({"claims": claims} if claims else {})}


def volumes(resources: ResourcesConfig) -> list[dict[str, object]]:
    """Returns the volumes of a trial's pod: scratch space, and shared memory where the file asks for it."""
    limit = {"sizeLimit": _bytes(resources.scratch)} if resources.scratch else {}
    found: list[dict[str, object]] = [{"name": "scratch", "emptyDir": limit}]
    if resources.shm_size:
        found.append({"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": _bytes(resources.shm_size)}})
    return found


def volume_mounts(resources: ResourcesConfig) -> list[dict[str, str]]:
    """Returns where the container has the volumes."""
    shm = [{"name": "shm", "mountPath": "/dev/shm"}] if resources.shm_size else []
    return [{"name": "scratch", "mountPath": SCRATCH}, *shm]


def _bytes(amount: str | None) -> str | None:
    return None if amount is None else canonical_bytes(amount)


def toleration(each: Toleration) -> dict[str, object]:
    """Returns a toleration as Kubernetes writes it."""
    written = {
        "key": each.key,
        "operator": each.operator,
        "value": each.value,
        "effect": each.effect,
        "tolerationSeconds": each.toleration_seconds,
    }
    return {name: value for name, value in written.items() if value is not None}
