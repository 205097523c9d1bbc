"""Looks up why trials failed, from their pods, which exist for a while after their end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from morphogenetic_engine.backends.katib.read.objects import KatibTrial, Phase
from morphogenetic_engine.backends.katib.read.pod_ends import PodEnd, read_pod_ends
from morphogenetic_engine.backends.kubernetes.api_errors import Forbidden
from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi

_FAILED = frozenset({Phase.FAILED, Phase.METRICS_UNAVAILABLE, Phase.KILLED})


class FailedPods:
    """The pods of an Experiment's failed trials, each looked up once."""

    def __init__(self, api: KatibApi, experiment: str, tell: Callable[[str], object]) -> None:
        self._api = api
        self._experiment = experiment
        self._tell = tell
        self._known: dict[str, PodEnd | None] = {}
        self._may_list = True

    def explained(self, trials: Sequence[KatibTrial]) -> list[KatibTrial]:
        """Returns the trials; failed ones have the reason of their pod's failure, if it is still known.

        Raises:
            Unreachable: the cluster does not answer.
        """
        failed = [trial.name for trial in trials if trial.condition.phase in _FAILED]
        if self._may_list and not self._known.keys() >= set(failed):
            self._look(failed)
        return [
            replace(trial, pod=self._known[trial.name]) if self._known.get(trial.name) else trial for trial in trials
        ]

    def _look(self, failed: Sequence[str]) -> None:
        try:
            ends = read_pod_ends(self._api.trial_pods(self._experiment))
        except Forbidden as error:
            self._may_list = False
            self._tell(f"{error}; why trials failed is not shown")
            return
        for name in failed:
            self._known.setdefault(name, ends.get(name))
