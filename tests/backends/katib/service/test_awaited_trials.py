"""A trial that a sweep waits for is looked after: when it ends, its Suggestion is marked, and Katib asks again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from morphogenetic_engine.backends.katib.render.numbered_names import numbered_name
from morphogenetic_engine.backends.katib.render.sweep_setting import SentSweep
from morphogenetic_engine.backends.katib.service.awaited_trials import AwaitedTrials
from morphogenetic_engine.backends.katib.service.cluster_access import ASKED_AGAIN, ClusterAccess, TrialStatus
from morphogenetic_engine.backends.katib.service.suggestion_server import SuggestionServer
from morphogenetic_engine.errors import ClusterError
from tests.backends.katib.service.simulated_katib import NAMESPACE, experiment_request
from tests.backends.katib.service.test_equal_trials import SWEEPS
from tests.backends.katib.service.test_server import ask
from tests.waiting import until

RBAC = Path(__file__).parents[4] / "manifests" / "accounts" / "suggestion.yaml"
TRIALS = f"/apis/kubeflow.org/v1beta1/namespaces/{NAMESPACE}/trials"
SUGGESTIONS = f"/apis/kubeflow.org/v1beta1/namespaces/{NAMESPACE}/suggestions"


class Kubernetes(ThreadingHTTPServer):
    """Has trials and Suggestions, and takes a token."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.phases: dict[str, str] = {}
        self.marks: list[tuple[str, str]] = []
        self.allowed = {("get", "trials"), ("patch", "suggestions")}
        self.asked: set[tuple[str, str]] = set()


class _Handler(BaseHTTPRequestHandler):
    server: Kubernetes

    def do_GET(self) -> None:
        if self._may("get", "trials"):
            name = self.path.removeprefix(f"{TRIALS}/")
            if name not in self.server.phases:
                self._answer(404, {})
                return
            condition = {"type": self.server.phases[name], "status": "True"}
            self._answer(200, {"metadata": {"name": name}, "status": {"conditions": [condition]}})

    def do_PATCH(self) -> None:  # pylint: disable=invalid-name  # of the library
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._may("patch", "suggestions"):
            assert self.headers["Content-Type"] == "application/merge-patch+json"
            marked = body["metadata"]["annotations"][ASKED_AGAIN].split()[0]
            self.server.marks.append((self.path.removeprefix(f"{SUGGESTIONS}/"), marked))
            self._answer(200, {})

    def log_message(self, format: str, *args: object) -> None:  # pylint: disable=redefined-builtin  # of the library
        del format, args

    def _may(self, verb: str, plural: str) -> bool:
        self.server.asked.add((verb, plural))
        allowed = (verb, plural) in self.server.allowed and self.headers["Authorization"] == "Bearer secret"
        if not allowed:
            self._answer(403, {})
        return allowed

    def _answer(self, status: int, body: object) -> None:
        written = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)


@pytest.fixture(name="kubernetes")
def kubernetes_fixture() -> Iterator[Kubernetes]:
    with Kubernetes() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(name="access")
def access_fixture(kubernetes: Kubernetes, tmp_path: Path) -> ClusterAccess:
    (tmp_path / "token").write_text("secret\n", encoding="ascii")
    return ClusterAccess(f"http://127.0.0.1:{kubernetes.server_port}", NAMESPACE, tmp_path)


@pytest.fixture(name="awaited")
def awaited_fixture(access: ClusterAccess) -> Iterator[AwaitedTrials]:
    awaited = AwaitedTrials(access, period=0.01)
    awaited.start()
    yield awaited
    awaited.stop()


def test_a_suggestion_is_marked_when_the_awaited_trial_ends(kubernetes: Kubernetes, awaited: AwaitedTrials) -> None:
    kubernetes.phases["probe-t0001"] = "Running"
    assert not awaited.wait_for("probe", "probe-t0001")
    until(lambda: ("get", "trials") in kubernetes.asked)
    assert not kubernetes.marks
    kubernetes.phases["probe-t0001"] = "Succeeded"
    until(lambda: ("probe", "probe-t0001") in kubernetes.marks)


def test_each_experiment_has_its_own_awaited_trial(kubernetes: Kubernetes, awaited: AwaitedTrials) -> None:
    kubernetes.phases |= {"a-t0001": "Running", "b-t0002": "Failed"}
    awaited.wait_for("a", "a-t0001")
    awaited.wait_for("b", "b-t0002")
    until(lambda: ("b", "b-t0002") in kubernetes.marks)
    awaited.answered("b")
    kubernetes.phases["a-t0001"] = "EarlyStopped"
    until(lambda: ("a", "a-t0001") in kubernetes.marks)


def test_metrics_that_are_unavailable_are_told_from_not_yet(kubernetes: Kubernetes, awaited: AwaitedTrials) -> None:
    kubernetes.phases["probe-t0001"] = "MetricsUnavailable"
    until(lambda: awaited.wait_for("probe", "probe-t0001"))
    assert not kubernetes.marks
    del kubernetes.phases["probe-t0001"]  # it was deleted by hand, and comes again
    until(lambda: not awaited.wait_for("probe", "probe-t0001"))
    kubernetes.phases["probe-t0001"] = "Succeeded"
    until(lambda: kubernetes.marks == [("probe", "probe-t0001")] * len(kubernetes.marks) != [])


def test_without_the_rights_it_says_so_once_and_leaves_answers_alone(
    kubernetes: Kubernetes, awaited: AwaitedTrials, caplog: pytest.LogCaptureFixture
) -> None:
    kubernetes.allowed.clear()
    awaited.wait_for("probe", "probe-t0001")
    until(lambda: "has not the rights" in caplog.text)
    assert not awaited.wait_for("probe", "probe-t0002") and not awaited.wait_for("other", "other-t0002")
    assert caplog.text.count("has not the rights") == 1


def test_the_rights_of_the_manifest_are_those_that_are_used(kubernetes: Kubernetes, access: ClusterAccess) -> None:
    kubernetes.phases["probe-t0001"] = "Killed"
    assert access.status("probe-t0001") is TrialStatus.ENDED
    access.mark("probe", "probe-t0001 1.0")
    documents = yaml.safe_load_all(RBAC.read_text(encoding="utf-8"))
    rules = [rule for document in documents for rule in document.get("rules", ())]
    assert {(verb, plural) for rule in rules for plural in rule["resources"] for verb in rule["verbs"]} == (
        kubernetes.asked
    )


def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path, kubernetes: Kubernetes) -> None:
    nobody = ClusterAccess(f"http://127.0.0.1:{kubernetes.server_port}", NAMESPACE, tmp_path / "nothing")
    with pytest.raises(ClusterError, match="^GET trials/a in sweeps: ") as error:
        nobody.status("a")
    assert "\n" not in str(error.value)


def test_a_refusal_has_its_trial_looked_after_and_tells_what_is_known(
    kubernetes: Kubernetes, awaited: AwaitedTrials, access: ClusterAccess
) -> None:
    del awaited
    server = SuggestionServer(NAMESPACE, port=0, awaited=AwaitedTrials(access, period=0.01))
    server.start()
    request = {
        **experiment_request(SentSweep(SWEEPS["tpe"].config, 8), "probe", 8, 26),
        "current_request_number": 1,
        "total_request_number": 12,
    }
    kubernetes.phases[numbered_name("probe", NAMESPACE, 0)] = "MetricsUnavailable"
    try:
        first = ask(server.port, request)
        assert isinstance(first, str) and "waits for trial 0" in first
        until(lambda: "whose metrics are unavailable: kubectl delete trial probe-" in str(ask(server.port, request)))
    finally:
        server.stop(1.0)
