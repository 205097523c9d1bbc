"""The process that follows a sweep's journal: what `Follower` starts as `python -m morphogenetic_engine.tracking`.

It ends when the session that it saw begin has ended and all is sent, when it is told to (SIGTERM), or when the process
that started it is gone (the end of its standard input); then it has a bounded time to send the rest.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.folder import SweepFolder
from morphogenetic_engine.tracking.endings import Endings
from morphogenetic_engine.tracking.journal_tail import JournalTail
from morphogenetic_engine.tracking.memory import only_publisher
from morphogenetic_engine.tracking.publisher import Publisher
from morphogenetic_engine.tracking.server import quiet_mlflow

INTERVAL_SECONDS = 3.0
LONGEST_PAUSE_SECONDS = 60.0
REQUEST_SECONDS = 5.0

_log = logging.getLogger(__name__)


def follow(folder: SweepFolder, *, uri: str | None, experiment: str | None, drain: float) -> bool:
    """Send what the journal says while it grows, and return whether all was sent.

    `drain` is how long the rest may take once the following is over, in seconds.

    Raises:
        ConfigError: mlflow is not installed.
        SweepError: a file of the sweep is damaged, or somebody else is publishing it to the end.
    """
    begun_at = JournalTail(folder.journal).size
    endings = Endings(drain)
    with ExitStack() as stack:
        stack.enter_context(endings.listening())
        stack.enter_context(quiet_mlflow(REQUEST_SECONDS))
        _enter_alone(stack, folder, endings)
        publisher = Publisher(folder, uri=uri, experiment=experiment)
        pause = INTERVAL_SECONDS
        while True:
            last = endings.gone
            try:
                over = _catch_up(publisher, endings) and publisher.offset > begun_at
                if over or (last and not endings.told):
                    publisher.settle()
                    return True
                pause = INTERVAL_SECONDS
            except StoreError as error:
                _log.warning("%s", error)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            if last or endings.told:
                return False
            endings.wait(pause)


def _catch_up(publisher: Publisher, endings: Endings) -> bool:
    """Send batch after batch, and tell whether a session has ended and all of it is sent."""
    sent = False
    while not endings.told and publisher.send_next():
        sent = True
    if sent and not endings.told:
        publisher.upload()
    return publisher.session_ended and not endings.told


def _enter_alone(stack: ExitStack, folder: SweepFolder, endings: Endings) -> None:
    """Wait for an earlier session's follower, which may still be sending its rest."""
    while True:
        try:
            stack.enter_context(only_publisher(folder))
            return
        except SweepError:
            if endings.gone or endings.told:
                raise
            endings.wait(1.0)
