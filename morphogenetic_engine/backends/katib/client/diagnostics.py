"""Diagnoses Experiments that make no progress: Kubernetes warnings, a service that is not ready, Katib itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from morphogenetic_engine.backends.katib.read.cluster_warnings import WarningsOnce, read_warning
from morphogenetic_engine.backends.katib.read.objects import Snapshot, suggestion_counts, suggestion_is_ready
from morphogenetic_engine.backends.kubernetes.api_errors import Forbidden
from morphogenetic_engine.backends.kubernetes.katib_api import SUGGESTIONS, KatibApi

SERVICE_SECONDS = 60.0
"""Seconds that the service of an algorithm may take to get ready, including its image pull, before a message."""

STALL_SECONDS = 180.0
"""Seconds that an Experiment may neither run nor request trials before a message."""

_OF_SUGGESTION = "katib.kubeflow.org/suggestion"


class Complaints:
    """Reports problems around an Experiment, each of them once."""

    def __init__(
        self,
        api: KatibApi,
        tell: Callable[[str], object],
        *,
        service_seconds: float = SERVICE_SECONDS,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._api = api
        self._tell = tell
        self._said = WarningsOnce()
        self._may_list = True
        self._service_late_at: float | None = time.monotonic() + service_seconds
        self._stall_seconds = stall_seconds
        self._still_since: float | None = None
        self._stall_said = False

    def look(self, snapshot: Snapshot) -> None:
        """Reports new problems.

        Raises:
            Unreachable: the cluster does not answer.
        """
        self._events(snapshot)
        self._service(snapshot)
        self._stall(snapshot)

    def _events(self, snapshot: Snapshot) -> None:
        if not self._may_list:
            return
        try:
            events = self._api.warnings()
        except Forbidden as error:
            self._may_list = False
            self._tell(f"{error}; warnings of Kubernetes are not shown")
            return
        for warning in self._said.news(map(read_warning, events), snapshot):
            self._tell(f"warning: {warning}")

    def _service(self, snapshot: Snapshot) -> None:
        """Reports an Experiment without trials whose suggestion service is not ready."""
        if snapshot.trials:
            self._service_late_at = None
        if self._service_late_at is None or time.monotonic() < self._service_late_at:
            return
        self._service_late_at = None
        experiment = snapshot.experiment
        if not suggestion_is_ready(self._api.find(SUGGESTIONS, experiment.name)):
            self._tell(
                f"warning: {experiment.where}: no trials yet, since the service of its algorithm is not ready: kubectl"
                f" --namespace {experiment.namespace} describe pods --selector {_OF_SUGGESTION}={experiment.name}"
            )

    def _stall(self, snapshot: Snapshot) -> None:
        """Reports an Experiment in which nothing has run for a while and Katib requests no further trial."""
        experiment, now = snapshot.experiment, time.monotonic()
        if snapshot.running or not snapshot.trials:
            self._still_since, self._stall_said = None, False
            return
        self._still_since = now if self._still_since is None else self._still_since
        if self._stall_said or now - self._still_since < self._stall_seconds:
            return
        counts = suggestion_counts(self._api.find(SUGGESTIONS, experiment.name))
        if counts is None or counts.requested > counts.assigned:
            return
        self._stall_said = True
        minutes = (now - self._still_since) / 60
        self._tell(
            f"warning: {experiment.where}: no trial has run for {minutes:.0f} minutes and Katib asks for none, though"
            f" it is not done: {len(snapshot.trials)} trials have ended, {counts.requested} were asked for and"
            f" {counts.assigned} given; it may never end. morphogenetic sweep stop --experiment {experiment.name}"
            f" --namespace {experiment.namespace} ends it, and keeps what it has"
        )
