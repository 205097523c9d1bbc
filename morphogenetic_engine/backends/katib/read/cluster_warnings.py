"""What Kubernetes complains of around an Experiment: its Events, read, and only those that concern it, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from morphogenetic_engine.backends.katib.read.fields import Object, mapping, text, time_of
from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, Snapshot

_PROBE, _FAILED_PROBES = "Unhealthy", 5
"""Every service misses some probes while it starts."""


@dataclass(frozen=True)
class ClusterWarning:
    """An Event of type Warning."""

    kind: str
    """Of the object that it is about: Pod, Job, ReplicaSet, Suggestion, ..."""
    name: str
    reason: str
    message: str
    count: int
    seen: float
    """The last time, in seconds since 1970."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.reason}: {self.message}"


def read_warning(event: Object) -> ClusterWarning:
    """Read an Event of core/v1, of whichever of the two generations of fields."""
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
    """Tell whether a warning is about an Experiment, the service of its algorithm, or a trial that is not over.

    Katib names what it makes: the Experiment's name for the Suggestion, with the algorithm's for its Deployment, and a
    Trial's for its Job; the names of their pods begin so.
    """
    experiment = snapshot.experiment
    if warning.seen < experiment.created or (warning.reason == _PROBE and warning.count < _FAILED_PROBES):
        return False
    owners = [f"{experiment.name}-{experiment.algorithm}", *(trial.name for trial in snapshot.running)]
    return warning.name in {experiment.name, *owners} or any(warning.name.startswith(f"{each}-") for each in owners)


class WarningsOnce:
    """Remembers what has been said of an Experiment: each complaint is said once, of whichever pod it comes."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str, str]] = set()

    def news(self, warnings: Iterable[ClusterWarning], snapshot: Snapshot) -> Iterator[ClusterWarning]:
        """Yield the warnings that concern the Experiment and say something new, in the order of their times."""
        for warning in sorted(warnings, key=lambda each: each.seen):
            alike = (warning.kind, warning.reason, _without_names(warning.message, snapshot.experiment))
            if concerns(warning, snapshot) and alike not in self._said:
                self._said.add(alike)
                yield warning


def _without_names(message: str, experiment: KatibExperiment) -> str:
    return re.sub(rf"\b{re.escape(experiment.name)}-[-a-z0-9]+", "*", message)
