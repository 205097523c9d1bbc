"""The kinds of runs that can be stacked, and the widths to which they are padded."""

from __future__ import annotations

from enum import StrEnum
from operator import ge
from typing import NamedTuple

from morphogenetic_engine.engine.evaluation import CHUNK
from morphogenetic_engine.engine.run import Run

WIDEST = 128
"""The widest trunk that is stacked; a product of wider matrices takes longer than to dispatch it."""
_NARROWEST, _STEP = 32, 16


class Stage(StrEnum):
    """The epochs of a run that are trained in different ways."""

    WARM_UP = "warm-up"
    SHADOWS = "shadows"
    """All germinated seeds learn to reconstruct."""
    LANDED = "landed"
    """A seed is in the network's output."""


class Kind(NamedTuple):
    """The properties that the runs of a stack share."""

    stage: Stage
    width: int
    """The width to which the trunks are padded."""
    features: int
    classes: int
    batch_size: int
    training: int
    """Samples of the training split."""
    validation: int
    hidden_dim: int = 0
    """Their own width, where it must be one: the products of children are wide enough to be worth no padding."""
    device: str = "cpu"


def kind_of(run: Run) -> Kind | None:
    """Returns the kind of a run in its next epoch; None: it is trained alone."""
    settings, data = run.settings, run.data
    if run.network.device.type == "cpu" and settings.threads != 1:
        return None
    if settings.hidden_dim > WIDEST or len(data.validation) > CHUNK:
        return None
    stage = _stage_of(run)
    if stage is None:
        return None
    warm = stage is Stage.WARM_UP
    return Kind(
        stage,
        padded(settings.hidden_dim) if warm else settings.hidden_dim,
        data.features,
        data.classes,
        settings.batch_size,
        len(data.train),
        len(data.validation),
        0 if warm else settings.hidden_dim,
        str(run.network.device),
    )


class EpochShape(NamedTuple):
    """What decides how long an epoch of a run takes alone."""

    kind: Kind
    layers: int
    training: int
    """Germinated seeds that learn to reconstruct."""
    landed: int
    """Seeds in the network's output."""

    def takes_at_least(self, other: object, /) -> bool:
        """Returns True if an epoch of this shape does all that one of the other shape does."""
        if not isinstance(other, EpochShape) or _without_width(self.kind) != _without_width(other.kind):
            return False
        mine = self.kind.width, self.layers, self.training, self.landed
        return all(map(ge, mine, (other.kind.width, other.layers, other.training, other.landed)))


def _without_width(kind: Kind) -> Kind:
    return kind._replace(width=0, hidden_dim=0)


def shape_of(kind: Kind, run: Run) -> EpochShape:
    """Returns the shape of the next epoch of a run of this kind."""
    return EpochShape(kind, run.settings.num_layers, len(run.growth.training()), len(run.growth.landed()))


def _stage_of(run: Run) -> Stage | None:
    """Returns the stage of the next epoch; None: it trains nothing."""
    if run.epoch < run.settings.warm_up_epochs:
        return Stage.WARM_UP
    if run.growth.landed():
        return Stage.LANDED
    return Stage.SHADOWS if run.growth.training() else None


def padded(width: int) -> int:
    """Returns the width to which a trunk is padded with zeros: wider steps would cost more than a wider stack saves."""
    return max(_NARROWEST, -(-width // _STEP) * _STEP)
