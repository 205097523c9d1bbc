"""The section `execution.dask.kubernetes` of a sweep file: workers of the executor dask that are pods."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from morphogenetic_engine.sweeps.schema.parameters import Section, number
from morphogenetic_engine.sweeps.schema.pods.amounts import Name
from morphogenetic_engine.sweeps.schema.pods.pod_resources import Image

WHOLE_GPUS = "resources.gpu_sharing: is for trials on Katib; worker pods have whole GPUs: leave it out"


def _folder(value: str) -> str:
    if not value.startswith("/") or ":" in value or value in ("/", "/tmp"):
        raise ValueError(f"must be an absolute path, such as /sweeps, but got {value!r}")
    return value


class KubernetesWorkers(Section):
    """The worker pods that a sweep starts; `resources` says what each asks for, as for the trials' pods on Katib."""

    workers: int = Field(ge=1)
    """Pods at a time; fewer where fewer trials are left."""
    image: Image | None = None
    """The image of the workers; left out: resources.image, or else that of the coordinator's pod."""
    namespace: Name | None = None
    """The namespace of the workers; left out: the coordinator's."""
    claims: dict[Name, Annotated[str, AfterValidator(_folder)]] | None = None
    """Volume claims of the workers, and where they are mounted; left out: those of the coordinator's pod."""

    _numbers = field_validator("workers", mode="before")(number)

    def description(self, pods: int) -> str:
        """Returns the pods in words."""
        where = f" in namespace {self.namespace}" if self.namespace else ""
        image = f" of {self.image}" if self.image else ""
        return f"{pods} pod{'s' * (pods > 1)} of Kubernetes{where}{image}"
