"""Says why a line of output that has the name of a metric gives no value of it."""

from __future__ import annotations

import re

_VALUE = re.compile(r"""["'`]?\s*(?P<sign>[=:]*)\s*(?P<value>[^\s,;|]*)""")
_WORD_BEFORE = re.compile(r"(?:^|\s)([^\W\d_][\w./@+-]*)\s+$")
_NAME_PART = re.compile(r"[\w./@+-]")


def reason_for_no_value(line: str, name: str) -> str:
    """Returns the reason that no value of the metric `name` was taken from a line with this name in any case."""
    start = line.find(name)
    if start < 0:
        place = line.casefold().find(name.casefold())
        return f"it is called {line[place : place + len(name)]!r} there, and upper and lower case differ"
    before, after = line[:start], line[start + len(name) :]
    longer = _longer_name(line, start, start + len(name))
    if longer != name:
        return f"that is the metric {longer!r}"
    match = _VALUE.match(after)
    assert match is not None, "the pattern matches the empty text"
    if not match["sign"]:
        return f"no = or : follows {name}"
    word = _WORD_BEFORE.search(before)
    if match["sign"] in ("=", ":") and _is_number(match["value"]):
        if word is not None:
            return (
                f"it may be another metric: name {f'{word[1]} {name}'!r} in the file, or print {name}={match['value']}"
            )
        return f"it has several values of {name}, or other text around the number"
    return f"{match['value']!r} is no plain number"


def _longer_name(line: str, start: int, end: int) -> str:
    """Returns the name that the characters around a place in a line belong to."""
    while start > 0 and _NAME_PART.fullmatch(line[start - 1]):
        start -= 1
    while end < len(line) and _NAME_PART.fullmatch(line[end]):
        end += 1
    return line[start:end].strip(".-")


def _is_number(written: str) -> bool:
    try:
        float(written.rstrip(".)]}\"'"))
    except ValueError:
        return False
    return True
