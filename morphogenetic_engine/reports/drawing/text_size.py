"""How wide a text is about to be: labels are placed before any browser has measured them."""

from __future__ import annotations

import unicodedata

_NARROW = frozenset("fijltrI.,:;!'|()[]{}/\\ ·")
_WIDE = frozenset("mwMWQ@%&—…")
_SAFETY = 1.08
"""Which font it will be is not known; the widest of the usual ones should still fit."""


def text_width(text: str, size: float) -> float:
    """Return about how many pixels a text takes in a sans-serif font of that size, rather more than less."""
    return sum(map(_share, text)) * size * _SAFETY


def shortened(text: str, width: float, size: float) -> str:
    """Return the text, or as much of its two ends as fits into a width, with … between them.

    Names that differ tend to differ at an end.
    """
    if text_width(text, size) <= width:
        return text
    tail = ""
    head = ""
    for index in range(len(text) // 2):
        longer_head, longer_tail = head + text[index], text[-index - 1] + tail
        if text_width(f"{longer_head}…{longer_tail}", size) > width:
            if text_width(f"{longer_head}…{tail}", size) <= width:
                head = longer_head
            break
        head, tail = longer_head, longer_tail
    return f"{head}…{tail}"


def _share(letter: str) -> float:
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE or unicodedata.east_asian_width(letter) in "WF" or ord(letter) > 0x2FFF:
        return 1.0
    if letter.isupper():
        return 0.72
    return 0.58
