"""Diagnostics of an Experiment that hangs: the warnings of Kubernetes, and a service that does not become ready."""

from __future__ import annotations

import threading

import pytest

from morphogenetic_engine.backends.katib.client.diagnostics import Complaints
from morphogenetic_engine.backends.katib.client.experiments import snapshot
from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi
from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand
from tests.backends.katib.client.conftest import Command
from tests.backends.katib.client.test_submit import SUBMIT
from tests.waiting import until

PULL = 'Failed to pull image "registry/toy:1": not found'


class Onlooker:
    """Looks at the Experiment `toy`; `service_seconds`: how long its service may take."""

    def __init__(self, service_seconds: float = 1000) -> None:
        self.api = KatibApi(connect())
        self._lines: list[str] = []
        self._complaints = Complaints(self.api, self._lines.append, service_seconds=service_seconds)

    def look(self) -> list[str]:
        """Returns what is new."""
        before = len(self._lines)
        self._complaints.look(snapshot(self.api, "toy"))
        return self._lines[before:]


@pytest.fixture(autouse=True)
def submitted(command: Command) -> None:
    assert command(*SUBMIT).status == 0


def test_what_the_algorithm_s_service_and_trials_complain_of_is_said_once(katib: KatibByHand) -> None:
    onlooker = Onlooker()
    assert not onlooker.look()
    katib.warn("Pod", "toy-grid-7d9f-abcde", "FailedScheduling", "0/3 nodes are available:\n 3 Insufficient memory.")
    katib.warn("Suggestion", "toy", "ReconcileError", "an unknown trial has been passed")
    assert onlooker.look() == [
        "warning: Pod toy-grid-7d9f-abcde: FailedScheduling: 0/3 nodes are available: 3 Insufficient memory.",
        "warning: Suggestion toy: ReconcileError: an unknown trial has been passed",
    ]
    katib.start("toy-1234", x="0.1")
    katib.start("toy-5678", x="0.7")
    for pod in ("toy-1234-zzzzz", "toy-5678-yyyyy"):
        katib.warn("Pod", pod, "Failed", PULL)
        katib.warn("Job", pod[:8], "FailedCreate", f'pods "{pod}" is forbidden: exceeded quota: sweeps')
    assert onlooker.look() == [
        f"warning: Pod toy-1234-zzzzz: Failed: {PULL}",
        'warning: Job toy-1234: FailedCreate: pods "toy-1234-zzzzz" is forbidden: exceeded quota: sweeps',
    ]
    assert not onlooker.look()


def test_waits_for_a_result_are_no_warnings_but_those_for_one_that_never_comes_are(katib: KatibByHand) -> None:
    onlooker = Onlooker()
    asked = "rpc error: code = Unavailable desc = trial 19 waits for trial 16"
    katib.warn("Suggestion", "toy", "ReconcileError", asked)
    assert not onlooker.look()
    katib.warn("Suggestion", "toy", "ReconcileError", f"{asked}, which Katib does not tell of: it was deleted")
    lines = onlooker.look()
    assert len(lines) == 1 and "trial 19 waits for trial 16, which Katib does not tell of" in lines[0]


def test_what_does_not_concern_it_is_not_said(katib: KatibByHand) -> None:
    katib.start("toy-1234", x="0.1")
    katib.end("toy-1234", "Succeeded", val_acc=1)
    katib.warn("Pod", "toy-1234-zzzzz", "Failed", "of a trial that is over")
    katib.warn("Pod", "toyshop-grid-1-2", "Failed", "of another Experiment")
    katib.warn("Pod", "toy-2-grid-1-2", "Failed", "of another Experiment whose name begins alike")
    katib.warn("Pod", "toy-grid-1-2", "Pulled", "no warning", type="Normal")
    katib.warn("Suggestion", "toy", "Failed", "of an earlier one", lastTimestamp="2020-01-01T00:00:00Z")
    katib.warn("Pod", "toy-grid-1-2", "Unhealthy", "Readiness probe failed", count=4)
    assert not Onlooker().look()
    katib.warn("Pod", "toy-grid-1-2", "Unhealthy", "Readiness probe failed", count=5)
    assert Onlooker().look() == ["warning: Pod toy-grid-1-2: Unhealthy: Readiness probe failed"]


def test_the_newer_fields_of_events_are_read_too(katib: KatibByHand) -> None:
    newer = {"count": None, "lastTimestamp": None, "eventTime": "2999-01-01T00:00:00.123456Z"}
    katib.warn("Pod", "toy-grid-1-2", "FailedScheduling", "no node", **newer)
    katib.warn("Pod", "toy-grid-1-2", "Unhealthy", "no answer", **newer, series={"count": 9})
    assert len(Onlooker().look()) == 2


def test_who_may_not_list_events_is_told_once_and_the_rest_goes_on(cluster: FakeKubernetes, katib: KatibByHand) -> None:
    cluster.forbidden = {("list", "events")}
    katib.warn("Suggestion", "toy", "ReconcileError", "no luck")
    onlooker = Onlooker()
    line = "".join(onlooker.look())
    assert "may not list the events of namespace ml" in line
    assert line.endswith("; warnings of Kubernetes are not shown")
    assert not onlooker.look()


def test_a_service_that_does_not_get_ready_is_said(cluster: FakeKubernetes, katib: KatibByHand) -> None:
    assert not Onlooker(1000).look()
    late = Onlooker(0)
    line = "".join(late.look())
    assert line.startswith("warning: Experiment ml/toy: no trials yet, since the service of its algorithm is not ready")
    assert not late.look()
    ready = {"type": "DeploymentReady", "status": "True"}
    cluster.put("suggestions", "ml", {"metadata": {"name": "toy"}, "status": {"conditions": [ready]}})
    assert not Onlooker(0).look()
    cluster.remove("suggestions", "ml", "toy")
    katib.start("toy-1234", x="0.1")
    assert not Onlooker(0).look()


@pytest.mark.parametrize("words", [(*SUBMIT, "--wait"), ("sweep", "watch", "--experiment", "toy")])
def test_submit_and_watch_say_it_while_they_wait(
    command: Command, cluster: FakeKubernetes, katib: KatibByHand, words: tuple[str, ...]
) -> None:
    katib.warn("Pod", "toy-grid-7d9f-abcde", "Failed", PULL)

    def end() -> None:
        until(lambda: any(request.endswith("/events") for request in cluster.requests))
        katib.finish("Failed", "ExperimentFailed", "no luck")
        katib.start("toy-1234", x="0.1")  # a change, after which the Experiment is looked at

    ending = threading.Thread(target=end)
    ending.start()
    ran = command(*words)
    ending.join()
    assert f"warning: Pod toy-grid-7d9f-abcde: Failed: {PULL}\n" in ran.err
