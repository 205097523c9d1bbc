"""Waits until the Deployments and StatefulSets of some namespaces are ready, and reports what is not ready and why.

python scripts/rollout.py [--timeout 15m] [--selector LABEL=VALUE] NAMESPACE...
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

Object = Mapping[str, object]

PAUSE_SECONDS, TELL_SECONDS = 5.0, 60.0
"""Seconds between two polls, and between two reports about workloads that are not ready."""
_KINDS = "deployments,statefulsets,replicasets,persistentvolumeclaims,pods,events"
_DURATION = re.compile(r"(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
_LONGEST_MESSAGE = 400


def not_up(objects: Sequence[Object]) -> dict[str, str]:
    """Returns the workloads that are not ready by name ("Deployment mlflow"), with the progress of each."""
    states: dict[str, str] = {}
    for each in objects:
        if each.get("kind") in {"Deployment", "StatefulSet"}:
            wanted, ready = _count(each, "spec", "replicas", default=1), _ready(each)
            if ready < wanted:
                states[_title(each)] = f"{ready} of {wanted} ready"
    return states


def reasons(objects: Sequence[Object], workloads: Sequence[str]) -> list[str]:
    """Returns why workloads are not ready: conditions, container states and warnings of their objects."""
    own = [each for each in objects if each.get("kind") != "Event" and _belongs(each, workloads)]
    said = [line for each in own for line in _of_object(each)]
    titles = {_title(each) for each in own}
    events = [each for each in objects if each.get("kind") == "Event" and each.get("type") == "Warning"]
    newest: dict[tuple[str, str], str] = {}
    for event in sorted(events, key=_seen):
        title = f"{_text(event, 'involvedObject', 'kind')} {_text(event, 'involvedObject', 'name')}"
        if title in titles:
            newest[title, _text(event, "reason")] = _text(event, "message")
    known = {_message(line) for line in said}
    return said + [f"{title}: {why}: {text}" for (title, why), text in newest.items() if text not in known]


def wait(
    look: Callable[[], Sequence[Object] | str],
    tell: Callable[[str], object],
    *,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> bool:
    """Polls until everything is ready, and returns True if it is. `look` returns objects, or the reason of an error."""
    begun = clock()
    tell_at, told = begun + TELL_SECONDS, ""
    while True:
        objects = look()
        waiting = {} if isinstance(objects, str) else not_up(objects)
        if not waiting and not isinstance(objects, str):
            return True
        now = clock()
        over = now - begun >= timeout
        if over or now >= tell_at:
            said = objects if isinstance(objects, str) else _told(objects, waiting)
            if over or said != told:
                tell(f"after {now - begun:.0f} s {'still ' if over else ''}not up:\n{said}")
            tell_at, told = now + TELL_SECONDS, said
        if over:
            return False
        sleep(PAUSE_SECONDS)


def seconds_of(text: str) -> float:
    """Returns the seconds of a duration as kubectl writes it: 15m, 1h30m, 90s.

    Raises:
        ValueError: it is no duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"must be a duration such as 15m or 90s, but got {text!r}")
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds


def _told(objects: Sequence[Object], waiting: Mapping[str, str]) -> str:
    lines = [f"  {title}: {state}" for title, state in waiting.items()]
    return "\n".join([*lines, *(f"    {line}" for line in reasons(objects, list(waiting)))])


def _ready(workload: Object) -> int:
    """Returns the number of pods of a workload that are ready and of its current version."""
    if _count(workload, "status", "observedGeneration") < _count(workload, "metadata", "generation"):
        return 0
    counts = [_count(workload, "status", key) for key in ("updatedReplicas", "readyReplicas")]
    return min(counts)


def _belongs(value: Object, workloads: Sequence[str]) -> bool:
    """Returns True if an object is a workload, or was created for it: its name then begins with the workload's.

    The claim of a StatefulSet is named after the claim's template first.
    """
    name = _text(value, "metadata", "name")
    for workload in workloads:
        owner = workload.partition(" ")[2]
        if name == owner or name.startswith(f"{owner}-") or f"-{owner}-" in name:
            return True
    return False


def _of_object(value: Object) -> Iterator[str]:
    title = _title(value)
    for condition in _items(value, "status", "conditions"):
        failed = (condition.get("type"), condition.get("status")) in {
            ("ReplicaFailure", "True"),
            ("PodScheduled", "False"),
        }
        if failed:
            yield _line(title, _text(condition, "reason"), _text(condition, "message"))
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in _items(value, "status", kind):
            yield from _of_container(title, container)


def _of_container(title: str, container: Object) -> Iterator[str]:
    where = f"{title}: container {_text(container, 'name')}"
    reason = _text(container, "state", "waiting", "reason")
    if reason and reason not in _STARTING:
        yield _line(where, reason, _text(container, "state", "waiting", "message"))
    ended = _field(container, "lastState", "terminated") or _field(container, "state", "terminated")
    if isinstance(ended, dict) and ended.get("exitCode"):
        restarts = _count(container, "restartCount")
        how = f"exit status {ended['exitCode']}, started again {restarts} times"
        yield _line(where, _text(ended, "reason"), f"{how}; {_text(ended, 'message')}".rstrip("; "))


def _line(where: str, reason: str, message: str) -> str:
    return f"{where}: {reason}: {message}".rstrip(": ")[:_LONGEST_MESSAGE]


def _message(line: str) -> str:
    return line.split(": ", 2)[-1]


def _title(value: Object) -> str:
    return f"{value.get('kind')} {_text(value, 'metadata', 'name')}"


def _seen(event: Object) -> str:
    return _text(event, "lastTimestamp") or _text(event, "eventTime")


def _field(value: object, *path: str) -> object:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: object, *path: str) -> str:
    return " ".join(str(_field(value, *path) or "").split())


def _count(value: object, *path: str, default: int = 0) -> int:
    found = _field(value, *path)
    return found if isinstance(found, int) else default


def _items(value: object, *path: str) -> list[Object]:
    found = _field(value, *path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _kubectl(namespace: str, selector: str) -> Sequence[Object] | str:
    """Returns the objects of a namespace, only the selected ones of its workloads; or kubectl's error."""
    command = ["kubectl", "--namespace", namespace, "get", _KINDS, "--output=json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"  {' '.join(done.stderr.split()) or 'kubectl has failed'}"
    label, _, wanted = selector.partition("=")
    return [
        each
        for each in _items(json.loads(done.stdout), "items")
        if not selector
        or each.get("kind") not in {"Deployment", "StatefulSet"}
        or _text(each, "metadata", "labels", label) == wanted
    ]


def main(words: Sequence[str] | None = None) -> int:
    """Waits for the namespaces of the command line in sequence."""
    parser = argparse.ArgumentParser(description="Wait until everything in some namespaces is up.")
    parser.add_argument("namespaces", nargs="+", metavar="NAMESPACE")
    parser.add_argument("--timeout", type=seconds_of, default=900.0, help="such as 15m, for each namespace")
    parser.add_argument("--selector", default="", help="LABEL=VALUE of the workloads that count")
    given = parser.parse_args(words)
    for namespace in given.namespaces:

        def tell(text: str, namespace: str = namespace) -> None:
            print(f"namespace {namespace}: {text}", file=sys.stderr, flush=True)

        def look(namespace: str = namespace) -> Sequence[Object] | str:
            return _kubectl(namespace, given.selector)

        if not wait(look, tell, timeout=given.timeout):
            print(
                f"more: kubectl --namespace {namespace} describe pods; scripts/cluster-logs.sh FOLDER", file=sys.stderr
            )
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
