"""The section `resources.gpu_sharing` of a sweep file: how the trials' pods share GPUs on a cluster."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from morphogenetic_engine.sweeps.schema.parameters import Section, number
from morphogenetic_engine.sweeps.schema.pods.amounts import Bytes, Name

_SETTINGS = {
    "claim": {"device_class", "strategy", "memory", "compute"},
    "kai": {"fraction", "memory", "queue"},
    "hami": {"memory", "compute"},
}
"""The settings of each way to share."""


class GpuSharing(Section):
    """Sharing of GPUs between the pods of trials; Kubernetes alone gives each pod whole ones."""

    by: Literal["claim", "kai", "hami"]
    """The mechanism: `claim`, one ResourceClaim that all pods name; `kai`, the KAI scheduler; `hami`, HAMi."""
    device_class: Name | None = None
    """Of a claim: the DeviceClass of its GPU; left out: gpu.nvidia.com."""
    strategy: Literal["TimeSlicing", "MPS"] | None = None
    """Of a claim: how NVIDIA's driver shares the GPU; left out: in turns, as the driver does by itself."""
    fraction: float | None = Field(default=None, gt=0, lt=1)
    """Of KAI: a pod's share of a GPU's memory: 0.25."""
    memory: Bytes | None = None
    """A pod's GPU memory: 4Gi. Of a claim only with MPS; of KAI in the place of `fraction`."""
    compute: int | None = Field(default=None, ge=1, le=100)
    """A pod's share of a GPU's cores, in per cent: 25. Of a claim only with MPS; not of KAI."""
    queue: Name | None = None
    """Of KAI: the queue of the pods."""

    _numbers = field_validator("fraction", "compute", mode="before")(number)

    @model_validator(mode="after")
    def _follows_the_rules(self) -> GpuSharing:
        given = {name for name, value in self if value is not None} - {"by"}
        foreign = sorted(given - _SETTINGS[self.by])
        if foreign:
            known = ", ".join(sorted(_SETTINGS[self.by]))
            raise ValueError(f"{foreign[0]} is no setting of by: {self.by}, which has {known}")
        if self.by == "claim" and self.strategy != "MPS" and given & {"memory", "compute"}:
            raise ValueError("memory and compute of a claim need strategy: MPS")
        if self.by == "kai" and (self.fraction is None) == (self.memory is None):
            raise ValueError("by: kai needs either fraction or memory")
        if self.by == "kai" and self.queue is None:
            raise ValueError("by: kai needs queue")
        if self.by == "hami" and self.memory is None:
            raise ValueError("by: hami needs memory, the GPU memory of each pod")
        return self


def broken_gpu_rule(sharing: GpuSharing | None, gpu: int) -> str | None:
    """Returns the rule that a number of GPUs of each pod breaks; None: it fits the sharing."""
    if sharing is not None and sharing.by == "hami" and gpu == 0:
        return "must be 1 or more with gpu_sharing by: hami, which shares GPUs that pods ask for, but got 0"
    if sharing is not None and sharing.by != "hami" and gpu > 0:
        return f"must be 0 with gpu_sharing by: {sharing.by}, which gives a pod its part of a GPU, but got {gpu}"
    return None
