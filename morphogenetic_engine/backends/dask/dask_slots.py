"""Selects the Dask workers that can take a host: Dask itself would queue several behind one worker for good."""

from __future__ import annotations

from collections.abc import Mapping

from morphogenetic_engine.backends.dask.dask_connection import DaskWorkerState


class DaskSlots:
    """The threads of the Dask workers, each of which hosts one worker of the sweep."""

    def __init__(self) -> None:
        self._connected: dict[str, DaskWorkerState] = {}
        self._known: set[str] = set()
        """Dask workers that this session has used: the tasks at their last heartbeat may be its own."""

    def update(self, connected: Mapping[str, DaskWorkerState]) -> None:
        """Takes the Dask workers that there are now."""
        self._connected = dict(connected)
        self._known &= self._connected.keys()

    def taken(self, address: str) -> None:
        """Notes that this session uses a Dask worker."""
        self._known.add(address)

    def free(self, used: Mapping[str, int]) -> str | None:
        """Returns the Dask worker with the most free threads; None: there is none.

        `used` is the number of hosts that this session has on each.
        """
        left = {
            address: state.threads - max(used.get(address, 0), 0 if address in self._known else state.busy)
            for address, state in self._connected.items()
        }
        best = max(left, key=lambda address: left[address], default=None)
        return best if best is not None and left[best] > 0 else None
