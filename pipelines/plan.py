"""All that is decided before a pipeline is compiled."""

from dataclasses import dataclass
from enum import StrEnum

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig

PARAMETER_LIMIT = 10_000
"""Bytes that the parameters of a run may have together (MAX_PARAMETER_BYTES of the API server)."""


class Pipeline(StrEnum):
    """The pipelines there are."""

    SWEEP = "sweep"
    """The trials are pods of a Katib Experiment."""
    SMOKE = "smoke"
    """The same, tiny, without a GPU: does everything work together?"""
    LOCAL_SWEEP = "local-sweep"
    """The whole sweep inside one pod, on its worker processes: for many small trials."""


@dataclass(frozen=True)
class Images:
    """The images of the components."""

    train: str
    """Has the workload: trains, evaluates, runs trials."""
    report: str
    """Small: starts sweeps on Katib, writes reports."""

    @property
    def fixed(self) -> bool:
        """Whether the image of the workload is the same for ever: its name is a digest, not a tag."""
        return "@" in self.train


@dataclass(frozen=True)
class ObjectStore:
    """Where sweeps and reports are kept, and how pods reach it."""

    address: str = ""
    """s3://bucket/folder; "": nowhere, and a report is only in the Kubeflow UI."""
    endpoint: str = ""
    """Its URL inside the cluster; "": that of the cloud."""
    secret: str = ""
    """A Secret in the namespace of Kubeflow Pipelines with the credentials; "": the pods have them by other means."""
    key_names: tuple[str, str] = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    """The Secret's keys for the access key and the secret key."""
    region: str = ""
    """Of the cloud; "": the store has none, or it is us-east-1."""


@dataclass(frozen=True)
class Plan:
    """One pipeline for one sweep."""

    pipeline: Pipeline
    config: SweepConfig
    images: Images
    store: ObjectStore = ObjectStore()
    namespace: str = ""
    """Of the Katib Experiment; "": that of the pipeline's pods."""
    config_address: str = ""
    """The object that holds the configuration, where it is too large for a parameter."""
    retries: int = 2
    """How often a task is tried again; each goes on where it was, or fails at once for the same reason."""

    @property
    def name(self) -> str:
        """What Kubeflow Pipelines calls it."""
        return f"morphogenetic-{self.pipeline}"

    @property
    def config_text(self) -> str:
        """The configuration as a parameter: canonical JSON, or where that is.

        Raises:
            ConfigError: it is too large for a parameter, and there is no object that holds it.
        """
        if self.config_address:
            return self.config_address
        text = self.config.canonical_json
        if not fits(self.config):
            raise ConfigError(
                f"the configuration has {len(text.encode())} bytes, more than the {PARAMETER_LIMIT} that Kubeflow"
                " Pipelines takes: name an object store with --storage"
            )
        return text


def fits(config: SweepConfig) -> bool:
    """Tell whether a configuration can be a parameter, with room for the others."""
    return len(config.canonical_json.encode()) <= PARAMETER_LIMIT - 1_000
