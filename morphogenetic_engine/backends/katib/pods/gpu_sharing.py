"""A trial's part of a shared GPU: a claim that all pods of the sweep name, or what the KAI scheduler or HAMi read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from morphogenetic_engine.backends.backend import RenderOptions, Unsupported
from morphogenetic_engine.backends.kubernetes.quantity import bytes_of, canonical_bytes
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.pods.gpu_sharing_section import GpuSharing, broken_gpu_rule

DEVICE_CLASS, DRIVER = "gpu.nvidia.com", "gpu.nvidia.com"
CLAIM_VERSION = "resource.k8s.io/v1"
MOST_PODS = 256
"""The most pods that one ResourceClaim may be reserved for."""
_REQUEST = "gpu"
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Share:
    """The fields that sharing adds to the pod of a trial."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    scheduler: str | None = None
    claims: Sequence[Mapping[str, str]] = ()
    """The pod's resourceClaims."""
    amounts: Mapping[str, str] = field(default_factory=dict)
    """Further requests and limits of the container."""


WHOLE_GPUS = Share()


def share_of(sharing: GpuSharing | None, claim: str) -> Share:
    """Returns what sharing adds to the pod of a trial; `claim` is the name of the sweep's ResourceClaim."""
    if sharing is None:
        return WHOLE_GPUS
    if sharing.by == "claim":
        return Share(claims=[{"name": _REQUEST, "resourceClaimName": claim}])
    if sharing.by == "kai":
        part = {"gpu-fraction": f"{sharing.fraction:g}"} if sharing.fraction else {"gpu-memory": _mebibytes(sharing)}
        return Share(labels={"kai.scheduler/queue": sharing.queue or ""}, annotations=part, scheduler="kai-scheduler")
    cores = {} if sharing.compute is None else {"nvidia.com/gpucores": str(sharing.compute)}
    return Share(amounts={"nvidia.com/gpumem": _mebibytes(sharing), **cores})


def resource_claim(
    sharing: GpuSharing | None, name: str, labels: Mapping[str, str], namespace: Mapping[str, str]
) -> dict[str, object] | None:
    """Returns the ResourceClaim that the pods of a sweep share; None: they share none."""
    if sharing is None or sharing.by != "claim":
        return None
    devices: dict[str, object] = {
        "requests": [{"name": _REQUEST, "exactly": {"deviceClassName": sharing.device_class or DEVICE_CLASS}}]
    }
    if sharing.strategy is not None:
        parameters = {
            "apiVersion": "resource.nvidia.com/v1beta1",
            "kind": "GpuConfig",
            "sharing": {"strategy": sharing.strategy, **_mps(sharing)},
        }
        devices["config"] = [{"requests": [_REQUEST], "opaque": {"driver": DRIVER, "parameters": parameters}}]
    return {
        "apiVersion": CLAIM_VERSION,
        "kind": "ResourceClaim",
        "metadata": {"name": name, **namespace, "labels": dict(labels)},
        "spec": {"devices": devices},
    }


def check_sharing(config: SweepConfig, options: RenderOptions, parallel: int) -> None:
    """Checks that a sweep's pods can share as the file says.

    Raises:
        ConfigError: they cannot.
    """
    sharing = config.resources.gpu_sharing
    rule = None if options.gpu is None else broken_gpu_rule(sharing, options.gpu)
    if rule is not None:
        raise ConfigError(f"--gpu: {rule}")
    if sharing is not None and sharing.by == "claim" and parallel > MOST_PODS:
        raise ConfigError(
            f"execution.max_parallel: must be <= {MOST_PODS} with gpu_sharing by: claim, the most pods of one claim,"
            f" but got {parallel}"
        )


def sharing_needs(config: SweepConfig, parallel: int) -> Iterator[Unsupported]:
    """Yields what a cluster must have for a sweep's pods to share GPUs, and what sharing does not do."""
    sharing, key = config.resources.gpu_sharing, "resources.gpu_sharing"
    if sharing is None:
        return
    if sharing.by == "claim":
        device_class = sharing.device_class or DEVICE_CLASS
        gate = {"MPS": "MPSSupport", "TimeSlicing": "TimeSlicingSettings", None: None}[sharing.strategy]
        told = "" if gate is None else f", with its feature gate {gate}"
        yield Unsupported(
            key,
            f"the cluster must have Kubernetes 1.34 and a DRA driver with the DeviceClass {device_class}{told}; all"
            f" {parallel} pods at a time run on one GPU, on its node",
        )
        if sharing.memory is None:
            yield Unsupported(key, "nothing limits a trial's GPU memory: one can take what the others need")
    elif sharing.by == "kai":
        yield Unsupported(
            key,
            "the cluster must have the KAI scheduler, installed with global.gpuSharing=true, and the queue"
            f" {sharing.queue}; KAI places pods by their part, and does not limit what they use",
        )
    else:
        yield Unsupported(key, "the cluster must have HAMi, on nodes that it manages")


def _mps(sharing: GpuSharing) -> dict[str, object]:
    limits = {
        "defaultActiveThreadPercentage": sharing.compute,
        "defaultPinnedDeviceMemoryLimit": None if sharing.memory is None else canonical_bytes(sharing.memory),
    }
    given = {name: value for name, value in limits.items() if value is not None}
    return {"mpsConfig": given} if given else {}


def _mebibytes(sharing: GpuSharing) -> str:
    """Returns the GPU memory in MiB, rounded up."""
    assert sharing.memory is not None
    return str(-(-bytes_of(sharing.memory) // _MIB))
