"""Emulates Katib's controller: changes Experiments and Trials by hand, or by running the trials on this machine."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes, Manifest, timestamp
from tests.backends.katib.client.cluster.suggester import Suggester, is_ours
from tests.emulated_katib.controller import TrialEnd, is_complete, requests, trial_end
from tests.emulated_katib.median_stop import Rule, median_rule
from tests.emulated_katib.processes import Ended, run
from tests.emulated_katib.trainer import node_job
from tests.emulated_katib.webhook import COLLECTOR, trial_job, trial_pod
from tests.waiting import DEADLINE_SECONDS

RUNTIME = Path(__file__).parents[5] / "manifests/trainer/runtime.yaml"
"""The runtime of TrainJobs that a cluster with Kubeflow Trainer is given."""
MOMENT = 1_767_225_600.0
"""2026-01-01, when the Trials made by hand were created."""


class KatibByHand:
    """Creates Trials of an Experiment and ends them, as a test says."""

    def __init__(self, cluster: FakeKubernetes, experiment: str, namespace: str = "ml") -> None:
        self._cluster = cluster
        self._experiment = experiment
        self._namespace = namespace
        self._count = 0

    def start(self, name: str, phase: str = "Running", **assignments: str) -> None:
        """Creates a Trial."""
        self._count += 1
        begun = timestamp(MOMENT + self._count)
        manifest: Manifest = {
            "apiVersion": "kubeflow.org/v1beta1",
            "kind": "Trial",
            "metadata": {
                "name": name,
                "labels": {"katib.kubeflow.org/experiment": self._experiment},
                "creationTimestamp": begun,
            },
            "spec": {"parameterAssignments": [{"name": key, "value": each} for key, each in assignments.items()]},
            "status": {"startTime": begun, "conditions": _conditions("Created", phase)},
        }
        self._cluster.put("trials", self._namespace, manifest)

    def end(self, name: str, phase: str, message: str = "", reason: str = "", **metrics: float | str) -> None:
        """Ends a Trial, a minute after it began; one that is stopped early gets no completionTime."""
        manifest = self._cluster.get("trials", self._namespace, name)
        status, now = _mapping(manifest["status"]), MOMENT + 60 + self._count
        status["conditions"] = _conditions("Created", "Running", phase, reason=reason, message=message, now=now)
        status["completionTime"] = None if phase == "EarlyStopped" else timestamp(now)
        observed = [{"name": key, "latest": str(each), "min": "-9", "max": "9"} for key, each in metrics.items()]
        if observed:
            status["observation"] = {"metrics": observed}
        self._cluster.put("trials", self._namespace, manifest)

    def pod(self, trial: str, status: Manifest, memory: str = "1Gi", primary: str = "trial") -> None:
        """Creates the pod of a Trial, with the labels that Katib's webhook gives it."""
        labels = {"katib.kubeflow.org/experiment": self._experiment, "katib.kubeflow.org/trial": trial}
        container = {"name": primary, "image": "registry/toy:1", "resources": {"limits": {"memory": memory}}}
        always = {"image": "registry/toy:1", "imageID": "sha256:0", "ready": False, "restartCount": 0}
        containers = [{**always, **_mapping(each)} for each in _list(status.get("containerStatuses", []))]
        manifest: Manifest = {
            "metadata": {"name": f"{trial}-abcde", "labels": labels},
            "spec": {"containers": [container, {"name": COLLECTOR, "image": "katib/collector"}]},
            "status": {**status, "containerStatuses": containers},
        }
        self._cluster.put("pods", self._namespace, manifest)

    def suggestion(self, requested: int, assigned: int) -> None:
        """Says how many trials the algorithm was asked for, and how many it gave."""
        spec, status = {"requests": requested}, {"suggestionCount": assigned}
        manifest: Manifest = {"metadata": {"name": self._experiment}, "spec": spec, "status": status}
        self._cluster.put("suggestions", self._namespace, manifest)

    def finish(self, phase: str = "Succeeded", reason: str = "ExperimentMaxTrialsReached", message: str = "") -> None:
        """Complete the Experiment."""
        manifest = self._cluster.get("experiments", self._namespace, self._experiment)
        conditions = _conditions("Created", "Running", phase, reason=reason, message=message)
        now = timestamp(time.time())
        manifest["status"] = {"conditions": conditions, "startTime": timestamp(MOMENT), "completionTime": now}
        self._cluster.put("experiments", self._namespace, manifest)

    def fail_suggestion(self, message: str) -> None:
        """Lets the algorithm's service refuse its settings."""
        status = {"conditions": _conditions("Created", "Failed", reason="SuggestionFailed", message=message)}
        manifest: Manifest = {"metadata": {"name": self._experiment}, "status": status}
        self._cluster.put("suggestions", self._namespace, manifest)

    def warn(self, kind: str, name: str, reason: str, message: str, **more: object) -> None:
        """Lets Kubernetes complain of an object."""
        self._count += 1
        now = timestamp(time.time())
        event: Manifest = {
            "metadata": {"name": f"{name}.{self._count:016x}"},
            "involvedObject": {"kind": kind, "name": name, "namespace": self._namespace},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
        }
        self._cluster.put("events", self._namespace, {**event, **more})


