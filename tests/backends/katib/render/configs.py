"""Sweep files for the tests of Katib, one for each sweep type."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.experiment import RenderedExperiment, render_experiment
from morphogenetic_engine.backends.katib.render.validation import trial_job
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_from

ROOT = Path(__file__).parents[4]
LR = {"type": "float", "low": 1e-3, "high": 3e-2, "log": True}
_RANGES = {"lr": LR, "depth": {"type": "int", "low": 1, "high": 6}}
MEDIAN = {"pruner": "MedianPruner", "pruner_options": {"n_startup_trials": 5, "n_warmup_steps": 20}}


def sweep(parameters: Mapping[str, object] | None = None, *, kind: str = "bayesian", **sections: object) -> ConfigFile:
    """Returns a sweep file; bayesian ones have 30 trials."""
    optimization = {"n_trials": 30, **_mapping(sections.pop("optimization", {}))}
    if kind == "grid":
        del optimization["n_trials"]
    written = {"sweep_type": kind, "parameters": dict(parameters or _RANGES), "optimization": optimization, **sections}
    return config_from(written, where="sweep.yaml")


def rendered(file: ConfigFile, **options: object) -> RenderedExperiment:
    """Returns the Experiment of a sweep file."""
    return render_experiment(file, RenderOptions(**{"image": "registry/train:1", **options}))  # type: ignore[arg-type]


def spec(file: ConfigFile, **options: object) -> dict[str, object]:
    """Returns the Experiment's spec."""
    return _mapping(rendered(file, **options).manifest["spec"])


def unsupported(file: ConfigFile, **options: object) -> dict[str, str]:
    """Returns what is lost, by its place in the file; the last line of several."""
    return {loss.key: loss.text for loss in rendered(file, **options).unsupported}


def job(file: ConfigFile, **options: object) -> dict[str, object]:
    """Returns the Job of a trial."""
    return trial_job(rendered(file, **options).manifest)


def pod(file: ConfigFile, **options: object) -> dict[str, object]:
    """Returns the spec of a trial's pod."""
    found: dict[str, object] = at(job(file, **options), "spec", "template", "spec")
    return found


def container(file: ConfigFile, **options: object) -> dict[str, object]:
    """Returns the container of a trial's pod."""
    found: dict[str, object] = at(pod(file, **options), "containers", 0)
    return found


def at(value: object, *path: str | int):  # type: ignore[no-untyped-def]
    """Returns the value at a path into mappings and lists."""
    for step in path:
        value = value[step]  # type: ignore[index]
    return value


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


RESOURCES = {
    "gpu": 1,
    "cpu": 2,
    "memory": "8Gi",
    "scratch": "10Gi",
    "shm_size": "2Gi",
    "node_selector": {"gpu": True},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "priority_class": "low",
    "service_account": "trials",
    "secrets": ["storage"],
    "environment": {"AWS_ENDPOINT_URL": "http://store:8333", "COST": "$(HOME)$5"},
}


WITH_ALL = sweep(resources=RESOURCES, optimization=MEDIAN, execution={"timeout_per_trial": 90.5, "max_parallel": 4})
