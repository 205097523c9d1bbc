"""A small sweep's configuration, and its configurations trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.steps.candidate import Candidate
from morphogenetic_engine.steps.trained.trained_model import Training
from morphogenetic_engine.steps.training import run_training
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config, parse_yaml

Parse = Callable[[str], SweepConfig]
Trained = Callable[..., tuple[Path, Training]]

MOONS = """
experiment: {problem_type: moons, n_samples: 120, num_layers: 1, warm_up_epochs: 4, adaptation_epochs: 1}
parameters:
  lr: {type: float, low: 1e-4, high: 1e-1, log: true, default: 1e-3}
  hidden_dim: {type: categorical, choices: [4, 16], default: 4}
"""


def parsed(text: str) -> SweepConfig:
    return parse_config(parse_yaml(text, where="sweep.yaml"), where="sweep.yaml")


@pytest.fixture
def importable(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory with the toys, from which `python -m`, and so a component, imports."""
    monkeypatch.syspath_prepend(workplace)
    return workplace


@pytest.fixture(scope="session")
def moons() -> SweepConfig:
    """A sweep with defaults."""
    return parsed(MOONS)


@pytest.fixture(scope="session")
def trained(moons: SweepConfig, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trains a configuration of the moons into a folder; each only once."""
    known: dict[str, tuple[Path, Training]] = {}

    def train(**changes: bool | int | float | str) -> tuple[Path, Training]:
        params = {**moons.space.fixed, "lr": 0.03, "hidden_dim": 16, **changes}
        candidate = Candidate(trial=3, seed=7, params=params)
        if candidate.json_text not in known:
            folder = tmp_path_factory.mktemp("model")
            known[candidate.json_text] = folder, run_training(moons, candidate, folder, folder / "curve.csv")
        return known[candidate.json_text]

    return train
