"""The `resources` section of a sweep file: what the pod of each trial asks for on a cluster.

Nothing here changes what a trial computes, so it is no part of the sweep's identity; a local sweep does not use it.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from morphogenetic_engine.sweeps.schema.parameters import Section, number
from morphogenetic_engine.sweeps.schema.pods.amounts import Bytes, Name, Quantity
from morphogenetic_engine.sweeps.schema.pods.gpu_sharing_section import GpuSharing, broken_gpu_rule
from morphogenetic_engine.trial import text

_QUALIFIED_NAME = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_IMAGE = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9]+:[0-9a-f]{32,})?"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = re.compile(r"MORPHOGENETIC_.*|KATIB_.*")
_PLACEHOLDER = re.compile(r"\$\{trial(Parameters|Spec)\.")
_SECRET_WORDS = re.compile(r"secret|password|passwd|token|private_key|access_key|api_?key|credential", re.IGNORECASE)


def _word(value: object) -> object:
    return text(value) if isinstance(value, (bool, int, float)) else value


def _words(value: object) -> object:
    """Returns a mapping whose values are text, as Kubernetes wants it: `gpu: true` of a sweep file is "true"."""
    if not isinstance(value, dict):
        return value
    return {name: _word(each) for name, each in value.items()}


def _qualified_name(value: str) -> str:
    if _QUALIFIED_NAME.fullmatch(value) is None:
        raise ValueError(f"must be a name such as nvidia.com/gpu, but got {value!r}")
    return value


def _gpu_resource(value: str) -> str:
    if "/" not in _qualified_name(value):
        raise ValueError(f"must begin with whose it is, such as nvidia.com/gpu, but got {value!r}")
    return value


def _label(value: str) -> str:
    if _LABEL.fullmatch(value) is None:
        raise ValueError(f"must be a label's value: 63 letters, digits, '-', '_' and '.' at most, but got {value!r}")
    return value


def checked_image(value: str) -> str:
    """Returns the name of an image.

    Raises:
        ValueError: a kubelet would not take it.
    """
    if _IMAGE.fullmatch(value) is None:
        raise ValueError(
            f"must be the name of an image, such as registry/train:1.2 in small letters, but got {value!r}"
        )
    return value


def _variable(value: str) -> str:
    if _VARIABLE.fullmatch(value) is None:
        raise ValueError(f"must be the name of an environment variable, but got {value!r}")
    if _SECRET_WORDS.search(value):
        raise ValueError(
            f"{value} looks like a secret, which no file should hold: put it in a Secret, name it in secrets"
        )
    if _OURS.fullmatch(value):
        raise ValueError(f"{value} is set for each trial; leave it out")
    return value


def _setting(value: str) -> str:
    if _PLACEHOLDER.search(value):
        raise ValueError(f"must hold no placeholder of Katib's, which would be filled in, but got {value!r}")
    return value


QualifiedName = Annotated[str, AfterValidator(_qualified_name)]
GpuResource = Annotated[str, AfterValidator(_gpu_resource)]
Label = Annotated[str, AfterValidator(_label)]
Image = Annotated[str, AfterValidator(checked_image)]
Variable = Annotated[str, AfterValidator(_variable)]
Setting = Annotated[str, AfterValidator(_setting)]


class Toleration(Section):
    """A taint of nodes that the trials' pods put up with."""

    key: QualifiedName | None = None
    """The taint's key; left out with `operator: Exists`: every taint."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """`Equal` compares the value, `Exists` only the key."""
    value: Annotated[Label, BeforeValidator(_word)] | None = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; left out: all."""
    toleration_seconds: int | None = Field(default=None, ge=0)
    """The time that a pod may stay on a tainted node, in seconds; only with NoExecute."""

    _numbers = field_validator("toleration_seconds", mode="before")(number)

    @model_validator(mode="after")
    def _follows_the_rules(self) -> Toleration:
        if self.key is None and self.operator == "Equal":
            raise ValueError("key is missing; every taint is {operator: Exists}")
        if self.value is not None and self.operator == "Exists":
            raise ValueError("value must be left out when operator is Exists")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError("toleration_seconds needs effect: NoExecute")
        return self


class ResourcesConfig(Section):
    """The resources of each trial's pod on a cluster; a sweep on this machine does not use them."""

    image: Image | None = None
    """The container image that trials run in; `--image` takes its place."""
    gpu: int = Field(default=0, ge=0)
    """GPUs of each trial; `--gpu` takes its place."""
    gpu_resource: GpuResource = "nvidia.com/gpu"
    """The name of the cluster's GPU resource; a slice of a shared one has a name of its own (nvidia.com/mig-1g.5gb)."""
    cpu: Quantity | None = None
    """Cores: 4, or 500m for half a core."""
    memory: Bytes | None = None
    """Memory: 8Gi. A trial that needs more is killed."""
    scratch: Bytes | None = None
    """The most that a trial may write to its scratch folder: 20Gi."""
    shm_size: Bytes | None = None
    """Shared memory (/dev/shm), which PyTorch's data loaders pass batches through: 2Gi. Counts as memory."""
    node_selector: Annotated[dict[QualifiedName, Label], BeforeValidator(_words)] = Field(default_factory=dict)
    """Labels that a node must have."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints of nodes that the pods put up with."""
    priority_class: Name | None = None
    """The pods' PriorityClass."""
    service_account: Name | None = None
    """The pods' service account; its token is not mounted."""
    secrets: tuple[Name, ...] = ()
    """Secrets of the namespace whose keys become environment variables (AWS_ACCESS_KEY_ID, ...)."""
    environment: Annotated[dict[Variable, Setting], BeforeValidator(_words)] = Field(default_factory=dict)
    """Environment variables; what is secret belongs into a Secret."""

    kind: Literal["Job", "TrainJob"] = "Job"
    """The object that runs a trial on the cluster: a Job, or a TrainJob of Kubeflow Trainer."""
    runtime: Name | None = None
    """The runtime of TrainJobs."""
    runtime_kind: Literal["ClusterTrainingRuntime", "TrainingRuntime"] = "ClusterTrainingRuntime"
    """The scope of the runtime: the cluster or the namespace."""
    gpu_sharing: GpuSharing | None = None
    """Sharing of GPUs between the pods of trials; left out: each pod has whole ones."""

    _numbers = field_validator("gpu", mode="before")(number)

    @model_validator(mode="after")
    def _fits_together(self) -> ResourcesConfig:
        if (self.kind == "TrainJob") != (self.runtime is not None):
            raise ValueError("kind: TrainJob and runtime go together: give both or none")
        if self.kind == "TrainJob" and self.gpu_sharing is not None and self.gpu_sharing.by != "hami":
            raise ValueError(
                f"gpu_sharing by: {self.gpu_sharing.by} needs kind: Job; claims and scheduler of a TrainJob's pods are"
                " the runtime's"
            )
        if (rule := broken_gpu_rule(self.gpu_sharing, self.gpu)) is not None:
            raise ValueError(f"gpu {rule}")
        return self

    @property
    def description(self) -> str:
        """The resources that a pod asks for, in words; "" if there are none."""
        parts = [f"{self.cpu} CPU"] if self.cpu else []
        parts += [self.memory] if self.memory else []
        parts += [f"{self.gpu} GPU{'s' * (self.gpu > 1)}"] if self.gpu else []
        return ", ".join(parts)
