"""Nights with generated values."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.regression.measurements import TRAINING_SECONDS, Measured, Measurements
from morphogenetic_engine.reports.regression.reference import Origin, Reference
from morphogenetic_engine.sweeps.record.machine import Machine
from morphogenetic_engine.sweeps.schema.objective import Direction

MACHINE = Machine(system="Linux", processor="a processor", cores=4)


def origin(
    sweep_id: str = "tonight", *, day: int = 2, identity: str = "same", machine: Machine | None = MACHINE
) -> Origin:
    """Returns the origin of a sweep of one of January's days."""
    return Origin(
        sweep_id=sweep_id,
        created=f"2026-01-{day:02}T02:00:00+00:00",
        identity=identity,
        sweep_seed=42,
        git_commit=f"commit-{day}",
        python="3.11",
        versions={},
        machine=machine,
    )


def measurements(accuracies: Sequence[float], seconds: Sequence[float] = ()) -> Measurements:
    """Returns what a sweep came to."""
    return Measurements(
        trial=3,
        params={"x": 0.5},
        seeds=tuple(map(str, range(len(accuracies)))),
        metrics=(
            Measured(metric="val_acc", direction=Direction.MAXIMIZE, values=tuple(accuracies)),
            Measured(metric=TRAINING_SECONDS, direction=Direction.MINIMIZE, values=tuple(seconds), wall_clock=True),
        ),
    )


def reference(accuracies: Sequence[float], seconds: Sequence[float] = ()) -> Reference:
    """Returns the reference that these numbers are."""
    return Reference(
        written="2026-01-01", origin=origin("before", day=1), measurements=measurements(accuracies, seconds)
    )
