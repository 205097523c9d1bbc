"""The names of metrics: any text that people use, and how carriers that cannot take a name write it.

A carrier that allows some characters only (Katib's collector, MLflow) gets every other character as `_x` and its code
point in hexadecimal and `_`: `val/acc` is `val_x2F_acc`. A `_` of the name itself that could begin such a text is
encoded too, so no two names have the same encoding, and `decoded` returns the name that was encoded.
"""

from __future__ import annotations

import re

PARAMETER_WORD = "[A-Za-z_][A-Za-z0-9_-]*"
"""The name of a parameter in its group."""
PARAMETER_NAME = re.compile(rf"{PARAMETER_WORD}(\.{PARAMETER_WORD})*")
"""The names of parameters: they are keys of YAML and placeholders of commands; a dot stands after a group."""

LONGEST = 200
"""The longest metric name, encoded; MLflow and the databases of Katib and Kubeflow Pipelines take 250 with prefixes."""

WORD_CHARACTERS = re.compile(r"[A-Za-z0-9_-]")
"""The characters that every carrier takes."""

_LIKE_ESCAPED = re.compile(r"_(?=x[0-9A-F]{2})")
_ESCAPED = re.compile(r"_x([0-9A-F]{2,6})_")


def checked_metric_name(name: str) -> str:
    """Returns a metric name that every carrier can write, as it is or encoded.

    Raises:
        ValueError: it is empty, begins or ends with a space, has a control character or line break, or is too long.
    """
    if not name or name != name.strip():
        raise ValueError(f"metric names must not be empty, nor begin or end with a space, but got {name!r:.80}")
    if not name.isprintable():
        raise ValueError(f"metric names must be printable text of one line, but got {name!r:.80}")
    length = len(encoded(name))
    if length > LONGEST:
        raise ValueError(
            f"metric names must have {LONGEST} characters at most (others than letters, digits, '_' and '-' count as"
            f" five to nine), but {name[:40]!r}... has {length}"
        )
    return name


def encoded(name: str, allowed: re.Pattern[str] = WORD_CHARACTERS) -> str:
    """Returns a metric name in the characters that a carrier allows; letters, digits and `_` are among them."""
    unambiguous = _LIKE_ESCAPED.sub("\0", name)
    return "".join(_character(each, allowed) for each in unambiguous)


def _character(each: str, allowed: re.Pattern[str]) -> str:
    if each == "\0":
        return "_x5F_"
    return each if allowed.fullmatch(each) else f"_x{ord(each):02X}_"


def decoded(written: str) -> str:
    """Returns the metric name that `encoded` wrote."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), written)
