"""Renders a sweep as a Katib Experiment, and lists the settings that Katib does not support."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from morphogenetic_engine.backends.backend import RenderOptions, Unsupported
from morphogenetic_engine.backends.katib.pods.gpu_sharing import check_sharing, resource_claim
from morphogenetic_engine.backends.katib.pods.job_template import LONGEST_SECONDS, METRICS_FILE, WAITING_SECONDS
from morphogenetic_engine.backends.katib.pods.trial_template import cluster_needs, trial_template
from morphogenetic_engine.backends.katib.render.admission import check_admission
from morphogenetic_engine.backends.katib.render.algorithms import Algorithm, Search, search_of
from morphogenetic_engine.backends.katib.render.credentials_check import check_no_passwords
from morphogenetic_engine.backends.katib.render.exact_values import exact_parameters
from morphogenetic_engine.backends.katib.render.experiment_options import (
    checked_namespace,
    experiment_name,
    parallel_trials,
    trial_image,
    trial_store,
)
from morphogenetic_engine.backends.katib.render.local_search import local_search
from morphogenetic_engine.backends.katib.render.rung_jobs import katib_trials
from morphogenetic_engine.backends.katib.render.search_space import (
    KatibParameter,
    grid_parameters,
    numbered_parameter,
    searched_parameters,
)
from morphogenetic_engine.backends.katib.render.sent_course import katib_metrics
from morphogenetic_engine.backends.katib.render.stopping import early_stopping, goal, unsupported_stopping
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.metric_names import encoded
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.kinds import total_trials

API_VERSION = "kubeflow.org/v1beta1"
LABEL_PREFIX = "morphogenetic.dev"
SPEC_ANNOTATION = f"{LABEL_PREFIX}/spec"
STORE_ANNOTATION = f"{LABEL_PREFIX}/store"
IDENTITY_LABEL = f"{LABEL_PREFIX}/identity"


@dataclass(frozen=True)
class RenderedExperiment:
    """A sweep as an Experiment."""

    manifest: Mapping[str, object]
    unsupported: tuple[Unsupported, ...]
    claim: Mapping[str, object] | None = None
    """The ResourceClaim that its trials share."""

    @property
    def name(self) -> str:
        metadata = self.manifest["metadata"]
        assert isinstance(metadata, dict)
        return str(metadata["name"])


def render_experiment(file: ConfigFile, options: RenderOptions) -> RenderedExperiment:
    """Returns the Experiment that runs a sweep, checked against the rules of Katib's admission webhook.

    Raises:
        ConfigError: no image, a name that is too long, or a sweep that Katib cannot run.
    """
    with file.named():
        if options.algorithm == "morphogenetic" and file.config.optimization.strategy and options.store is None:
            raise ConfigError(
                "--store: must be given with optimization.strategy: a trial goes on from files that it, or another"
                " one, left there"
            )
        return _rendered(file, options)


def unsupported_settings(file: ConfigFile, options: RenderOptions) -> tuple[Unsupported, ...]:
    """Returns the settings of the sweep file that Katib does not support.

    Raises:
        ConfigError: a sweep that Katib cannot run.
    """
    image = options.image or file.config.resources.image or "checked/without:image"
    with file.named():
        return _rendered(file, replace(options, image=image)).unsupported


def _rendered(file: ConfigFile, options: RenderOptions) -> RenderedExperiment:
    config = file.config
    image, store = trial_image(config, options), trial_store(options)
    check_no_passwords(config)
    ours = options.algorithm == "morphogenetic"
    parallel = parallel_trials(config, options, katib_trials(config) if ours else total_trials(config))
    check_sharing(config, options, parallel)
    if ours:
        config = config.settled(parallel)
        search = local_search(config, parallel, options.earlier)
    else:
        search = search_of(config, parallel=parallel, exact=options.exact)
    _check_resume(options, search.algorithm)
    parameters = _parameters(config, search)
    names = [each.name for each in parameters]
    labels = {"app.kubernetes.io/managed-by": "morphogenetic", IDENTITY_LABEL: config.identity[:40]}
    name = experiment_name(config, file.path, options)
    namespace = {} if options.namespace is None else {"namespace": checked_namespace(options.namespace)}
    spec = {
        **_search_spec(config, options, search, parallel),
        "parameters": [parameter.manifest() for parameter in parameters],
        "metricsCollectorSpec": _collector(),
        "trialTemplate": trial_template(
            config,
            options,
            image=image,
            names=names,
            parameters=[_reference(parameter) for parameter in parameters],
            labels=labels,
            trials=search.trials,
            claim=name,
        ),
    }
    metadata: dict[str, object] = {"name": name, **namespace}
    annotations = {
        SPEC_ANNOTATION: spec_hash(spec),
        **({STORE_ANNOTATION: store} if store else {}),
        **options.marks,
    }
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "Experiment",
        "metadata": {**metadata, "labels": {**labels, **options.marks}, "annotations": annotations},
        "spec": spec,
    }
    check_admission(manifest)
    unsupported = (
        *search.unsupported,
        *unsupported_stopping(config, parallel, search.trials, ours=search.algorithm is Algorithm.MORPHOGENETIC),
        *_unsupported_run(config, options),
        *cluster_needs(config, parallel),
    )
    claim = resource_claim(config.resources.gpu_sharing, name, labels, namespace)
    return RenderedExperiment(manifest, unsupported, claim)


def spec_hash(spec: Mapping[str, object]) -> str:
    """Returns a digest of the rendered specification; comparing specifications fails, because Katib adds defaults."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()


