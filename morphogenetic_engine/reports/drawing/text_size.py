"""Estimates the width of a text: labels are placed before a browser measures them."""

from __future__ import annotations

import unicodedata

_NARROW = frozenset("fijltrI.,:;!'|()[]{}/\\ ·")
_WIDE = frozenset("mwMWQ@%&—…")
_SAFETY = 1.08
"""The font is unknown; the estimate is for the widest of the usual ones."""


def text_width(text: str, size: float) -> float:
    """Returns an upper estimate of the width in pixels of a text in a sans-serif font of that size."""
    return sum(map(_share, text)) * size * _SAFETY


def shortened(text: str, width: float, size: float) -> str:
    """Returns the text, or as much of its two ends as fits into a width, with … between them.

    Both ends are kept because similar names usually differ at an end.
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
