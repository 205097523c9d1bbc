"""Reads why trials failed from their pods: exit statuses, exhausted memory, and the trial's last lines.

Katib only reports that a Job has failed. A pod's termination message is the end of its log
(`terminationMessagePolicy: FallbackToLogsOnError`), whose last line from `trial run` states how the trial ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from morphogenetic_engine.backends.katib.pods.job_template import CONTAINER
from morphogenetic_engine.backends.katib.pods.train_job import NODE
from morphogenetic_engine.backends.katib.read.fields import Object, mapping, mappings, text
from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.workload.gpu_memory import says_out_of_gpu_memory

_OURS = frozenset({CONTAINER, NODE})
"""The containers that trials run in: of a Job's pod, and of a TrainJob's."""
TRIAL_LABEL = "katib.kubeflow.org/trial"
_SAID = re.compile(r"trial \d+ (?:failed: (?P<reason>\w+)|pruned) after [\d.]+ s: (?P<why>.*); files: .*")
"""The last line that `morphogenetic trial run` prints."""
_LONGEST = 300
_OUT_OF_MEMORY = "OOMKilled"


@dataclass(frozen=True)
class PodEnd:
    """The reason why a trial's pod failed."""

    reason: FailureReason
    message: str


def read_pod_ends(pods: Iterable[Object]) -> dict[str, PodEnd]:
    """Returns the reasons of failed pods by the names of their trials."""
    ends: dict[str, PodEnd] = {}
    for pod in pods:
        trial = text(mapping(mapping(pod, "metadata"), "labels"), TRIAL_LABEL)
        end = next(_ends_of(pod), None)
        if trial and end is not None:
            ends[trial] = end
    return ends


def _ends_of(pod: Object) -> Iterator[PodEnd]:
    """Yields the reasons of a pod's end, the most specific first."""
    status = mapping(pod, "status")
    containers = mappings(status, "containerStatuses")
    ours = [each for each in containers if each.get("name") in _OURS]
    for container in ours:
        yield from _said_by_trial(container)
    for container in containers:
        if text(_terminated(container), "reason") == _OUT_OF_MEMORY:
            limit = _memory_limit(pod, text(container, "name"))
            why = f"out of memory: {text(container, 'name')} was killed at its limit of {limit}{_status(container)}"
            yield PodEnd(FailureReason.KILLED, why)
    if reason := text(status, "reason"):
        kind = FailureReason.TIMEOUT if reason == "DeadlineExceeded" else FailureReason.KILLED
        yield PodEnd(kind, _short(f"pod {reason}: {text(status, 'message')}".rstrip(": ")))
    others = [each for each in containers if each.get("name") not in _OURS]
    for container in [*ours, *others]:
        if _terminated(container).get("exitCode"):
            yield _by_status(container)


def _said_by_trial(container: Object) -> Iterator[PodEnd]:
    """Yields the trial's own message, if its last lines were kept."""
    for line in reversed(text(_terminated(container), "message").splitlines()):
        found = _SAID.fullmatch(line.strip())
        if found is not None:
            known = found["reason"] in set(FailureReason)
            reason = FailureReason(found["reason"]) if known else FailureReason.MISSING_METRIC
            yield PodEnd(reason, found["why"])
            return


def _by_status(container: Object) -> PodEnd:
    ended = _terminated(container)
    said = [line.strip() for line in text(ended, "message").splitlines() if line.strip()]
    name = text(container, "name")
    line = f"{name} ended{_status(container)}" + (f": {said[-1]}" if said else "")
    if ended.get("exitCode") in {128 + 9, 128 + 15}:
        return PodEnd(FailureReason.KILLED, _short(line))
    no_memory = says_out_of_gpu_memory("\n".join(said))
    return PodEnd(FailureReason.OUT_OF_GPU_MEMORY if no_memory else FailureReason.EXCEPTION, _short(line))


def _status(container: Object) -> str:
    return f" with exit status {_terminated(container).get('exitCode')}"


def _memory_limit(pod: Object, name: str) -> str:
    containers = mappings(mapping(pod, "spec"), "containers")
    limits = [mapping(mapping(each, "resources"), "limits") for each in containers if each.get("name") == name]
    return next((text(each, "memory") for each in limits if text(each, "memory")), "the node's memory")


def _terminated(container: Object) -> Object:
    return mapping(mapping(container, "state"), "terminated")


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
