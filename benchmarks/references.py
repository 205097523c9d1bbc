"""Reference results: earlier measurements with their machine, and the ratios of new measurements to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from benchmarks.figures import Figure

NOTABLE = 1.1
"""A ratio this far from 1, in either direction, is highlighted."""


@dataclass(frozen=True)
class Reference:
    """The results of one benchmark."""

    machine: Mapping[str, object]
    values: Mapping[str, float]
    """By the names of the figures."""


def read_reference(path: Path) -> Reference | None:
    """Returns the results in a file; None: there is none."""
    if not path.exists():
        return None
    written = json.loads(path.read_text(encoding="utf-8"))
    return Reference(written["machine"], {each["name"]: each["value"] for each in written["figures"]})


def comparison(
    name: str, figures: Sequence[Figure], reference: Reference | None, machine: Mapping[str, object]
) -> Table:
    """Returns the ratio of each figure to the reference, which is above 1 where it is larger now."""
    table = Table(title=_title(name, reference, machine), title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("figure", "reference", "now", "ratio", ""):
        table.add_column(column, justify="left" if column in {"figure", ""} else "right")
    for figure in figures:
        before = reference.values.get(figure.name) if reference else None
        now = f"{figure.value:.4g} {figure.unit}"
        if not before:
            table.add_row(figure.name, "none" if before is None else "0", now, "", "")
        else:
            ratio = figure.value / before
            table.add_row(figure.name, f"{before:.4g} {figure.unit}", now, f"{ratio:.3f}", _word(figure, ratio))
    return table


def _word(figure: Figure, ratio: float) -> str:
    if 1 / NOTABLE <= ratio <= NOTABLE:
        return ""
    return "better" if (ratio > 1) == (figure.better == "higher") else "[red]worse[/red]"


def _title(name: str, reference: Reference | None, machine: Mapping[str, object]) -> str:
    if reference is None:
        return f"{name}: no reference yet"
    known = (key for key in ("system", "processor", "cores") if reference.machine.get(key) is not None)
    same = all(reference.machine[key] == machine.get(key) for key in known)
    return f"{name}: reference of {reference.machine.get('measured')}" + ("" if same else ", another machine")
