"""Looks after the trials that sweeps wait for, beside the answers: when one ends, Katib is made to ask again at once.

Katib's controller asks again when a trial ends, as long as further trials are wanted for it; at the end of a sweep it
asks after pauses that double each time, up to a quarter of an hour. A change of the Suggestion ends the pause.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from morphogenetic_engine.backends.katib.service.cluster_access import ClusterAccess, NoRights, TrialStatus
from morphogenetic_engine.errors import ClusterError

PERIOD = 2.0
"""Seconds between two looks at a trial."""
_LONGEST = 60.0
"""Seconds at most until a Suggestion is marked again for the same trial."""
_log = logging.getLogger(__name__)


@dataclass
class _Awaited:
    trial: str
    marks: int = 0
    due: float = 0.0
    """The time of its next check, on the monotonic clock."""


class AwaitedTrials:
    """The trials that the Experiments of one namespace wait for."""

    def __init__(self, access: ClusterAccess, period: float = PERIOD) -> None:
        self._access = access
        self._period = period
        self._changed = threading.Condition()
        self._awaited: dict[str, _Awaited] = {}
        self._unavailable: set[str] = set()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="awaited trials", daemon=True)

    def start(self) -> None:
        """Begins to look at trials."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        self._thread.join()

    def wait_for(self, experiment: str, trial: str) -> bool:
        """Notes that an Experiment waits for a trial; returns True if it is known that Katib will never tell of it."""
        with self._changed:
            known = self._awaited.get(experiment)
            if known is None or known.trial != trial:
                self._awaited[experiment] = _Awaited(trial)
                self._changed.notify()
            return trial in self._unavailable

    def answered(self, experiment: str) -> None:
        """Notes that an Experiment got its trials: it waits for nothing."""
        with self._changed:
            self._awaited.pop(experiment, None)

    def _run(self) -> None:
        try:
            while (awaited := self._next()) is not None:
                self._look_at(*awaited)
        except NoRights as error:
            _log.warning(
                "%s: the account of this service has not the rights to get trials and patch suggestions"
                " (manifests/accounts); sweeps wait longer at their ends, and are right all the same",
                error,
            )

    def _next(self) -> tuple[str, _Awaited] | None:
        """Waits for the next trial that is to be looked at; None: the service stops."""
        with self._changed:
            while not self._is_over:
                experiment = min(self._awaited, key=lambda name: self._awaited[name].due, default=None)
                left = None if experiment is None else self._awaited[experiment].due - time.monotonic()
                if experiment is not None and left is not None and left <= 0:
                    return experiment, self._awaited[experiment]
                self._changed.wait(left)
            return None

    def _look_at(self, experiment: str, awaited: _Awaited) -> None:
        pause = self._period
        try:
            status = self._access.status(awaited.trial)
            if status is TrialStatus.ENDED:
                self._access.mark(experiment, f"{awaited.trial} {time.time():.3f}")
                awaited.marks += 1
                pause = min(self._period * 2**awaited.marks, _LONGEST)
            self._note(awaited.trial, status)
        except NoRights:
            raise
        except ClusterError as error:
            _log.info("%s: %s", experiment, error)
            pause = _LONGEST
        with self._changed:
            awaited.due = time.monotonic() + pause

    def _note(self, trial: str, status: TrialStatus) -> None:
        with self._changed:
            if status is not TrialStatus.UNAVAILABLE:
                self._unavailable.discard(trial)
            elif trial not in self._unavailable:
                self._unavailable.add(trial)
                _log.warning("%s: its metrics are unavailable: `kubectl delete trial` runs it again", trial)
