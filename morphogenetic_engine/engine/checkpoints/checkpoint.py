"""The two files a run leaves: a checkpoint to continue from, and the trained model to predict with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, TypedDict

import torch
from torch import Tensor

from morphogenetic_engine.engine.checkpoints.sealed_file import read_sealed, write_sealed
from morphogenetic_engine.engine.data.dataset import Standardisation
from morphogenetic_engine.engine.device import resolve_device
from morphogenetic_engine.engine.network.germination import ControllerState
from morphogenetic_engine.engine.network.growth import GrowthState, OptimiserState
from morphogenetic_engine.engine.network.network import Network, Shape
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.trial import Value

Identity = Mapping[str, Value]
"""What a run's numbers follow from; a checkpoint serves the run with the same one."""


class RunState(TypedDict):
    """Everything that changes while a run trains."""

    epoch: int
    elapsed: float
    network: dict[str, Tensor]
    optimiser: OptimiserState
    growth: GrowthState
    controller: ControllerState
    order: Tensor
    reading: tuple[float, float, float]
    val_acc: list[float]
    germinations: list[int]


class SavedModel(NamedTuple):
    """A trained network with what is needed to use it."""

    network: Network
    settings: TrainingSettings
    standardisation: Standardisation

    def predict(self, x_NF: Tensor) -> Tensor:
        """Return the probability of each class, p_NC, on the CPU, for samples as they are in the data."""
        return self.network.predict(self.standardisation.apply(x_NF)).cpu()


def save_checkpoint(path: Path, identity: Identity, state: RunState) -> None:
    """Write the checkpoint in place of an earlier one; whenever the process is killed, one of the two is there whole.

    Raises:
        StoreError: it cannot be written.
    """
    write_sealed(path, "checkpoint", {"identity": dict(identity), "state": state})


def load_checkpoint(path: Path, identity: Identity) -> RunState:
    """Return the state of a run with this identity.

    Raises:
        StoreError: the file is damaged, no checkpoint, or belongs to another run.
    """
    content = read_sealed(path, "checkpoint")
    if content["identity"] != identity:
        names = sorted(name for name in identity if content["identity"].get(name) != identity[name])
        raise StoreError(f"{path}: belongs to a run with another {', '.join(names)}")
    state: RunState = content["state"]
    return state


def save_model(path: Path, network: Network, settings: TrainingSettings, standardisation: Standardisation) -> None:
    """Write a trained network with its settings and the statistics of its training data.

    Raises:
        StoreError: it cannot be written.
    """
    content = {
        "settings": asdict(settings),
        "shape": asdict(network.shape),
        "seeds": network.seed_records(),
        "network": network.state_dict(),
        "standardisation": {"mean_F": standardisation.mean_F, "scale_F": standardisation.scale_F},
    }
    write_sealed(path, "model", content)


def load_model(path: Path, *, device: str = "cpu") -> SavedModel:
    """Return the network that `save_model` wrote, ready to predict on the device.

    Raises:
        StoreError: the file is missing, damaged or no model.
        ConfigError: this machine has no such device.
    """
    content = read_sealed(path, "model")
    network = Network(Shape(**content["shape"]), torch.Generator(), resolve_device(device))
    network.restore_seeds(content["seeds"])
    network.load_state_dict(content["network"])
    standardisation = Standardisation(**content["standardisation"])
    return SavedModel(network, TrainingSettings(**content["settings"]), standardisation)
