"""Sweeps whose workers are pods of a cluster that answers over HTTP and runs them as processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.record.events import AttemptFailed, Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.emulated_kubernetes import EmulatedKubernetes
from tests.backends.dask.process_kubelet import pods_as_processes, rights
from tests.conftest import StartSweep
from tests.faults.fault_round import session
from tests.tables import steady_rows
from tests.waiting import until

SWEEP = """
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.3}
parameters: {x: {low: 0.0, high: 1.0}, kind: [a, b]}
optimization: {n_trials: 8, lookahead: 2}
"""
PODS = """
execution: {executor: dask, retries: {crashes: 99}, dask: {interface: lo, kubernetes: {workers: 2}}}
resources: {cpu: 1500m, memory: 1.5Gi, environment: {COLOUR: $blue}}
"""


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedKubernetes]:
    with pods_as_processes(tmp_path, monkeypatch) as kubernetes:
        yield kubernetes


@pytest.fixture
def local(start: StartSweep) -> list[dict[str, str]]:
    folder = start(SWEEP + "execution: {max_parallel: 2}\n")
    run_sweep(folder)
    return steady_rows(folder)


def sweep_of(start: StartSweep, text: str = SWEEP + PODS) -> SweepFolder:
    return SweepFolder(start(text).path.absolute())


def ended(folder: SweepFolder) -> int:
    return folder.journal.read_text(encoding="utf-8").count('"trial_ended"') if folder.journal.exists() else 0


def test_a_sweep_on_pods_has_the_local_table_and_leaves_nothing(
    kubernetes: EmulatedKubernetes, start: StartSweep, local: list[dict[str, str]]
) -> None:
    sweep = sweep_of(start)
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == local
    assert kubernetes.left() == []
    assert kubernetes.cluster.asked <= rights()
    assert not list((sweep.path / "dask").glob(".keys-*"))


def test_workers_are_made_after_the_pod_of_the_coordinator(kubernetes: EmulatedKubernetes, start: StartSweep) -> None:
    sweep_of_one = SWEEP.replace("n_trials: 8", "n_trials: 1")
    assert run_sweep(sweep_of(start, sweep_of_one + PODS)) is Outcome.FINISHED
    (job,) = [each.manifest for each in kubernetes.cluster.changes if each.plural == "jobs" and each.kind == "ADDED"]
    (secret,) = [
        each.manifest for each in kubernetes.cluster.changes if (each.plural, each.kind) == ("secrets", "ADDED")
    ]
    own = kubernetes.cluster.get("pods", "ml", "coordinator")
    assert owners(job) == [("Pod", "coordinator", uid(own))] and owners(secret) == [("Job", name(job), uid(job))]
    spec = job["spec"]
    assert isinstance(spec, dict) and spec["backoffLimit"] == 0 and spec["ttlSecondsAfterFinished"] == 60
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "registry/train:1" and pod["imagePullSecrets"] == [{"name": "registry"}]
    assert {"name": "claim-0", "mountPath": "/sweeps", "subPath": "mine"} in container["volumeMounts"]
    assert {"name": "claim-0", "persistentVolumeClaim": {"claimName": "sweeps"}} in pod["volumes"]
    assert container["resources"] == {key: {"cpu": "1500m", "memory": "1536Mi"} for key in ("requests", "limits")}
    assert {"name": "COLOUR", "value": "$$blue"} in container["env"]
    assert pod["automountServiceAccountToken"] is False and "serviceAccountName" not in pod
    assert not any("PRIVATE KEY" in word for word in container["command"])


@pytest.mark.slow
def test_a_pod_that_is_deleted_is_an_attempt_that_is_tried_again(
    kubernetes: EmulatedKubernetes, start: StartSweep, local: list[dict[str, str]]
) -> None:
    sweep = sweep_of(start)
    with session(sweep) as process:
        until(lambda: ended(sweep) >= 2, "two trials")
        kubernetes.delete_pod(kubernetes.pods()[0])
        assert process.wait() == 0
    assert steady_rows(sweep) == local and kubernetes.left() == []
    lost = [event.message for event in read_events(sweep.journal) if isinstance(event, AttemptFailed)]
    assert len(lost) <= 1 and all("was lost" in each and "was deleted" in each for each in lost)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_after_any_end_and_the_sweep_goes_on(
    kubernetes: EmulatedKubernetes, start: StartSweep, local: list[dict[str, str]], end: signal.Signals
) -> None:
    kubernetes.hurry = 60
    sweep = sweep_of(start)
    with session(sweep) as process:
        until(lambda: ended(sweep) >= 2, "two trials")
        process.send_signal(end)
        assert process.wait() == (-signal.SIGKILL if end is signal.SIGKILL else 130)
    if end is not signal.SIGKILL:
        assert kubernetes.left() == []
    until(lambda: kubernetes.left() == [], "no pods")
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == local and kubernetes.left() == []


@pytest.mark.slow
def test_pods_go_with_the_next_session_and_with_the_pod_of_the_coordinator(
    kubernetes: EmulatedKubernetes, start: StartSweep
) -> None:
    kubernetes.stuck = "0/3 nodes are available: 3 Insufficient cpu."
    sweep = sweep_of(start)
    places = sweep.path / "workers.json"
    earlier: set[str] = set()
    for _ in range(2):
        with session(sweep) as process:
            until(partial(_two_others, kubernetes, earlier), "two pods")
            until(lambda: places.exists() and kubernetes.stuck in places.read_text(encoding="utf-8"), "the reason")
            process.kill()
            process.wait()
        assert not earlier & set(kubernetes.pods())
        earlier = set(kubernetes.pods())
    kubernetes.delete_pod("coordinator")
    until(lambda: kubernetes.left() == [], "no pods")


def _two_others(kubernetes: EmulatedKubernetes, earlier: set[str]) -> bool:
    return len(set(kubernetes.pods()) - earlier) == 2


def test_pods_that_end_at_once_are_told_with_their_last_line(kubernetes: EmulatedKubernetes, start: StartSweep) -> None:
    text = PODS.replace("{interface: lo,", "{interface: lo, python: /bin/false,")
    with pytest.raises(ClusterError, match=r"pods end before their worker reaches .*Error \(exit code 1\)"):
        run_sweep(sweep_of(start, SWEEP + text))
    assert kubernetes.left() == []


def test_a_right_that_is_missing_is_told_before_anything_runs(
    kubernetes: EmulatedKubernetes, start: StartSweep
) -> None:
    kubernetes.cluster.forbidden.add(("create", "secrets"))
    with pytest.raises(ClusterError, match=r"may not create Secret ml/"):
        run_sweep(sweep_of(start))
    assert kubernetes.left() == []


def test_outside_of_a_pod_an_image_is_required(
    kubernetes: EmulatedKubernetes, start: StartSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POD_NAME")
    with pytest.raises(ClusterError, match=r"kubernetes.image: is required where the sweep does not run in a pod"):
        run_sweep(sweep_of(start))
    assert kubernetes.left() == []


def owners(manifest: dict[str, object]) -> list[tuple[str, str, str]]:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return [(each["kind"], each["name"], each["uid"]) for each in metadata["ownerReferences"]]


def name(manifest: dict[str, object]) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["name"])


def uid(manifest: dict[str, object]) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["uid"])
