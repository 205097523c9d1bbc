"""Recognises sweep files of other systems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from morphogenetic_engine.sweeps.schema.foreign.hydra_optuna import from_hydra, is_hydra
from morphogenetic_engine.sweeps.schema.foreign.katib_experiment import from_katib, is_katib
from morphogenetic_engine.sweeps.schema.foreign.migration import Migration, Written
from morphogenetic_engine.sweeps.schema.foreign.wandb_sweep import from_wandb, is_wandb


@dataclass(frozen=True)
class ForeignFormat:
    """A file format of another system."""

    name: str
    """With its article, as messages use it."""
    recognises: Callable[[Written], bool]
    convert: Callable[[Written], Migration]


FORMATS = (
    ForeignFormat("a W&B sweep", is_wandb, from_wandb),
    ForeignFormat("a Katib Experiment", is_katib, from_katib),
    ForeignFormat("a configuration of Hydra's Optuna sweeper", is_hydra, from_hydra),
)


def foreign_format(written: Written) -> ForeignFormat | None:
    """Returns the format of another system that a mapping is in; None if there is none."""
    return next((each for each in FORMATS if each.recognises(written)), None)
