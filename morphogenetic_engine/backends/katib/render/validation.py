"""Validates an Experiment against Katib's models, its trials' Job against the Kubernetes schema, or their TrainJob."""

# Both libraries take long to import, and are installed only with the extra `cluster`.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from morphogenetic_engine.errors import ConfigError

KUBERNETES_VERSION = "1.34"


def validate_experiment(experiment: Mapping[str, object]) -> None:
    """Validates an Experiment against kubeflow-katib-api's models, and what its trials are, strictly.

    A Job is validated against the Kubernetes schema, a TrainJob against the models of Kubeflow Trainer.

    Raises:
        ConfigError: it is invalid, or the libraries are not installed.
    """
    check_installed("kubeflow_katib_api", "kubeflow_trainer_api", "kubernetes_validate")
    _validate_model(experiment)
    job = trial_job(experiment)
    if job["kind"] == "TrainJob":
        validate_train_job(job)
    else:
        validate_object(job)


def check_installed(*modules: str) -> None:
    """Checks that the libraries with models and schemas are there.

    Raises:
        ConfigError: one is not installed.
    """
    for module in modules:
        if find_spec(module) is None:
            raise ConfigError(f"{module} is not installed: pip install 'morphogenetic-engine[cluster]'")


def trial_job(experiment: Mapping[str, object], value: str = "test-value") -> dict[str, object]:
    """Returns the Job or TrainJob of an Experiment with every placeholder replaced, as Katib's webhook tries it."""
    spec = experiment["spec"]
    assert isinstance(spec, Mapping)
    written = json.dumps(spec["trialTemplate"]["trialSpec"])
    job: dict[str, object] = json.loads(re.sub(r"\$\{trialParameters\..+?\}", value, written))
    return job


def _validate_model(experiment: Mapping[str, object]) -> None:
    from kubeflow_katib_api.models import V1beta1Experiment
    from pydantic import ValidationError

    try:
        V1beta1Experiment.model_validate(experiment)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"Experiment: {place}: {first['msg']}, but got {first['input']!r}") from error


def validate_train_job(job: dict[str, object]) -> None:
    """Validates a TrainJob against the models of Kubeflow Trainer, strictly.

    Raises:
        ConfigError: it is invalid.
    """
    from kubeflow_trainer_api.models import TrainerV1alpha1TrainJob
    from pydantic import ValidationError

    try:
        known = TrainerV1alpha1TrainJob.from_dict(job).to_dict()  # its models of amounts refuse model_validate
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"TrainJob: {place}: {first['msg']}, but got {first['input']!r}") from error
    lost = next(_lost(job, known, "TrainJob"), None)
    if lost is not None:
        raise ConfigError(f"{lost}: is no field of a TrainJob")


def _lost(written: object, known: object, place: str) -> Iterator[str]:
    """Yields the places of what the models do not know, which they leave out."""
    if isinstance(written, dict):
        for key, value in written.items():
            if not isinstance(known, dict) or key not in known:
                yield f"{place}.{key}"
            else:
                yield from _lost(value, known[key], f"{place}.{key}")
    elif isinstance(written, list) and isinstance(known, list):
        for number, (value, other) in enumerate(zip(written, known, strict=True)):
            yield from _lost(value, other, f"{place}.{number}")


def validate_object(manifest: Mapping[str, object]) -> None:
    """Validates an object of Kubernetes against its schema, strictly.

    Raises:
        ConfigError: it is invalid.
    """
    import kubernetes_validate

    try:
        kubernetes_validate.validate(manifest, KUBERNETES_VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        place = ".".join(map(str, error.path))
        raise ConfigError(f"{manifest['kind']}: {place}: {error.message}") from error
