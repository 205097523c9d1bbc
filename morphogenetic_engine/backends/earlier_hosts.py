"""The hosts on other machines that an earlier session of a sweep left behind: no trial starts before they are gone."""

from __future__ import annotations

import time
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.workload.host_pass import FOLDER, LEASE_SECONDS, PRESENT


class EarlierHosts:
    """Withdraws the passes of a sweep's earlier hosts, and knows which of them may still train."""

    def __init__(self, sweep: Path) -> None:
        """`sweep` is the sweep's folder.

        Raises:
            StoreError: a pass cannot be withdrawn.
        """
        folder = sweep / FOLDER
        self._left: list[Path] = []
        try:
            for file in list(folder.iterdir()) if folder.is_dir() else ():
                if file.suffix != PRESENT:
                    file.unlink(missing_ok=True)
            if folder.is_dir():
                self._left = sorted(folder.glob(f"*{PRESENT}"))  # after that: see HostPass.enter
        except OSError as error:
            raise StoreError(f"{error.filename or folder}: cannot be removed: {error.strerror}") from error
        self._deadline = time.monotonic() + LEASE_SECONDS

    def remain(self) -> bool:
        """Returns True while a host has not said that it is gone, for a minute at most."""
        self._left = [file for file in self._left if file.exists()]
        if self._left and time.monotonic() >= self._deadline:
            for file in self._left:
                file.unlink(missing_ok=True)
            self._left = []
        return bool(self._left)

    @property
    def described(self) -> str:
        """What new trials wait for, in words; "" if they do not."""
        names = sorted({_text(file) for file in self._left} - {""})
        where = f" on {', '.join(names)}" if names else ""
        return f"workers of an earlier session{where} are about to end (a minute at most)" if self._left else ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""  # it has ended
