"""Converts Experiments and Trials from Kubernetes objects to frozen dataclasses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from morphogenetic_engine.backends.katib.pods.environment import SWEEP_VARIABLE
from morphogenetic_engine.backends.katib.read.fields import Object, mapping, mappings, text, time_of
from morphogenetic_engine.backends.katib.read.pod_ends import PodEnd
from morphogenetic_engine.backends.katib.render.experiment import SPEC_ANNOTATION, STORE_ANNOTATION
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.metric_names import decoded
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import config_of_json
from morphogenetic_engine.sweeps.single_trial.sent_curve import CURVE_METRIC, STEPS_METRIC


class Phase(StrEnum):
    """The types of Katib's conditions; an object is in the phase of its last condition that is true."""

    CREATED = "Created"
    RUNNING = "Running"
    RESTARTING = "Restarting"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    KILLED = "Killed"
    EARLY_STOPPED = "EarlyStopped"
    METRICS_UNAVAILABLE = "MetricsUnavailable"

    @property
    def final(self) -> bool:
        return self not in {Phase.CREATED, Phase.RUNNING, Phase.RESTARTING}


@dataclass(frozen=True)
class Condition:
    """The last condition that Katib set on an object."""

    phase: Phase
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class KatibTrial:
    """One Trial."""

    name: str
    created: float
    """In seconds since 1970, like all times."""
    condition: Condition
    assignments: Mapping[str, str]
    metrics: Mapping[str, float]
    """The latest value of each metric; empty before the trial has succeeded or was stopped early."""
    started: float
    ended: float | None
    curve: str = ""
    """Its own account of its reports and its end, if its sweep has a pruner or a halving."""
    pod: PodEnd | None = None
    """The reason of its pod's failure, if it was looked up."""


@dataclass(frozen=True)
class KatibExperiment:
    """One Experiment."""

    name: str
    namespace: str
    uid: str
    created: float
    condition: Condition
    sweep: str
    """The sweep's configuration, as JSON."""
    algorithm: str
    """Katib's name of the algorithm."""
    image: str
    parallel: int
    spec_hash: str | None
    """The digest of the specification that it was created from."""
    store: str | None
    """The address of the store that its trials upload their files to."""
    ended: float | None = None
    """The time of completion."""
    deleting: bool = False
    """True while the Experiment is being deleted."""

    @cached_property
    def config(self) -> SweepConfig:
        """The sweep's configuration.

        Raises:
            ConfigError: it is damaged, or breaks a rule of the schema.
        """
        return config_of_json(self.sweep, where=self.where).config

    @property
    def completed(self) -> bool:
        return self.condition.phase.final

    @property
    def where(self) -> str:
        return f"Experiment {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Snapshot:
    """An Experiment and its Trials at one time."""

    experiment: KatibExperiment
    trials: Sequence[KatibTrial]

    @property
    def running(self) -> list[KatibTrial]:
        return [trial for trial in self.trials if not trial.condition.phase.final]


def read_experiment(manifest: Object) -> KatibExperiment:
    """Reads an Experiment.

    Raises:
        ConfigError: the Experiment was not created by this tool: it holds no sweep.
    """
    metadata, spec = mapping(manifest, "metadata"), mapping(manifest, "spec")
    name, namespace = text(metadata, "name"), text(metadata, "namespace")
    annotations = mapping(metadata, "annotations")
    container = _container(spec)
    variables = {text(each, "name"): text(each, "value") for each in mappings(container, "env")}
    if SWEEP_VARIABLE not in variables:
        raise ConfigError(f"Experiment {namespace}/{name}: was not created by `sweep render` or `sweep submit`")
    parallel = spec.get("parallelTrialCount")
    return KatibExperiment(
        name=name,
        namespace=namespace,
        uid=text(metadata, "uid"),
        created=time_of(metadata, "creationTimestamp") or 0.0,
        condition=_condition(manifest),
        sweep=variables[SWEEP_VARIABLE],
        algorithm=text(mapping(spec, "algorithm"), "algorithmName"),
        image=text(container, "image"),
        parallel=parallel if isinstance(parallel, int) else 1,
        spec_hash=text(annotations, SPEC_ANNOTATION) or None,
        store=text(annotations, STORE_ANNOTATION) or None,
        ended=time_of(mapping(manifest, "status"), "completionTime"),
        deleting=bool(text(metadata, "deletionTimestamp")),
    )