def _search_spec(config: SweepConfig, options: RenderOptions, search: Search, parallel: int) -> dict[str, object]:
    ours = search.algorithm is Algorithm.MORPHOGENETIC
    failed = search.trials
    if options.max_failed is not None:  # places without a trial of the sweep fail too
        idle = search.trials - katib_trials(config) if ours else 0
        failed = options.max_failed + idle
    settings = [{"name": name, "value": value} for name, value in search.settings.items()]
    algorithm: dict[str, object] = {"algorithmName": search.algorithm.value}
    spec: dict[str, object] = {
        "objective": _objective(config, katib_metrics(config) if ours else config.optimization.recorded_metrics),
        "algorithm": {**algorithm, "algorithmSettings": settings} if settings else algorithm,
        "parallelTrialCount": min(parallel, search.trials),
        "maxTrialCount": search.trials,
        "maxFailedTrialCount": failed,
        "resumePolicy": options.resume_policy,
    }
    stopping = None if ours else early_stopping(config)
    return {**spec, "earlyStopping": stopping} if stopping else spec


def _objective(config: SweepConfig, metrics: Iterable[str]) -> dict[str, object]:
    """Returns the objective; a metric's value is its latest, the workload's result, not its best during the trial."""
    target, *additional = map(encoded, metrics)
    wanted = goal(config)
    return {
        "type": config.optimization.direction.value,
        **({} if wanted is None else {"goal": wanted}),
        "objectiveMetricName": target,
        **({"additionalMetricNames": additional} if additional else {}),
        "metricStrategies": [{"name": name, "value": "latest"} for name in (target, *additional)],
    }


def _encoded_names(config: SweepConfig) -> Iterator[Unsupported]:
    """Yields the metrics that have other names on Katib's pages, because its collector reads few characters."""
    for name in config.optimization.recorded_metrics:
        if encoded(name) != name:
            yield Unsupported(
                name, f"is the metric {encoded(name)} on Katib's pages; the sweep's own results keep the name"
            )


def _parameters(config: SweepConfig, search: Search) -> list[KatibParameter]:
    if search.algorithm is Algorithm.MORPHOGENETIC:
        return exact_parameters(config)
    if search.numbered:
        return [numbered_parameter(search.trials)]
    if search.algorithm is Algorithm.GRID:
        return grid_parameters(config.space.axes, finest=search.finest)
    return searched_parameters(config.space.axes, search.algorithm)


def _reference(parameter: KatibParameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "description": f"assigned by Katib to {parameter.name}",
        "reference": parameter.name,
    }


def _collector() -> dict[str, object]:
    """Returns the collector: a separate file of the trial, because a workload's output may look like a metric."""
    path = {"path": METRICS_FILE, "kind": "File", "format": "TEXT"}
    return {"collector": {"kind": "File"}, "source": {"fileSystemPath": path}}


def _check_resume(options: RenderOptions, algorithm: Algorithm) -> None:
    if options.resume_policy == "FromVolume" and algorithm.forgets:
        raise ConfigError(
            f"resume policy: FromVolume never goes on with {algorithm}, whose service forgets its trials when it"
            " restarts; use LongRunning or Never"
        )


def _unsupported_run(config: SweepConfig, options: RenderOptions) -> Iterator[Unsupported]:
    execution, optimization = config.execution, config.optimization
    for name, path in config.experiment.inputs.items():
        yield Unsupported(
            f"experiment.inputs.{name}", f"the image must have {path}, the very same file, or its trials fail"
        )
    if execution.max_parallel == "auto" and options.parallel is None:
        yield Unsupported(
            "execution.max_parallel", "auto: 3 trials at a time; give the number of free GPUs, Katib does not look"
        )
    yield from _encoded_names(config)
    if len(optimization.objectives) > 1 and options.algorithm == "katib":
        first, *others = [each.metric for each in optimization.objectives]
        yield Unsupported("optimization.objectives", f"Katib optimises {first} alone; {', '.join(others)} are recorded")
    if optimization.outcome_constraints and options.algorithm == "katib":
        names = ", ".join(optimization.outcome_constraints)
        yield Unsupported(
            "optimization.outcome_constraints",
            f"Katib's algorithms do not use them, its best trial may break them; {names}: recorded, and judged in the"
            " report; --algorithm morphogenetic uses them",
        )
    for key in ("timeout", "budget"):
        if getattr(optimization, key) is not None:
            yield Unsupported(f"optimization.{key}", "Katib has no budget: all trials run")
    if options.store is not None and not config.resources.secrets:
        yield Unsupported(
            "resources.secrets", f"none: trials upload to {options.store} only where their nodes have the right"
        )
    if optimization.storage is not None or config.tracking.mlflow:
        yield Unsupported("tracking", "nothing is sent on while Katib runs; `sweep publish` sends what was collected")
    if execution.timeout_per_trial is None:
        yield Unsupported(
            "execution.timeout_per_trial", f"none is given: a Job ends after {LONGEST_SECONDS // 3600 + 1} hours"
        )
    else:
        yield Unsupported(
            "execution.timeout_per_trial", f"a Job that waits or starts for {WAITING_SECONDS // 60} minutes ends too"
        )
    yield Unsupported(
        "execution.retries", "a trial whose pod is lost (node gone, evicted) has failed; other retries are kept"
    )
