"""scripts/rollout.py: the parts of a cluster that are not ready, the reasons, and when they are reported."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from scripts.rollout import Object, not_up, reasons, seconds_of, wait

KATIB = "Deployment katib-controller"


def workload(status: Object | None = None, kind: str = "Deployment") -> Object:
    name = "katib-controller"
    return {"kind": kind, "metadata": {"name": name, "generation": 2}, "spec": {"replicas": 1}, "status": status or {}}


UP = {"observedGeneration": 2, "updatedReplicas": 1, "readyReplicas": 1}


def pod(name: str, **status: object) -> Object:
    return {"kind": "Pod", "metadata": {"name": name}, "status": status}


def warning(kind: str, name: str, reason: str, message: str, time: str = "2026-01-01T00:00:00Z") -> Object:
    about = {"kind": kind, "name": name}
    return {
        "kind": "Event",
        "type": "Warning",
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "lastTimestamp": time,
    }


@pytest.mark.parametrize(
    ("status", "waits"),
    [
        (UP, False),
        ({}, True),
        ({**UP, "readyReplicas": 0}, True),
        ({**UP, "updatedReplicas": 0}, True),  # the pod of the version before is still the one that runs
        ({**UP, "observedGeneration": 1}, True),  # the change has not been seen yet
    ],
)
def test_a_workload_is_up_when_its_new_pods_are_ready(status: Object, waits: bool) -> None:
    for kind in ("Deployment", "StatefulSet"):
        assert bool(not_up([workload(status, kind)])) == waits


def test_a_pod_that_a_webhook_refuses_is_said_with_the_webhooks_words() -> None:
    said = 'failed calling webhook "mutator.pod.katib.kubeflow.org": no endpoints available'
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": said}
    assert reasons([workload({"conditions": [condition]})], [KATIB]) == [f"{KATIB}: FailedCreate: {said}"]


def test_states_of_containers_are_said() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image a/b:1"}}
    killed = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    back_off = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    containers = [
        {"name": "a", "state": waiting},
        {"name": "b", "state": back_off, "lastState": killed, "restartCount": 3},
        {"name": "c", "state": {"waiting": {"reason": "ContainerCreating"}}},
    ]
    name = "katib-controller-5d-x"
    assert reasons([workload(), pod(name, containerStatuses=containers)], [KATIB]) == [
        f"Pod {name}: container a: ImagePullBackOff: Back-off pulling image a/b:1",
        f"Pod {name}: container b: CrashLoopBackOff: back-off 10s",
        f"Pod {name}: container b: OOMKilled: exit status 137, started again 3 times",
    ]


def test_a_pod_without_a_node_is_said_once_though_an_event_repeats_it() -> None:
    why = "0/1 nodes are available: 1 Insufficient memory."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
    name = "katib-controller-5d-x"
    objects = [pod(name, conditions=[condition]), warning("Pod", name, "FailedScheduling", why)]
    assert reasons(objects, [KATIB]) == [f"Pod {name}: Unschedulable: {why}"]


def test_events_of_what_belongs_to_the_workload_are_said_the_newest_of_each_kind() -> None:
    claim: Object = {"kind": "PersistentVolumeClaim", "metadata": {"name": "data-postgres-0"}}
    events = [
        warning("PersistentVolumeClaim", "data-postgres-0", "ProvisioningFailed", "new", "2026-01-02T00:00:00Z"),
        warning("PersistentVolumeClaim", "data-postgres-0", "ProvisioningFailed", "old"),
        warning("Pod", "another-0", "Failed", "of another"),
        warning("Pod", "postgres-0", "FailedMount", "of a pod that is gone"),
    ]
    assert reasons([claim, *events], ["StatefulSet postgres"]) == [
        "PersistentVolumeClaim data-postgres-0: ProvisioningFailed: new"
    ]


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def waited(looks: Sequence[Sequence[Object] | str], timeout: float) -> tuple[bool, list[tuple[float, str]]]:
    """Returns whether all was up, and what was told when; the last look stays."""
    time, told, left = Time(), list[tuple[float, str]](), list(looks)
    up = wait(
        lambda: left.pop(0) if len(left) > 1 else left[0],
        lambda text: told.append((time.now, text)),
        timeout=timeout,
        clock=time,
        sleep=time.sleep,
    )
    return up, told


def test_what_is_up_is_not_talked_about() -> None:
    assert waited([[workload()], [workload(UP)]], 900.0) == (True, [])


def test_after_a_minute_it_is_said_what_is_not_up_and_again_only_what_is_new() -> None:
    pulling = pod(
        "katib-controller-5d-x", containerStatuses=[{"name": "a", "state": {"waiting": {"reason": "ErrImagePull"}}}]
    )
    looks = [[workload()]] * 40 + [[workload(), pulling]]
    up, told = waited(looks, 900.0)
    assert not up
    assert [at for at, _ in told] == [60.0, 240.0, 900.0]
    assert told[0][1] == f"after 60 s not up:\n  {KATIB}: 0 of 1 ready"
    assert told[1][1].endswith("Pod katib-controller-5d-x: container a: ErrImagePull")
    assert told[2][1].startswith("after 900 s still not up:")


def test_an_api_server_that_does_not_answer_for_a_moment_is_borne() -> None:
    assert waited(["  the connection was refused", [workload(UP)]], 900.0) == (True, [])
    up, told = waited(["  the connection was refused"], 60.0)
    assert not up and told == [(60.0, "after 60 s still not up:\n  the connection was refused")]


@pytest.mark.parametrize(("text", "seconds"), [("15m", 900), ("1h30m", 5400), ("90s", 90), ("90", 90), ("0s", 0)])
def test_a_time_is_written_as_for_kubectl(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5x", "-1s"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration such as 15m or 90s"):
        seconds_of(text)
