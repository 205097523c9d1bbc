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
from morphogenetic_engine.backends.kubernetes import pod_parts
from morphogenetic_engine.backends.kubernetes.pod_parts import CONTAINER_SECURITY, NO_SIDECAR, POD_SECURITY, SCRATCH
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.pods.pod_resources import ResourcesConfig

CONTAINER = "trial"
METRICS_FILE = "/var/log/katib/metrics.log"
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
    metadata: dict[str, object] = {"labels": {**labels, **NO_SIDECAR, **share.labels}}
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
                "spec": {**pod, "containers": [container], "volumes": pod_parts.volumes(config.resources)},
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
    pod: dict[str, object] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": POD_SECURITY,
    }
    given = {"schedulerName": share.scheduler, "resourceClaims": [dict(each) for each in share.claims]}
    return {**pod, **{name: value for name, value in given.items() if value}, **pod_parts.placement(config.resources)}


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
        "volumeMounts": pod_parts.volume_mounts(resources),
    }
    secrets = pod_parts.secrets(resources)
    return {**container, "envFrom": secrets} if secrets else container


def variables(config: SweepConfig, options: RenderOptions, names: Iterable[str]) -> list[dict[str, str]]:
    """Returns the variables of a trial: its sweep, a place for each of Katib's parameters, and those of the file."""
    values = {
        SWEEP_VARIABLE: sweep_text(config),
        ASSIGNMENTS_VARIABLE: assignments_text(names),
        **({INPUTS_VARIABLE: inputs_text(options.inputs)} if options.inputs else {}),
    }
    return pod_parts.variables(values, config.resources)


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
    given = {**pod_parts.amounts(resources, gpu), **share.amounts}
    claims = [{"name": each["name"]} for each in share.claims]
    return {**({"requests": given, "limits": dict(given)} if given else {}), **({"claims": claims} if claims else {})}
