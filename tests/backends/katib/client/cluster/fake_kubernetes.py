"""The state of a cluster that the tests' Kubernetes API serves: objects, changes, refusals."""

from __future__ import annotations

import copy
import threading
import time
import uuid
from dataclasses import dataclass, field

Manifest = dict[str, object]


TOKEN = "a-token-of-the-tests"


LABEL = "katib.kubeflow.org/metrics-collector-injection"


@dataclass(frozen=True)
class Change:
    """Something that happened to an object."""

    version: int
    kind: str
    plural: str
    manifest: Manifest


@dataclass
class FakeKubernetes:  # pylint: disable=too-many-instance-attributes  # each is what a test may turn
    """The state of a cluster, and how it treats those who ask."""

    namespaces: dict[str, dict[str, str]] = field(default_factory=lambda: {"ml": {LABEL: "enabled"}})
    has_katib: bool = True
    has_claims: bool = True
    """True if it knows ResourceClaims."""
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """(verb, plural) that this user may not do."""
    allowed: set[tuple[str, str]] | None = None
    """All that this user may do; None: whatever is not forbidden."""
    asked: set[tuple[str, str]] = field(default_factory=set)
    """The requests that it had."""
    denial: str | None = None
    """The admission webhook's answer to every new Experiment; None: it admits them."""
    failures: list[int] = field(default_factory=list)
    """Statuses that the next requests for Katib's objects are answered with."""
    retry_after: int | None = None
    """Seconds after which those who are turned away may come again."""
    late_pages: int = 0
    """The number of the next requests for another page that come too late."""
    deaf: bool = False
    """Watches are closed as soon as they are open."""
    token: str = TOKEN
    """The token that a user must show."""
    page: int = 2
    """The most objects of one answer to a list."""
    objects: dict[tuple[str, str, str], Manifest] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Method and path of each request, in order."""
    version: int = 1000
    forgotten: int = 0
    """Changes up to this version are too old to watch from."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    cut: threading.Event = field(default_factory=threading.Event)
    """Set: watches that are open break off."""

    def put(self, plural: str, namespace: str, manifest: Manifest) -> Manifest:
        """Creates an object, or replaces it."""
        with self.lock:
            self.version += 1
            stored = copy.deepcopy(manifest)
            metadata = stored["metadata"]
            assert isinstance(metadata, dict)
            key = (plural, namespace, str(metadata["name"]))
            metadata.update({"namespace": namespace, "resourceVersion": str(self.version)})
            metadata.setdefault("uid", str(uuid.uuid4()))
            metadata.setdefault("creationTimestamp", timestamp(time.time()))
            kind = "MODIFIED" if key in self.objects else "ADDED"
            self.objects[key] = stored
            self.changes.append(Change(self.version, kind, plural, copy.deepcopy(stored)))
            return copy.deepcopy(stored)

    def get(self, plural: str, namespace: str, name: str) -> Manifest:
        """Returns a copy of an object that is there."""
        with self.lock:
            return copy.deepcopy(self.objects[plural, namespace, name])

    def names(self, plural: str) -> list[str]:
        """Returns the names of the objects of one kind."""
        with self.lock:
            return sorted(name for kind, _, name in self.objects if kind == plural)

    def remove(self, plural: str, namespace: str, name: str) -> None:
        """Deletes an object and what it owns."""
        with self.lock:
            self.version += 1
            gone = self.objects.pop((plural, namespace, name))
            self.changes.append(Change(self.version, "DELETED", plural, gone))
            if plural == "experiments":
                for kind, place, trial in list(self.objects):
                    labels = labels_of(self.objects[kind, place, trial])
                    if kind in {"trials", "pods"} and labels.get("katib.kubeflow.org/experiment") == name:
                        self.remove(kind, place, trial)

    def forget(self) -> None:
        """Lets all that has happened be too old to watch from, as etcd's compaction does."""
        with self.lock:
            self.forgotten = self.version


def timestamp(seconds: float) -> str:
    """Returns a time as Kubernetes writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def labels_of(manifest: Manifest) -> dict[str, str]:
    """Returns the labels of an object."""
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return metadata.get("labels") or {}
