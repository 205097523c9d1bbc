"""A trial's reports as the digits of one number, for a system that keeps one number of each metric and nothing else.

Katib is such a system, and keeps the digits as they are. `1.0039...`: the whole part is how the trial ended, the digits
after the point are its reports, compressed, in groups of 17 digits for 7 bytes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.record.events import TrialState

STEPS_METRIC, CURVE_METRIC = "trial_steps", "trial_curve"
MOST_DIGITS = 60_000
"""MySQL keeps 65,535 bytes of a value; about 3,000 reports."""

_STATES = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED)
_BYTES, _DIGITS = 7, 17
_DAMAGED = f"{CURVE_METRIC}: holds no reports of a trial; it was cut or changed on its way"


@dataclass(frozen=True)
class SentCurve:
    """The messages that a trial sends at its end."""

    state: TrialState
    curve: Mapping[int, Mapping[str, float]]


def curve_digits(sent: SentCurve, metrics: Sequence[str]) -> str:
    """Returns the digits for the reports of some metrics."""
    rows = [[step, *map(found.get, metrics)] for step, found in sorted(sent.curve.items())]
    packed = zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 9)
    groups = (packed[place : place + _BYTES].ljust(_BYTES, b"\0") for place in range(0, len(packed), _BYTES))
    digits = "".join(f"{int.from_bytes(each):0{_DIGITS}d}" for each in groups)
    return f"{_STATES.index(sent.state)}.{digits}"


def curve_of_digits(written: str, metrics: Sequence[str]) -> SentCurve:
    """Returns what `curve_digits` wrote.

    Raises:
        SweepError: the digits are damaged.
    """
    whole, _, digits = written.partition(".")
    if whole not in {"0", "1", "2"} or not digits.isascii() or not digits.isdigit() or len(digits) % _DIGITS:
        raise SweepError(_DAMAGED)
    try:
        groups = (digits[place : place + _DIGITS] for place in range(0, len(digits), _DIGITS))
        packed = b"".join(int(each).to_bytes(_BYTES) for each in groups)
        rows = json.loads(zlib.decompressobj().decompress(packed))
        curve = {int(step): _row(metrics, values) for step, *values in rows}
    except (OverflowError, zlib.error, ValueError, TypeError) as error:
        raise SweepError(_DAMAGED) from error
    return SentCurve(_STATES[int(whole)], curve)


def _row(metrics: Sequence[str], values: Sequence[float | None]) -> dict[str, float]:
    return {name: float(value) for name, value in zip(metrics, values, strict=True) if value is not None}
