"""The passes of a session's hosts: given with each host, withdrawn when it is given up."""

from __future__ import annotations

import threading
import time
import uuid
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.workload.host_pass import FOLDER, LEASE_SECONDS, HostPass

_LOOK_SECONDS = 0.1


class HostPasses:
    """Files in the folder of a sweep that all machines share; see `HostPass`."""

    def __init__(self, sweep: Path) -> None:
        self._folder = sweep / FOLDER
        self._given: set[Path] = set()
        self._closed = threading.Event()

    def give(self) -> HostPass:
        """Returns a new pass, whose file holds its own name: a host sees by it that it has the same folder.

        Raises:
            StoreError: it cannot be written.
        """
        file = self._folder / f"host-{uuid.uuid4().hex}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file.write_text(file.name, encoding="ascii")
        except OSError as error:
            raise StoreError(f"{file}: cannot be written: {error.strerror}") from error
        self._given.add(file)
        return HostPass(file)

    def withdraw(self, host: HostPass) -> None:
        """Has a host end, if it has not."""
        self._given.discard(host.file)
        host.file.unlink(missing_ok=True)

    def wait_until_gone(self, host: HostPass) -> None:
        """Waits until a host whose pass was withdrawn has said that its worker has ended; a minute at most."""
        deadline = time.monotonic() + LEASE_SECONDS
        while host.presence.exists() and time.monotonic() < deadline:
            if self._closed.wait(_LOOK_SECONDS):
                return  # the next session waits
        host.leave()

    def close(self) -> None:
        """Withdraws all passes, and ends what waits."""
        self._closed.set()
        for file in self._given:
            file.unlink(missing_ok=True)