class KatibOnThisMachine:
    """Runs the Experiments of a cluster while it is entered, one trial after the other, in an order of its own.

    Each Job is a process of this machine, with Katib's substitution, wrapper and collector (tests/emulated_katib).
    """

    def __init__(self, cluster: FakeKubernetes, workplace: Path, namespace: str = "ml") -> None:
        self._cluster = cluster
        self._workplace = workplace
        self._namespace = namespace
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> KatibOnThisMachine:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(DEADLINE_SECONDS)

    def _serve(self) -> None:
        while not self._stop.wait(0.02):
            for name in self._cluster.names("experiments"):
                experiment = self._cluster.get("experiments", self._namespace, name)
                if "status" not in experiment:
                    self._run(name, experiment)

    def _run(self, name: str, experiment: Manifest) -> None:
        by_hand = KatibByHand(self._cluster, name, self._namespace)
        ends: list[TrialEnd] = []
        suggester = Suggester(name, experiment, self._namespace) if is_ours(experiment) else None
        points = suggester.points() if suggester else _points(experiment)
        for number, assignments in enumerate(points):
            if requests(experiment, ends) <= number:
                by_hand.suggestion(requests(experiment, ends), number)
                return  # it asks for nothing that it does not have, and waits for ever
            trial = suggester.name if suggester else f"{name}-{number:08x}"
            by_hand.start(trial, **assignments)
            rules = _rules(experiment, ends)
            job = trial_job(experiment, assignments, trial, self._namespace)
            if job["kind"] == "TrainJob":
                job = node_job(job, yaml.safe_load(RUNTIME.read_text(encoding="utf-8")))
            pod = trial_pod(experiment, job, rules, trial=trial)
            ended = run(pod, self._workplace / f"pod-{trial}", self._workplace)
            primary = str(pod["spec"]["containers"][0]["name"])
            by_hand.pod(trial, _pod_status(ended, primary), primary=primary)
            end = trial_end(experiment, ended)
            metrics = {metric: seen.latest for metric, seen in (end.observation or {}).items()}
            by_hand.end(trial, end.phase, "the Job has ended", **metrics)
            ends.append(end)
            if suggester:
                suggester.ended(end)
            if is_complete(experiment, ends):
                break
        by_hand.finish()


def _points(experiment: Manifest) -> Iterator[dict[str, str]]:
    """Yields the points of an Experiment: all combinations of its lists, or points evenly over its one range."""
    spec = _mapping(experiment["spec"])
    parameters = [_mapping(each) for each in _list(spec["parameters"])]
    names = [str(each["name"]) for each in parameters]
    spaces = [_mapping(each["feasibleSpace"]) for each in parameters]
    if all("list" in each for each in spaces):
        combinations = list(itertools.product(*(_list(each["list"]) for each in spaces)))
        for values in reversed(combinations):
            yield dict(zip(names, map(str, values), strict=True))
        return
    (name,), (space,), count = names, spaces, spec["maxTrialCount"]
    low, high = float(str(space["min"])), float(str(space["max"]))
    assert isinstance(count, int)
    for number in range(count):
        yield {name: str(high - (high - low) * number / count)}


def _rules(experiment: Manifest, ends: Sequence[TrialEnd]) -> list[Rule]:
    """Returns the rules of a new trial, where the Experiment stops trials early."""
    stopping = _mapping(experiment["spec"]).get("earlyStopping")
    if stopping is None:
        return []
    written = [_mapping(each) for each in _list(_mapping(stopping)["algorithmSettings"])]
    settings = {str(each["name"]): str(each["value"]) for each in written}
    objective = _mapping(_mapping(experiment["spec"])["objective"])
    succeeded = [end.logs for end in ends if end.phase == "Succeeded"]
    rule = median_rule(succeeded, str(objective["objectiveMetricName"]), str(objective["type"]), settings)
    return [] if rule is None else [rule]


def _pod_status(ended: Ended, primary: str) -> Manifest:
    """Returns what the kubelet says of a pod that ended; it keeps the last 2048 bytes of the log of one that failed."""
    message = ended.printed[-2048:] if ended.status else ""
    trial = {"exitCode": ended.status, "reason": "Error" if ended.status else "Completed", "message": message}
    collector = {"exitCode": ended.collector_status, "reason": "Completed"}
    named = {primary: trial, COLLECTOR: collector}
    return {"containerStatuses": [{"name": name, "state": {"terminated": each}} for name, each in named.items()]}


def _conditions(*kinds: str, reason: str = "", message: str = "", now: float | None = None) -> list[dict[str, str]]:
    """Returns conditions as Katib appends them: the last one is true, and what was before is not any more."""
    at = timestamp(time.time() if now is None else now)
    return [
        {
            "type": kind,
            "status": "True" if kind in {"Created", kinds[-1]} else "False",
            "reason": reason if kind == kinds[-1] else f"Trial{kind}",
            "message": message if kind == kinds[-1] else "",
            "lastUpdateTime": at,
            "lastTransitionTime": at,
        }
        for kind in dict.fromkeys(kinds)
    ]


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
