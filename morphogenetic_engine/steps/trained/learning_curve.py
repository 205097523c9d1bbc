"""Writes the learning curve of a training run as a CSV file: one row per step, one column per metric."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.trial import Metrics

Curve = Mapping[int, Metrics]
"""Metrics by step."""


def write_curve(path: Path, curve: Curve) -> None:
    """Writes the steps in their order; a metric that a step did not report leaves its cell empty.

    Raises:
        StoreError: it cannot be written.
    """
    names = list(dict.fromkeys(name for metrics in curve.values() for name in metrics))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["step", *names])
            for step in sorted(curve):
                rows.writerow([step, *(repr(curve[step][name]) if name in curve[step] else "" for name in names)])
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
