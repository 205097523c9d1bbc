"""Fits tables to a printed page, where columns beyond the margin would be cut off."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.text_size import text_width

PAGE_WIDTH = 680.0
"""Pixels between the margins of an A4 page."""
_SIZE = 10.0
"""The font size of a printed table in pixels."""
_GAP = 10.5
_WIDEST_CELL = 140.0
"""Longer texts are broken into lines."""


def columns_that_fit(columns: Sequence[str], rows: Sequence[Sequence[str]], room: float = PAGE_WIDTH) -> int:
    """Returns how many columns from the left fit into a width in pixels, one at least."""
    used = 0.0
    for place, name in enumerate(columns):
        cells = max((text_width(row[place], _SIZE) for row in rows), default=0.0)
        used += min(max(cells, text_width(name, _SIZE)), _WIDEST_CELL) + _GAP
        if used > room:
            return max(1, place)
    return len(columns)


def left_out_note(columns: Sequence[str]) -> str:
    """Returns a note on the columns that did not fit; empty for none."""
    return f"Not enough room for {', '.join(columns)}; trials.csv has them." if columns else ""
