"""Builds SVG elements as text, and is the only place that escapes texts of a sweep."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


def element(tag: str, content: str = "", **attributes: str | float) -> str:
    """Returns an element; `content` must be SVG. `class_` is the attribute class, `data_trials` data-trials."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else px(value)}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def words(text: str, x: float, y: float, class_: str, *, full: str = "") -> str:
    """Returns a text; `full`, where it differs, is shown when the pointer rests on it."""
    title = f"<title>{escape(full)}</title>" if full and full != text else ""
    return element("text", escape(text) + title, x=x, y=y, class_=class_)


def px(value: float) -> str:
    """Returns a length to a tenth of a pixel."""
    written = f"{value:.1f}"
    return written[:-2] if written.endswith(".0") else written


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """Returns the path through the points."""
    return "M" + "L".join(f"{px(x)} {px(y)}" for x, y in points)
