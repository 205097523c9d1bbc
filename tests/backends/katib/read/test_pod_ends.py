"""Why a trial failed, read from the pod that Katib leaves behind."""

from __future__ import annotations

import pytest

from morphogenetic_engine.backends.katib.read.fields import Object
from morphogenetic_engine.backends.katib.read.pod_ends import PodEnd, read_pod_ends
from morphogenetic_engine.errors import FailureReason
from tests.emulated_katib.webhook import COLLECTOR


def terminated(name: str = "trial", *, code: int, reason: str = "Error", message: str = "") -> Object:
    return {"name": name, "state": {"terminated": {"exitCode": code, "reason": reason, "message": message}}}


def end(*containers: Object, **status: object) -> PodEnd | None:
    """Returns how the trial of a pod with a limit of 8Gi ended."""
    pod = {
        "metadata": {"labels": {"katib.kubeflow.org/trial": "toy-a"}},
        "spec": {"containers": [{"name": "trial", "resources": {"limits": {"memory": "8Gi"}}}]},
        "status": {"containerStatuses": list(containers), **status},
    }
    return read_pod_ends([pod]).get("toy-a")


@pytest.mark.parametrize(
    ("said", "reason", "message"),
    [
        ("trial 3 failed: exception after 0.2 s: ZeroDivisionError: no luck; files: /tmp/trial", "exception", None),
        ("trial 3 failed: timeout after 60.0 s: ran longer than 60 s; files: /tmp/trial", "timeout", None),
        ("trial 0 failed: non_finite_metric after 1.0 s: val_acc is nan; files: /tmp/t", "non_finite_metric", None),
        ("trial 0 pruned after 1.0 s: not worth it; files: /tmp/t", "missing_metric", "not worth it"),
    ],
)
def test_what_the_trial_said_itself_counts_first(said: str, reason: str, message: str | None) -> None:
    """The shell around it, and an upload, may say something after it."""
    lines = f"Traceback (most recent call last):\n{said}\n3 files uploaded to s3://b/x\n"
    found = end(terminated(code=1, message=lines), terminated(COLLECTOR, code=1))
    assert found is not None
    assert found.reason == reason
    assert found.message == (message or said.split(" s: ")[1].split("; files")[0])


def test_memory_that_ran_out_is_told_from_an_exit_status() -> None:
    out = end(terminated(code=137, reason="OOMKilled"))
    assert out == PodEnd(
        FailureReason.KILLED, "out of memory: trial was killed at its limit of 8Gi with exit status 137"
    )
    assert end(terminated(code=3, message="cannot open /data\n")) == PodEnd(
        FailureReason.EXCEPTION, "trial ended with exit status 3: cannot open /data"
    )
    printed = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB.\n"
    assert end(terminated(code=1, message=printed)) == PodEnd(
        FailureReason.OUT_OF_GPU_MEMORY, f"trial ended with exit status 1: {printed.strip()}"
    )
    said = "trial 3 failed: out_of_gpu_memory after 2.0 s: RuntimeError: CUDA out of memory; files: /tmp/trial"
    assert end(terminated(code=1, message=said)) == PodEnd(
        FailureReason.OUT_OF_GPU_MEMORY, "RuntimeError: CUDA out of memory"
    )
    killed = end(terminated(code=137))
    assert killed == PodEnd(FailureReason.KILLED, "trial ended with exit status 137")


def test_a_pod_that_was_evicted_or_had_its_time_says_so() -> None:
    said = "The node was low on resource: ephemeral-storage."
    assert end(reason="Evicted", message=said) == PodEnd(FailureReason.KILLED, f"pod Evicted: {said}")
    assert end(reason="DeadlineExceeded") == PodEnd(FailureReason.TIMEOUT, "pod DeadlineExceeded")


def test_a_collector_that_fails_is_named() -> None:
    found = end(terminated(code=0), terminated(COLLECTOR, code=1, message="Failed to Report logs: too many"))
    assert (
        found is not None and found.message == f"{COLLECTOR} ended with exit status 1: Failed to Report logs: too many"
    )


def test_a_pod_that_ended_well_or_runs_has_no_reason() -> None:
    assert end(terminated(code=0, reason="Completed")) is None
    assert end({"name": "trial", "state": {"running": {}}}) is None
    assert end() is None


def test_a_long_line_is_cut() -> None:
    found = end(terminated(code=1, message="x" * 2000))
    assert found is not None and len(found.message) < 310
