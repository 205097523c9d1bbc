"""What Katib's controller does to Experiments and Trials, done by hand, or by running the trials on this machine."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

from tests.backends.katib.client.kubernetes_server import FakeKubernetes, Manifest, timestamp
from tests.emulated_katib.collector import observe
from tests.emulated_katib.processes import run
from tests.emulated_katib.webhook import trial_job, trial_pod
from tests.waiting import DEADLINE_SECONDS

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
        """Create a Trial."""
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
        """End a Trial, a minute after it began; one that is stopped early gets no completionTime."""
        manifest = self._cluster.get("trials", self._namespace, name)
        status, now = _mapping(manifest["status"]), MOMENT + 60 + self._count
        status["conditions"] = _conditions("Created", "Running", phase, reason=reason, message=message, now=now)
        status["completionTime"] = None if phase == "EarlyStopped" else timestamp(now)
        observed = [{"name": key, "latest": str(each), "min": "-9", "max": "9"} for key, each in metrics.items()]
        if observed:
            status["observation"] = {"metrics": observed}
        self._cluster.put("trials", self._namespace, manifest)

    def finish(self, phase: str = "Succeeded", reason: str = "ExperimentMaxTrialsReached", message: str = "") -> None:
        """Complete the Experiment."""
        manifest = self._cluster.get("experiments", self._namespace, self._experiment)
        conditions = _conditions("Created", "Running", phase, reason=reason, message=message)
        now = timestamp(time.time())
        manifest["status"] = {"conditions": conditions, "startTime": timestamp(MOMENT), "completionTime": now}
        self._cluster.put("experiments", self._namespace, manifest)

    def fail_suggestion(self, message: str) -> None:
        """Let the algorithm's service refuse its settings."""
        status = {"conditions": _conditions("Created", "Failed", reason="SuggestionFailed", message=message)}
        manifest: Manifest = {"metadata": {"name": self._experiment}, "status": status}
        self._cluster.put("suggestions", self._namespace, manifest)

    def warn(self, kind: str, name: str, reason: str, message: str, **more: object) -> None:
        """Let Kubernetes complain of an object."""
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
    """Runs the Experiments of a cluster while it is entered: every combination of their lists, in an order of its own.

    Each Job is a process of this machine, with Katib's substitution, wrapper and collector (tests/emulated_katib).
    """

    def __init__(self, cluster: FakeKubernetes, workplace: Path) -> None:
        self._cluster = cluster
        self._workplace = workplace
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
                experiment = self._cluster.get("experiments", "ml", name)
                if "status" not in experiment:
                    self._run(name, experiment)

    def _run(self, name: str, experiment: Manifest) -> None:
        by_hand = KatibByHand(self._cluster, name)
        parameters = [_mapping(each) for each in _list(_mapping(experiment["spec"])["parameters"])]
        lists = [_list(_mapping(each["feasibleSpace"])["list"]) for each in parameters]
        combinations = list(itertools.product(*lists))
        for place, values in enumerate(reversed(combinations)):
            assignments = {str(each["name"]): str(value) for each, value in zip(parameters, values, strict=True)}
            trial = f"{name}-{place:08x}"
            by_hand.start(trial, **assignments)
            pod = trial_pod(experiment, trial_job(experiment, assignments, trial, "ml"))
            ended = run(pod, self._workplace / f"pod-{trial}", self._workplace)
            metrics = {metric: seen.latest for metric, seen in observe(ended.logs, ["val_acc", "twice"]).items()}
            by_hand.end(trial, "Failed" if ended.status else "Succeeded", "the Job has ended", **metrics)
        by_hand.finish()


def _conditions(*kinds: str, reason: str = "", message: str = "", now: float | None = None) -> list[dict[str, str]]:
    """Return conditions as Katib appends them: the last one is true, and what was before is not any more."""
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
