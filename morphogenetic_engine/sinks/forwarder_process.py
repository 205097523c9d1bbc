"""The process that follows a sweep's journal: the loop that sends events until the sweep is over.

It ends when the session that it saw begin has ended and everything is sent, at SIGTERM, or when its parent process is
gone (the end of its standard input); then it has a bounded time to send the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from morphogenetic_engine.errors import MorphogeneticError, StoreError, SweepError
from morphogenetic_engine.sinks.shutdown import Endings
from morphogenetic_engine.sinks.sink import Sender
from morphogenetic_engine.sinks.sync_state import only_sender
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal_tail import JournalTail
from morphogenetic_engine.sweeps.schema.credentials import redacted

ALL_SENT = 0
NOT_ALL_SENT = 1
IMPOSSIBLE = 2
INTERVAL_SECONDS = 3.0
LONGEST_PAUSE_SECONDS = 60.0

_log = logging.getLogger(__name__)


def exit_status(work: Callable[[], bool], *, address: str) -> int:
    """Runs the forwarder, logging to standard error without the address's credentials; returns the exit status."""
    handler = logging.StreamHandler()
    handler.setFormatter(_RedactingFormatter(address))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    try:
        return ALL_SENT if work() else NOT_ALL_SENT
    except MorphogeneticError as error:
        logging.error("%s", error)
        return IMPOSSIBLE


def follow(
    folder: SweepFolder, sender: Callable[[], AbstractContextManager[Sender]], *, lock: Path, drain: float
) -> bool:
    """Sends the journal's events while it grows, and returns True if everything was sent.

    `lock` keeps other senders out. `drain` limits the time to send the rest after the sweep's end, in seconds.

    Raises:
        ConfigError: a library is not installed.
        SweepError: a file of the sweep is damaged, or another process is publishing it to the end.
    """
    begun_at = JournalTail(folder.journal).size
    endings = Endings(drain)
    with ExitStack() as stack:
        stack.enter_context(endings.listening())
        _enter_alone(stack, lock, endings)
        return _send_until_over(stack.enter_context(sender()), endings, begun_at)


def _send_until_over(sender: Sender, endings: Endings, begun_at: int) -> bool:
    pause = INTERVAL_SECONDS
    while True:
        last = endings.gone
        try:
            sender.catch_up(lambda: endings.told)
            over = not endings.told and sender.session_ended and sender.offset > begun_at
            if over or (last and not endings.told):
                sender.settle()
                return True
            pause = INTERVAL_SECONDS
        except StoreError as error:
            _log.warning("%s", error)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        if last or endings.told:
            return False
        endings.wait(pause)


def _enter_alone(stack: ExitStack, lock: Path, endings: Endings) -> None:
    """Waits for the forwarder of an earlier session, which may still be sending the rest."""
    while True:
        try:
            stack.enter_context(only_sender(lock))
            return
        except SweepError:
            if endings.gone or endings.told:
                raise
            endings.wait(1.0)


class _RedactingFormatter(logging.Formatter):
    """Formats log lines without credentials."""

    def __init__(self, address: str) -> None:
        super().__init__("%(asctime)s %(message)s")
        self._address = address

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record), self._address)
