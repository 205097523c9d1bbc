"""Reads Kubernetes Events of type Warning that concern an Experiment, each of them once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from morphogenetic_engine.backends.katib.read.fields import Object, mapping, text, time_of
from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, Snapshot
from morphogenetic_engine.backends.katib.render.numbered_names import IDLE

_PROBE, _FAILED_PROBES = "Unhealthy", 5
"""Reasons to ignore: every service fails some probes while it starts."""
_WAIT = re.compile(r"\btrial \d+ waits for trial \d+(?!\d*,)")
"""The refusal of our suggestion service while a result is missing: Katib asks again. With a comma a reason follows."""


@dataclass(frozen=True)
class ClusterWarning:
    """An Event of type Warning."""

    kind: str
    """The kind of the object that it is about: Pod, Job, ReplicaSet, Suggestion, ..."""
    name: str
    reason: str
    message: str
    count: int
    seen: float
    """The time of the last occurrence, in seconds since 1970."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.reason}: {self.message}"


def read_warning(event: Object) -> ClusterWarning:
    """Reads an Event of core/v1, in the old or the new form of its fields."""
    about, series = mapping(event, "involvedObject"), mapping(event, "series")
    counts = [each for each in (series.get("count"), event.get("count")) if isinstance(each, int)]
    created = time_of(mapping(event, "metadata"), "creationTimestamp")
    times = (time_of(series, "lastObservedTime"), *(time_of(event, key) for key in ("lastTimestamp", "eventTime")))
    return ClusterWarning(
        kind=text(about, "kind"),
        name=text(about, "name"),
        reason=text(event, "reason"),
        message=" ".join(text(event, "message").split()),
        count=counts[0] if counts else 1,
        seen=next((each for each in (*times, created) if each is not None), 0.0),
    )


def concerns(warning: ClusterWarning, snapshot: Snapshot) -> bool:
    """Returns True if a warning is about an Experiment, the service of its algorithm, or a running trial.

    Objects are matched by the names that Katib gives them: a Suggestion has the Experiment's name, its Deployment
    that name and the algorithm's, a Job the Trial's name; pod names begin with these.
    """
    experiment = snapshot.experiment
    if warning.seen < experiment.created or (warning.reason == _PROBE and warning.count < _FAILED_PROBES):
        return False
    if _WAIT.search(warning.message) or IDLE.search(warning.name):
        return False
    owners = [f"{experiment.name}-{experiment.algorithm}", *(trial.name for trial in snapshot.running)]
    return warning.name in {experiment.name, *owners} or any(warning.name.startswith(f"{each}-") for each in owners)


class WarningsOnce:
    """Remembers the reported warnings of an Experiment, so that each is reported once, regardless of the pod."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str, str]] = set()

    def news(self, warnings: Iterable[ClusterWarning], snapshot: Snapshot) -> Iterator[ClusterWarning]:
        """Yields the new warnings that concern the Experiment, in the order of their times."""
        for warning in sorted(warnings, key=lambda each: each.seen):
            alike = (warning.kind, warning.reason, _without_names(warning.message, snapshot.experiment))
            if concerns(warning, snapshot) and alike not in self._said:
                self._said.add(alike)
                yield warning


def _without_names(message: str, experiment: KatibExperiment) -> str:
    return re.sub(rf"\b{re.escape(experiment.name)}-[-a-z0-9]+", "*", message)
