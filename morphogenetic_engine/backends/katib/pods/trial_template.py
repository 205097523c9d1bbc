"""The part of an Experiment's trial template that says what a trial is: a Job, or a TrainJob."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from morphogenetic_engine.backends.backend import RenderOptions, Unsupported
from morphogenetic_engine.backends.katib.pods.gpu_sharing import share_of, sharing_needs
from morphogenetic_engine.backends.katib.pods.job_template import CONTAINER, job
from morphogenetic_engine.backends.katib.pods.train_job import NODE, PRIMARY_POD, runtime_needs, train_job
from morphogenetic_engine.sweeps.config import SweepConfig

_CONDITION = 'status.conditions.#(type=="{}")#|#(status=="True")#'


def trial_template(
    config: SweepConfig,
    options: RenderOptions,
    *,
    image: str,
    names: Iterable[str],
    parameters: Sequence[Mapping[str, object]],
    labels: Mapping[str, str],
    trials: int,
    claim: str,
) -> dict[str, object]:
    """Returns the template.

    `names` are Katib's parameters, `parameters` the references to them; `claim` is the name of the ResourceClaim, if
    the sweep has one.
    """
    share = share_of(config.resources.gpu_sharing, claim)
    # Katib would delete the Job of a trial that it stops early before it has read the trial's metrics, and then wait
    # for them forever; and the reasons of failed trials would be lost.
    kept = {"retain": True, "trialParameters": list(parameters)}
    if config.resources.kind == "Job":
        spec = job(config, options, image=image, names=names, labels=labels, trials=trials, share=share)
        return {"primaryContainerName": CONTAINER, **kept, "trialSpec": spec}
    return {
        "primaryContainerName": NODE,
        "primaryPodLabels": dict(PRIMARY_POD),
        "successCondition": _CONDITION.format("Complete"),
        "failureCondition": _CONDITION.format("Failed"),
        **kept,
        "trialSpec": train_job(config, options, image=image, names=names, labels=labels, share=share),
    }


def cluster_needs(config: SweepConfig, parallel: int) -> Iterator[Unsupported]:
    """Yields what the cluster must have for the trials' kind and their GPUs, and what they do not do."""
    if config.resources.kind == "TrainJob":
        yield from runtime_needs(config)
    yield from sharing_needs(config, parallel)
