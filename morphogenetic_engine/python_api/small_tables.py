"""Small tables as text for a terminal and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

Rows = Sequence[Sequence[str]]

_CELL = "text-align:left;padding:2px 14px 2px 0;font-variant-numeric:tabular-nums"


def text_table(header: Sequence[str], rows: Rows) -> str:
    """Returns a table in columns of equal width."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def html_table(caption: str, header: Sequence[str], rows: Rows, notes: Sequence[str] = ()) -> str:
    """Returns a table as HTML; every text is escaped."""
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    said = "".join(f"<p>{escape(note)}</p>" for note in notes)
    title = f'<caption style="text-align:left">{escape(caption)}</caption>'
    return f"<div><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{said}</div>"


def number(value: float | None) -> str:
    """Returns a number with six digits; nothing for None."""
    return "" if value is None else f"{value:.6g}"
