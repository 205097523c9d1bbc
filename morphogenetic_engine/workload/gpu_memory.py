"""Tells a GPU whose memory ran out from other errors, by what the libraries raise and print."""

from __future__ import annotations

import re

_CLASSES = frozenset({"OutOfMemoryError"})
"""Exceptions of torch (CUDA, HIP, XPU) and CuPy."""
_SAID = re.compile(
    r"\b(CUDA|HIP|XPU|GPU|MPS backend)\b[^\n]{0,40}out of memory"
    r"|\bCUDA_ERROR_OUT_OF_MEMORY\b|\bcudaErrorMemoryAllocation\b|\b(CUBLAS|CUDNN)_STATUS_ALLOC_FAILED\b"
    r"|RESOURCE_EXHAUSTED: Out of memory|ResourceExhaustedError: [^\n]{0,80}\bOOM\b|\bOutOfMemoryError\b",
    re.IGNORECASE,
)


def is_out_of_gpu_memory(error: BaseException) -> bool:
    """Returns whether an exception, or what it was raised from, says that a GPU has no memory left."""
    if type(error).__name__ in _CLASSES or says_out_of_gpu_memory(_text(error)):
        return True
    return error.__cause__ is not None and is_out_of_gpu_memory(error.__cause__)


def says_out_of_gpu_memory(text: str) -> bool:
    """Returns whether a text has the message of a library about a GPU without memory."""
    return _SAID.search(text) is not None


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # pylint: disable=broad-exception-caught  # the workload's own __str__ runs here
        return ""
