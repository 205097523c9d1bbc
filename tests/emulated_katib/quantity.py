"""Emulates how Kubernetes normalises quantities of bytes, and what Katib's webhook rejects because of it.

Sources: staging/src/k8s.io/apimachinery/pkg/api/resource/{quantity,suffix,amount}.go of Kubernetes,
pkg/webhook/v1beta1/experiment/validator/validator.go of Katib.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def written_back(text: str) -> str:
    """Returns what a Quantity that was read from a text marshals to."""
    digits = text.rstrip("iKMGTPEkm")
    suffix = text[len(digits) :]
    if suffix in _BINARY:
        value = Decimal(digits) * 2 ** _BINARY[suffix]
        if value == value.to_integral_value() and value >= 1024:
            for name, exponent in reversed(_BINARY.items()):
                if value % 2**exponent == 0:
                    return f"{int(value) // 2**exponent}{name}"
            return str(int(value))
    else:
        value = Decimal(digits).scaleb(_DECIMAL[suffix])
    for name, exponent in reversed(_DECIMAL.items()):
        scaled = value.scaleb(-exponent)
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}{name}"
    raise NotImplementedError(f"{text}: finer than a thousandth, which is rounded up")


def refused(job: dict[str, Any]) -> Iterator[str]:
    """Yields the places of a Job whose amounts come back as other texts: Katib's webhook then denies the Experiment."""
    for volume in job["spec"]["template"]["spec"].get("volumes", []):
        size = volume.get("emptyDir", {}).get("sizeLimit")
        if size is not None and written_back(size) != size:
            yield f"spec/template/spec/volumes/{volume['name']}/emptyDir/sizeLimit: {size}"
