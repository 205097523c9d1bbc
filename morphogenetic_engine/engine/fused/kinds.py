"""The kinds of runs that can be stacked, and the widths to which they are padded."""

from __future__ import annotations

from typing import NamedTuple

from morphogenetic_engine.engine.evaluation import CHUNK
from morphogenetic_engine.engine.run import Run

WIDEST = 128
"""The widest trunk that is stacked; a product of wider matrices takes longer than to dispatch it."""
_NARROWEST = 32


class Kind(NamedTuple):
    """The properties that the runs of a stack share."""

    width: int
    """The width to which their trunks are padded."""
    layers: int
    features: int
    classes: int
    batch_size: int
    training: int
    """Samples of the training split."""
    validation: int
    device: str


def kind_of(run: Run) -> Kind | None:
    """Returns the kind of a run; None: it is trained alone."""
    settings, data = run.settings, run.data
    if settings.hidden_dim > WIDEST or settings.threads != 1 or len(data.validation) > CHUNK:
        return None
    return Kind(
        padded(settings.hidden_dim),
        settings.num_layers,
        data.features,
        data.classes,
        settings.batch_size,
        len(data.train),
        len(data.validation),
        str(run.network.device),
    )


def padded(width: int) -> int:
    """Returns the next power of two: narrower trunks are padded to it with zeros."""
    return max(_NARROWEST, 1 << (width - 1).bit_length())
