"""Errors about a GPU without memory are told from others."""

from __future__ import annotations

import pytest

from morphogenetic_engine.workload.gpu_memory import is_out_of_gpu_memory, says_out_of_gpu_memory


class OutOfMemoryError(RuntimeError):
    """Called as torch's and CuPy's."""


class Unprintable(Exception):
    """Raises when it is printed."""

    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize(
    "text",
    [
        "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 10 GiB",
        "HIP out of memory. Tried to allocate 2.00 GiB",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.",
        "ResourceExhaustedError: {{function_node}} OOM when allocating tensor with shape[1024,1024]",
        "cuMemAlloc failed: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
        "MPS backend out of memory (MPS allocated: 9.00 GB)",
    ],
)
def test_the_messages_of_libraries_are_known(text: str) -> None:
    assert says_out_of_gpu_memory(text)
    assert is_out_of_gpu_memory(RuntimeError(text))


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 8.00 GiB for an array"),
        RuntimeError("CUDA error: device-side assert triggered"),
        ValueError("out of memory of earlier lessons"),
        Unprintable(),
    ],
)
def test_other_errors_are_none(error: Exception) -> None:
    assert not is_out_of_gpu_memory(error)


def test_the_kind_of_an_exception_and_its_cause_count() -> None:
    assert is_out_of_gpu_memory(OutOfMemoryError("Out of memory allocating 8,000,000 bytes"))
    wrapped = RuntimeError("training failed")
    wrapped.__cause__ = OutOfMemoryError()
    assert is_out_of_gpu_memory(wrapped)
