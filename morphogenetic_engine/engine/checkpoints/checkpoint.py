"""The files that a run writes: a checkpoint to resume from, and the trained model."""

from __future__ import annotations

from collections.abc import Container, Mapping
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
"""The settings that determine a run's results; a checkpoint is used only by a run with an equal identity."""


class RunState(TypedDict):
    """The mutable state of a training run."""

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
    """A trained network with its settings and the statistics of its training data."""

    network: Network
    settings: TrainingSettings
    standardisation: Standardisation

    def predict(self, x_NF: Tensor) -> Tensor:
        """Returns class probabilities p_NC on the CPU for unstandardised samples x_NF."""
        return self.network.predict(self.standardisation.apply(x_NF)).cpu()


def save_checkpoint(path: Path, identity: Identity, state: RunState) -> None:
    """Replaces the checkpoint atomically: after a kill at any moment, the old or the new one is complete.

    Raises:
        StoreError: it cannot be written.
    """
    write_sealed(path, "checkpoint", {"identity": dict(identity), "state": state})


def load_checkpoint(path: Path, identity: Identity, *, changeable: Container[str] = ()) -> RunState:
    """Reads the checkpoint of the run with this identity, or of one that differs in `changeable` settings alone.

    Raises:
        StoreError: the file is damaged, is not a checkpoint, or belongs to another run.
    """
    content = read_sealed(path, "checkpoint")
    saved = content["identity"]
    differing = {name for name in saved.keys() | identity.keys() if saved.get(name) != identity.get(name)}
    if names := sorted(name for name in differing if name not in changeable):
        raise StoreError(f"{path}: belongs to a run with another {', '.join(names)}")
    state: RunState = content["state"]
    return state


def save_model(path: Path, network: Network, settings: TrainingSettings, standardisation: Standardisation) -> None:
    """Writes a trained network with its settings and the statistics of its training data.

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
    """Loads a network that `save_model` wrote onto the device, in evaluation mode.

    Raises:
        StoreError: the file is missing, damaged or not a model.
        ConfigError: this machine has no such device.
    """
    content = read_sealed(path, "model")
    network = Network(Shape(**content["shape"]), torch.Generator(), resolve_device(device))
    network.restore_seeds(content["seeds"])
    network.load_state_dict(content["network"])
    standardisation = Standardisation(**content["standardisation"])
    return SavedModel(network, TrainingSettings(**content["settings"]), standardisation)
