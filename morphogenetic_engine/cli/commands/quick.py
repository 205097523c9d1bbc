"""The sweep of `sweep quick`: a small search of the built-in workload."""

from __future__ import annotations

from collections.abc import Mapping

from morphogenetic_engine.sweeps.config_file import ConfigFile, config_from


def quick_file(problem: str, overrides: Mapping[str, object]) -> ConfigFile:
    """Returns the sweep file for a problem of the built-in workload."""
    sweep = {
        "sweep_type": "latin_hypercube",
        "experiment": {"problem_type": problem, "n_samples": 500, "warm_up_epochs": 20, "adaptation_epochs": 40},
        "parameters": {
            "lr": {"type": "float", "low": 1e-3, "high": 3e-2, "log": True},
            "hidden_dim": {"type": "int", "low": 16, "high": 64, "log": True},
            "num_layers": {"type": "int", "low": 1, "high": 4},
        },
        "optimization": {"n_trials": 10},
    }
    return config_from(sweep, where="quick sweep", overrides=overrides)
