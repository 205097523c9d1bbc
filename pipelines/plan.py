"""All that is decided before a pipeline is compiled."""

from dataclasses import dataclass
from enum import StrEnum

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.steps.configuration import compiled_settings
from morphogenetic_engine.steps.pipeline_run import experiment_name
from morphogenetic_engine.steps.portable_json import short_config
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import total_trials

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
    sweep_name: str = "sweep"
    """Of the sweep, for people: its file's name without the ending."""
    namespace: str = ""
    """Of the Katib Experiment; "": that of the pipeline's pods."""
    config_address: str = ""
    """The object that holds the configuration, where it is too large for a parameter."""
    retries: int = 2
    """How often a task is tried again; each goes on where it was."""
    caching: bool = True
    """Whether the outputs of trainings and evaluations may come from the cache, where their images never change."""
    cache_generation: str = ""
    """Of the cache: the outputs of another one are not taken from it."""

    @property
    def name(self) -> str:
        """What Kubeflow Pipelines calls it."""
        return f"morphogenetic-{self.pipeline}"

    @property
    def on_katib(self) -> bool:
        """Whether the trials are pods of a Katib Experiment."""
        return self.pipeline is not Pipeline.LOCAL_SWEEP

    @property
    def target(self) -> str:
        """What is optimised, in words."""
        return " and ".join(f"{each.direction} {each.metric}" for each in self.config.optimization.all_objectives)

    @property
    def trials(self) -> str:
        """How many trials there will be."""
        return str(total_trials(self.config))

    @property
    def description(self) -> str:
        """One line for the list of runs."""
        kind = str(self.config.sweep_type).replace("_", " ")
        return f"{self.sweep_name}.yaml: {kind}, {self.trials} trials, {self.target}"

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of a run, as they are compiled: the pages of Kubeflow show and compare those of runs alone.

        Raises:
            ConfigError: the configuration is too large for a parameter, and there is no object that holds it.
        """
        return {
            "config": self.config_text,
            "name": self.sweep_name,
            "target": self.target,
            "trials": self.trials,
            "image": self.images.train,
            "storage": self.store.address,
            "namespace": self.namespace,
        }

    @property
    def caches(self) -> bool:
        """Whether trainings and evaluations may come from the cache."""
        return self.images.fixed and self.caching

    def experiment_of(self, run_id: str) -> str:
        """Return the name of the Experiment of a run."""
        return experiment_name(self.sweep_name, run_id)

    @property
    def compiled_for(self) -> str:
        """A hash of the settings that the compiled pipeline has taken from the configuration."""
        return compiled_settings(self.config)

    @property
    def config_text(self) -> str:
        """The configuration as a parameter: JSON that nothing on the way changes, or where that is.

        Raises:
            ConfigError: it is too large for a parameter, and there is no object that holds it.
        """
        if self.config_address:
            return self.config_address
        text = short_config(self.config)
        if not fits(self.config):
            raise ConfigError(
                f"the configuration has {len(text)} bytes, more than the {PARAMETER_LIMIT} that Kubeflow"
                " Pipelines takes: name an object store with --storage"
            )
        return text


def fits(config: SweepConfig) -> bool:
    """Tell whether a configuration can be a parameter, with room for the others."""
    return len(short_config(config)) <= PARAMETER_LIMIT - 1_000
