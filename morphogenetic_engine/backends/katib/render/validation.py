"""Validates an Experiment against Katib's models, and its Job against the Kubernetes schema."""

# Both libraries take long to import, and are installed only with the extra `cluster`.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.util import find_spec

from morphogenetic_engine.errors import ConfigError

KUBERNETES_VERSION = "1.34"


def validate_experiment(experiment: Mapping[str, object]) -> None:
    """Validates an Experiment against kubeflow-katib-api's models and its Job against the Kubernetes schema, strictly.

    Raises:
        ConfigError: it is invalid, or the libraries are not installed.
    """
    for module in ("kubeflow_katib_api", "kubernetes_validate"):
        if find_spec(module) is None:
            raise ConfigError(f"{module} is not installed: pip install 'morphogenetic-engine[cluster]'")
    _validate_model(experiment)
    _validate_job(trial_job(experiment))


def trial_job(experiment: Mapping[str, object], value: str = "test-value") -> dict[str, object]:
    """Returns the Job of an Experiment with every placeholder replaced, as Katib's webhook tries it."""
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


def _validate_job(job: dict[str, object]) -> None:
    import kubernetes_validate

    try:
        kubernetes_validate.validate(job, KUBERNETES_VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        place = ".".join(map(str, error.path))
        raise ConfigError(f"Job: {place}: {error.message}") from error