def suggestion_is_ready(manifest: Object | None) -> bool:
    """Returns True if the service of an algorithm runs, according to its Suggestion."""
    conditions = mappings(mapping(manifest or {}, "status"), "conditions")
    return any((each.get("type"), each.get("status")) == ("DeploymentReady", "True") for each in conditions)


@dataclass(frozen=True)
class SuggestionCounts:
    """The numbers of trials that Katib has requested from an algorithm, and that it received."""

    requested: int
    assigned: int


def suggestion_counts(manifest: Object | None) -> SuggestionCounts | None:
    """Returns the progress of a Suggestion; None if it has none."""
    requested = mapping(manifest or {}, "spec").get("requests")
    assigned = mapping(manifest or {}, "status").get("suggestionCount", 0)
    if not isinstance(requested, int) or not isinstance(assigned, int):
        return None
    return SuggestionCounts(requested, assigned)


def read_trial(manifest: Object) -> KatibTrial:
    """Reads a Trial."""
    metadata, spec, status = (mapping(manifest, key) for key in ("metadata", "spec", "status"))
    created = time_of(metadata, "creationTimestamp") or 0.0
    observed = mappings(mapping(status, "observation"), "metrics")
    return KatibTrial(
        name=text(metadata, "name"),
        created=created,
        condition=_condition(manifest),
        assignments={text(each, "name"): text(each, "value") for each in mappings(spec, "parameterAssignments")},
        metrics=_latest(observed),
        curve=next((text(each, "latest") for each in observed if each.get("name") == CURVE_METRIC), ""),
        started=time_of(status, "startTime") or created,
        ended=time_of(status, "completionTime") or _final_since(manifest),
    )


def _final_since(manifest: Object) -> float | None:
    """Returns the end time of a Trial from its conditions: Katib sets no completionTime for one that it stops early."""
    if not _condition(manifest).phase.final:
        return None
    conditions = mappings(mapping(manifest, "status"), "conditions")
    last = next(each for each in reversed(conditions) if each.get("status") == "True")
    return time_of(last, "lastTransitionTime")


def _container(spec: Object) -> Object:
    """Returns the primary container of the trial template; empty if the template was not created by this tool."""
    template = mapping(spec, "trialTemplate")
    trial = mapping(mapping(template, "trialSpec"), "spec")
    if trainer := mapping(trial, "trainer"):  # of a TrainJob
        return trainer
    pod = mapping(mapping(trial, "template"), "spec")
    name = template.get("primaryContainerName")
    return next((each for each in mappings(pod, "containers") if each.get("name") == name), {})


def _condition(manifest: Object) -> Condition:
    """Returns the last condition that is true; Katib appends, and sets the earlier ones to false."""
    for condition in reversed(mappings(mapping(manifest, "status"), "conditions")):
        if condition.get("status") == "True" and condition.get("type") in set(Phase):
            phase = Phase(text(condition, "type"))
            return Condition(phase, text(condition, "reason"), text(condition, "message"))
    return Condition(Phase.CREATED)


def _latest(metrics: Sequence[Object]) -> dict[str, float]:
    """Returns the latest value of each metric; leaves out values that are not finite numbers ("unavailable")."""
    found: dict[str, float] = {}
    for metric in metrics:
        if metric.get("name") in {STEPS_METRIC, CURVE_METRIC}:
            continue
        try:
            value = float(text(metric, "latest"))
        except ValueError:
            continue  # Katib's value for a metric that it did not find
        if math.isfinite(value):
            found[decoded(text(metric, "name"))] = value
    return found
