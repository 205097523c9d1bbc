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
from morphogenetic_engine.backends.katib.pods.quantity import canonical_bytes
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig, Toleration

CONTAINER = "trial"
METRICS_FILE = "/var/log/katib/metrics.log"
SCRATCH = "/tmp"
USER = 10001
"""The numeric user of the project's images."""
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
) -> dict[str, object]:
    """Returns the trial template's Job; `names` are Katib's parameters, `trials` is how many Jobs there will be."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"labels": dict(labels)},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": deadline_seconds(config),
            "ttlSecondsAfterFinished": KEPT_SECONDS if trials <= MANY else KEPT_SECONDS_OF_MANY,
            "template": {
                "metadata": {"labels": {**labels, "sidecar.istio.io/inject": "false"}},
                "spec": _pod(config, options, image=image, names=names),
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


def _pod(config: SweepConfig, options: RenderOptions, *, image: str, names: Iterable[str]) -> dict[str, object]:
    resources = config.resources
    pod: dict[str, object] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(config, options, image=image, names=names)],
        "volumes": _volumes(resources),
    }
    given = {
        "serviceAccountName": resources.service_account,
        "priorityClassName": resources.priority_class,
        "nodeSelector": dict(resources.node_selector),
        "tolerations": [_toleration(each) for each in resources.tolerations],
    }
    return {**pod, **{name: value for name, value in given.items() if value}}


def _container(config: SweepConfig, options: RenderOptions, *, image: str, names: Iterable[str]) -> dict[str, object]:
    resources = config.resources
    variables = {
        SWEEP_VARIABLE: sweep_text(config),
        ASSIGNMENTS_VARIABLE: assignments_text(names),
        **({INPUTS_VARIABLE: inputs_text(options.inputs)} if options.inputs else {}),
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "PYTHONUNBUFFERED": "1",
        **{name: value.replace("$", "$$") for name, value in resources.environment.items()},
    }
    shm = [{"name": "shm", "mountPath": "/dev/shm"}] if resources.shm_size else []
    container: dict[str, object] = {
        "name": CONTAINER,
        "image": image,
        "command": ["sh", "-c"],
        "args": [_command(options)],
        "env": [{"name": name, "value": value} for name, value in variables.items()],
        "resources": _amounts(resources, options),
        # A failed trial prints the reason in its last lines; without this only its exit status would be kept.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "scratch", "mountPath": SCRATCH}, *shm],
    }
    secrets = [{"secretRef": {"name": name}} for name in resources.secrets]
    return {**container, "envFrom": secrets} if secrets else container


def _command(options: RenderOptions) -> str:
    words = [
        "morphogenetic trial run --config env --assignments env",
        f"--dir {SCRATCH}/trial --metrics {METRICS_FILE}",
    ]
    if options.algorithm == "morphogenetic":
        words.append("--number-from-name")
    if options.store is not None:
        words.append(f"--to {options.store}")
    return f"( exec {' '.join(words)} )"


def _amounts(resources: ResourcesConfig, options: RenderOptions) -> dict[str, object]:
    """Returns equal requests and limits, so that a trial gets exactly the resources that it requests."""
    gpu = resources.gpu if options.gpu is None else options.gpu
    amounts = {
        "cpu": resources.cpu,
        "memory": _bytes(resources.memory),
        "ephemeral-storage": _bytes(resources.scratch),
        resources.gpu_resource: str(gpu) if gpu else None,
    }
    given = {name: value for name, value in amounts.items() if value is not None}
    return {"requests": given, "limits": dict(given)} if given else {}


def _volumes(resources: ResourcesConfig) -> list[dict[str, object]]:
    limit = {"sizeLimit": _bytes(resources.scratch)} if resources.scratch else {}
    volumes: list[dict[str, object]] = [{"name": "scratch", "emptyDir": limit}]
    if resources.shm_size:
        volumes.append({"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": _bytes(resources.shm_size)}})
    return volumes


def _bytes(amount: str | None) -> str | None:
    return None if amount is None else canonical_bytes(amount)


def _toleration(toleration: Toleration) -> dict[str, object]:
    written = {
        "key": toleration.key,
        "operator": toleration.operator,
        "value": toleration.value,
        "effect": toleration.effect,
        "tolerationSeconds": toleration.toleration_seconds,
    }
    return {name: value for name, value in written.items() if value is not None}
