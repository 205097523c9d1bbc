"""Sweep files for the tests of Katib, one for each way to search."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.experiment import RenderedExperiment, render_experiment
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


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value
