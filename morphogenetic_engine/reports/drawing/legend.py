"""The legend and the colour key above a plot."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import LEVELS, Band, Boxes, ColourKey, Mark, Points, Rule, Words
from morphogenetic_engine.reports.drawing.elements import element, polyline, words
from morphogenetic_engine.reports.drawing.marks import glyph, labelled
from morphogenetic_engine.reports.drawing.text_size import shortened, text_width

ROW = 20.0
"""The height of a row in pixels."""
_SIZE = 12
_SWATCH = 22.0
_GAP = 16.0


def legend(marks: Sequence[Mark], width: float) -> tuple[str, float]:
    """Returns the legend as SVG from the top left corner, and its height; nothing where no mark has a label."""
    drawn: list[str] = []
    x, row = 0.0, 0
    for mark in labelled(marks):
        label = shortened(_label(mark), width - _SWATCH, _SIZE)
        needed = _SWATCH + text_width(label, _SIZE)
        if x > 0 and x + needed > width:
            x, row = 0.0, row + 1
        middle = row * ROW + 9
        drawn.append(_swatch(mark, x, middle))
        drawn.append(words(label, x + _SWATCH, middle + 4, "f-ink", full=_label(mark)))
        x += needed + _GAP
    return "".join(drawn), (row + 1) * ROW if drawn else 0.0


def colour_key(key: ColourKey, width: float) -> tuple[str, float]:
    """Returns the colour key as SVG, one row high (two where the row is too narrow), and its height."""
    steps = [f"diverging-{step}" for step in range(9)] if key.diverging else [f"level-{n}" for n in range(LEVELS)]
    name = shortened(key.name, width, _SIZE)
    strip = 16.0 * len(steps)
    worst, best = (shortened(each, (width - strip - 12) / 2, _SIZE) for each in (key.worst, key.best))
    needed = text_width(worst, _SIZE) + strip + text_width(best, _SIZE) + 12
    beside = text_width(name, _SIZE) + 10 + needed <= width
    drawn = [words(name, 0, 13, "f-muted", full=key.name)]
    x, y = (text_width(name, _SIZE) + 10, 0.0) if beside else (0.0, ROW)
    drawn.append(words(worst, x, y + 13, "f-ink", full=key.worst))
    x += text_width(worst, _SIZE) + 6
    for step in steps:
        drawn.append(element("path", d=f"M{x:.1f} {y + 3:.1f}h16v12h-16z", class_=f"f-{step}"))
        x += 16
    drawn.append(words(best, x + 6, y + 13, "f-ink", full=key.best))
    return "".join(drawn), ROW if beside else 2 * ROW


def _label(mark: Mark) -> str:
    return "" if isinstance(mark, Words) else mark.label


def _swatch(mark: Mark, x: float, middle: float) -> str:
    match mark:
        case Points():
            return glyph(mark.shape, x + 8, middle, mark.style)
        case Band() | Boxes():
            return element("path", d=f"M{x:.1f} {middle - 5:.1f}h16v10h-16z", class_=f"f-{mark.style}")
        case _:
            kind = "rule" if isinstance(mark, Rule) else "line"
            path = polyline([(x, middle), (x + 16, middle)])
            return element("path", d=path, class_=f"stroked {kind} s-{mark.style}")
