"""Renders a sweep as an OptimizationJob, and lists the settings that it cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from morphogenetic_engine.backends.backend import RenderOptions, Unsupported
from morphogenetic_engine.backends.katib.pods.environment import (
    INPUTS_VARIABLE,
    SWEEP_VARIABLE,
    inputs_text,
    sweep_text,
)
from morphogenetic_engine.backends.katib.pods.gpu_sharing import check_sharing, share_of, sharing_needs
from morphogenetic_engine.backends.katib.pods.job_template import amounts
from morphogenetic_engine.backends.katib.pods.train_job import API_GROUP, runtime_needs, train_job_spec
from morphogenetic_engine.backends.katib.render.credentials_check import check_no_passwords
from morphogenetic_engine.backends.katib.render.experiment import IDENTITY_LABEL
from morphogenetic_engine.backends.katib.render.experiment_options import (
    checked_namespace,
    experiment_name,
    parallel_trials,
    trial_image,
    trial_store,
)
from morphogenetic_engine.backends.katib.render.validation import check_installed, validate_train_job
from morphogenetic_engine.backends.kubernetes import pod_parts
from morphogenetic_engine.backends.optimization_job.search import MOST_TRIALS, search_spec, unsupported_search
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.kinds import total_trials

API_VERSION = f"{API_GROUP}/v1alpha1"


@dataclass(frozen=True)
class RenderedJob:
    """A sweep as an OptimizationJob."""

    manifest: Mapping[str, object]
    unsupported: tuple[Unsupported, ...]


def render_job(file: ConfigFile, options: RenderOptions) -> RenderedJob:
    """Returns the OptimizationJob that runs a sweep; its trials' TrainJob is checked against Trainer's models.

    Raises:
        ConfigError: it would be another search, or a setting is missing.
    """
    check_installed("kubeflow_trainer_api")
    with file.named():
        rendered = _rendered(file, options)
        template = rendered.manifest["spec"]
        assert isinstance(template, Mapping)
        validate_train_job({"apiVersion": API_VERSION, "kind": "TrainJob", **template["trainJobTemplate"]})
        return rendered


def unsupported_settings(file: ConfigFile, options: RenderOptions) -> tuple[Unsupported, ...]:
    """Returns the settings of the sweep file that an OptimizationJob cannot say.

    Raises:
        ConfigError: it would be another search, or a setting is missing.
    """
    image = options.image or file.config.resources.image or "checked/without:image"
    with file.named():
        return _rendered(file, replace(options, image=image)).unsupported


def _rendered(file: ConfigFile, options: RenderOptions) -> RenderedJob:
    config = file.config
    _check_options(config, options)
    image, store = trial_image(config, options), trial_store(options)
    check_no_passwords(config)
    search = search_spec(config)
    parallel = parallel_trials(config, options, total_trials(config))
    check_sharing(config, options, parallel)
    labels = {"app.kubernetes.io/managed-by": "morphogenetic", IDENTITY_LABEL: config.identity[:40]}
    name = experiment_name(config, file.path, options)
    limits = amounts(config.resources, options, share_of(config.resources.gpu_sharing, name))
    trainer = {"image": image, "command": _command(store), "env": _variables(config, options)}
    template = train_job_spec(config, trainer, labels=labels, limits=limits)
    namespace = {} if options.namespace is None else {"namespace": checked_namespace(options.namespace)}
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "OptimizationJob",
        "metadata": {"name": name, **namespace, "labels": {**labels, **options.marks}},
        "spec": {
            **search,
            "parallelTrials": min(parallel, MOST_TRIALS),
            "trainJobTemplate": {"metadata": {"labels": labels}, "spec": template},
        },
    }
    lost = (*unsupported_search(config), *_unsupported_run(config, options, store), *sharing_needs(config, parallel))
    return RenderedJob(manifest, lost)


def _check_options(config: SweepConfig, options: RenderOptions) -> None:
    """Checks the options that mean something on Katib alone.

    Raises:
        ConfigError: one is given; or the sweep's trials are no TrainJobs.
    """
    if options.algorithm != "katib":
        raise ConfigError(
            "--algorithm: an OptimizationJob's search is a constant of Trainer's controller; leave it out"
        )
    if options.exact:
        raise ConfigError("--exact: an OptimizationJob draws its own points; leave it out, or use --to katib")
    if options.resume_policy != "Never":
        raise ConfigError("--resume-policy: an OptimizationJob cannot be continued; leave it out")
    if options.max_failed is not None:
        raise ConfigError("--max-failed: an OptimizationJob fails with its first failed trial; leave it out")
    if config.resources.kind != "TrainJob":
        raise ConfigError(
            "resources.kind: must be TrainJob for an OptimizationJob, and resources.runtime the name of a runtime in"
            " the cluster (docs/katib.md: Trials as TrainJobs)"
        )


def _command(store: str | None) -> list[str]:
    words = ["morphogenetic", "trial", "run", "--config", "env", "--optimization-job", "--dir"]
    return [*words, f"{pod_parts.SCRATCH}/trial", *([] if store is None else ["--to", store])]


def _variables(config: SweepConfig, options: RenderOptions) -> list[dict[str, str]]:
    inputs = {INPUTS_VARIABLE: inputs_text(options.inputs)} if options.inputs else {}
    return pod_parts.variables({SWEEP_VARIABLE: sweep_text(config), **inputs}, config.resources)


def _unsupported_run(config: SweepConfig, options: RenderOptions, store: str | None) -> Iterator[Unsupported]:
    yield Unsupported(
        "resources.kind",
        "the cluster must have a Kubeflow Trainer with OptimizationJobs (not in 2.3), and its feature gate"
        " TrainJobStatus, off by default, through which trials tell the objective",
    )
    yield from runtime_needs(config, "OptimizationJob")
    yield Unsupported(
        "execution.retries",
        "one failed trial fails the whole OptimizationJob, and trials that run go on; retries inside a pod are kept",
    )
    if config.execution.max_parallel == "auto" and options.parallel is None:
        yield Unsupported("execution.max_parallel", "auto: 3 trials at a time; give the number of free GPUs")
    kept = "the trials' files are in the store, by a hash of their values" if store else "give --store to keep files"
    yield Unsupported("tracking", f"it keeps the best trial's parameters alone, and nothing is collected: {kept}")
    for name, path in config.experiment.inputs.items():
        yield Unsupported(f"experiment.inputs.{name}", f"the image must have {path}, the very same file")
