"""Names of trials that carry their numbers: `<experiment>-<mark of the namespace>-t0007`.

Katib's controller mixes up the trials of Experiments of one name in two namespaces, and its database of metrics knows
no namespaces. So each name has a mark of its namespace, and trials with another mark are left out.
"""

from __future__ import annotations

import hashlib
import re

_NUMBERED = re.compile(r".+-[0-9a-f]{5}-t(\d{4,9})")
_SPARE = re.compile(r".+-[0-9a-f]{5}-spare\d{4,9}")
IDLE = re.compile(r".+-[0-9a-f]{5}-(?:idle|spare)\d{4,9}")
"""The names of trials that end at once, and what the names of their Jobs and pods begin with."""


def numbered_name(experiment: str, namespace: str, number: int) -> str:
    """Returns the name of a trial."""
    return f"{_prefix(experiment, namespace)}-t{number:04d}"


def idle_name(experiment: str, namespace: str, place: int) -> str:
    """Returns the name of a trial that fails at once: a place of a batch for which there is no trial of the sweep."""
    return f"{_prefix(experiment, namespace)}-idle{place:04d}"


def spare_name(experiment: str, namespace: str, place: int) -> str:
    """Returns the name of a trial that ends at once, without metrics: a place beyond the last of an Experiment."""
    return f"{_prefix(experiment, namespace)}-spare{place:04d}"


def number_in(name: str, experiment: str, namespace: str) -> int | None:
    """Returns the number of a trial of an Experiment; None: it is another one's, or has no number."""
    number = number_of(name)
    return number if number is not None and name == numbered_name(experiment, namespace, number) else None


def number_of(name: str) -> int | None:
    """Returns the number in a name; None: there is none."""
    found = _NUMBERED.fullmatch(name)
    return None if found is None else int(found[1])


def is_idle(name: str) -> bool:
    """Returns whether a name is that of a trial that ends at once."""
    return IDLE.fullmatch(name) is not None


def is_spare(name: str) -> bool:
    """Returns whether a name is that of a trial beyond the last place of an Experiment."""
    return _SPARE.fullmatch(name) is not None


def _prefix(experiment: str, namespace: str) -> str:
    return f"{experiment}-{hashlib.sha256(namespace.encode()).hexdigest()[:5]}"
