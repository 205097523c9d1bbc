"""Ends a helper process soon after the process that started it, wherever in its work it is.

Standard library alone, so that a helper can be watched while it imports the rest.
"""

from __future__ import annotations

import os
import signal
import threading
import time

GRACE_SECONDS = 3.0
"""The time in which a helper may still end by itself, once its parent is gone."""
_TICK_SECONDS = 0.5


def watch_parent(*, grace: float = GRACE_SECONDS) -> None:
    """Has this process killed when its parent has ended; what it did not send is sent later, from the journal."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent, grace), name="parent watch", daemon=True).start()


def _watch(parent: int, grace: float) -> None:
    while os.getppid() == parent:
        time.sleep(_TICK_SECONDS)
    time.sleep(grace)
    os.kill(os.getpid(), signal.SIGKILL)
