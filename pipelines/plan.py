"""The plan of a pipeline: all settings that are fixed before it is compiled."""

from dataclasses import dataclass, replace
from enum import StrEnum

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.steps.configuration import compiled_settings
from morphogenetic_engine.steps.pipeline_run import experiment_name
from morphogenetic_engine.steps.portable_json import portable_text, short_config
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import total_trials

PARAMETER_LIMIT = 10_000
"""Bytes that the parameters of a run may have together (MAX_PARAMETER_BYTES of the API server)."""


class Pipeline(StrEnum):
    """The available pipelines."""

    SWEEP = "sweep"
    """The trials are pods of a Katib Experiment."""
    SMOKE = "smoke"
    """The same, tiny and without a GPU, as an end-to-end test."""
    LOCAL_SWEEP = "local-sweep"
    """The whole sweep inside one pod, on its worker processes: for many small trials."""


@dataclass(frozen=True)
class Images:
    """The images of the components."""

    train: str
    """Contains the workload: trains, evaluates, runs trials."""
    report: str
    """Small: starts sweeps on Katib, writes reports."""

    @property
    def fixed(self) -> bool:
        """True if the image of the workload never changes: it is named by digest, not by tag."""
        return "@" in self.train


@dataclass(frozen=True)
class ObjectStore:
    """The store of sweeps and reports, and the access of pods to it."""

    address: str = ""
    """s3://bucket/folder; "": no store, so a report is only in the Kubeflow UI."""
    endpoint: str = ""
    """The endpoint's URL inside the cluster; "": the cloud's own."""
    secret: str = ""
    """A Secret in the namespace of Kubeflow Pipelines with the credentials; "": the pods have them by other means."""
    key_names: tuple[str, str] = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    """The Secret's keys for the access key and the secret key."""
    region: str = ""
    """The region; "": the store has none, or it is us-east-1."""


@dataclass(frozen=True)
class Plan:
    """One pipeline for one sweep."""

    pipeline: Pipeline
    config: SweepConfig
    images: Images
    store: ObjectStore = ObjectStore()
    sweep_name: str = "sweep"
    """The display name of the sweep: its file's name without the extension."""
    namespace: str = ""
    """The namespace of the Katib Experiment; "": that of the pipeline's pods."""
    config_address: str = ""
    """The address of the object that holds the configuration if it is too large for a parameter."""
    retries: int = 2
    """The number of retries of a task; each continues from the state of the earlier attempt."""
    caching: bool = True
    """True if outputs of trainings and evaluations may come from the cache, provided that their images never change."""
    cache_generation: str = ""
    """The generation of the cache: outputs of other generations are not used."""

    @property
    def name(self) -> str:
        """The pipeline's name in Kubeflow Pipelines."""
        return f"morphogenetic-{self.pipeline}"

    @property
    def on_katib(self) -> bool:
        """True if the trials are pods of a Katib Experiment."""
        return self.pipeline is not Pipeline.LOCAL_SWEEP

    @property
    def target(self) -> str:
        """The description of the objective."""
        objectives = self.config.optimization.all_objectives
        return portable_text(" and ".join(f"{each.direction} {each.metric}" for each in objectives))

    @property
    def trials(self) -> str:
        """The number of trials."""
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
        """True if trainings and evaluations may come from the cache."""
        return self.images.fixed and self.caching

    def with_trial_secret(self, name: str) -> "Plan":
        """Returns the plan whose trials on Katib have this Secret in addition to those of the sweep file."""
        resources = self.config.resources
        secrets = tuple(dict.fromkeys([*resources.secrets, name]))
        given = {"resources": resources.model_copy(update={"secrets": secrets})}
        return replace(self, config=self.config.model_copy(update=given))

    def experiment_of(self, run_id: str) -> str:
        """Returns the name of the Experiment of a run."""
        return experiment_name(self.sweep_name, run_id)

    @property
    def compiled_for(self) -> str:
        """A hash of the settings that the compiled pipeline has taken from the configuration."""
        return compiled_settings(self.config)

    @property
    def config_text(self) -> str:
        """The configuration as a parameter: portable JSON, or the address of an object.

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
    """Returns whether a configuration can be a parameter, with room for the others."""
    return len(short_config(config)) <= PARAMETER_LIMIT - 1_000
