"""Starts the process that forwards a sweep's journal to a sink, and warns once if events were not sent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.sinks.sink import Destination, load_sink
from morphogenetic_engine.sweeps.record.events import ConfirmationEnded, SessionEnded, SessionStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal_tail import JournalTail
from morphogenetic_engine.sweeps.run.priority import lower_priority

DRAIN_SECONDS = 10.0
ADDRESS_VARIABLE = "MORPHOGENETIC_SINK_ADDRESS"
"""The environment variable that passes the address: every user of the machine can read the arguments."""
_NO_TRIAL = (SessionStarted, SessionEnded, ConfirmationEnded)
"""Events that no trial waits for."""
_USUAL_RESULTS = Path("results/sweeps")


class JournalForwarder:
    """A context manager: inside it, a process of the lowest priority sends the sweep's journal to a sink.

    It never slows or fails the sweep. On the way out it has `drain` seconds to send the rest; if anything is not sent
    then, `warn` is called once, with one line. Entering and leaving raise nothing.

    Raises:
        ConfigError: there is no sink of this name.
    """

    def __init__(
        self,
        folder: SweepFolder,
        sink: str,
        *,
        address: str | None = None,
        warn: Callable[[str], object],
        drain: float = DRAIN_SECONDS,
    ) -> None:
        self._folder = folder
        self._name = sink
        self._sink = load_sink(sink)
        self._address = address
        self._warn = warn
        self._drain = drain
        self._started: tuple[Destination, subprocess.Popen[bytes]] | None = None

    def __enter__(self) -> Self:
        try:
            destination = self._sink.destination(self._folder, self._folder.read_info(), self._address)
            if destination.lacking:
                self._warn(f"{destination.lacking}; {self._remedy()}")
            else:
                self._started = destination, self._start(destination)
        except (MorphogeneticError, OSError) as error:
            self._warn(f"{self._sink.title}: nothing is sent: {error}; {self._remedy()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._started is None:
            return
        destination, process = self._started
        self._finish(process)
        missing = self._missing(destination, process.returncode)
        if missing:
            self._warn(missing)

    def _start(self, destination: Destination) -> subprocess.Popen[bytes]:
        arguments = ["-m", __package__, self._name, str(self._folder.path.absolute()), f"--drain={self._drain}"]
        with (self._folder.path / f"{destination.files}.log").open("ab") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with  # ended in __exit__
                [sys.executable, "-P", *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, ADDRESS_VARIABLE: destination.address, "OMP_NUM_THREADS": "1"},
            )
        lower_priority(process.pid)
        return process

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        """Lets the process send the rest within the time limit; killing it afterwards is safe."""
        assert process.stdin is not None
        process.stdin.close()
        try:
            with suppress(subprocess.TimeoutExpired):  # unsent events are found by the next `publish`
                process.wait(self._drain)
        finally:
            process.kill()
            process.wait()

    def _missing(self, destination: Destination, status: int) -> str | None:
        """Returns the warning, if anything was not sent."""
        try:
            progress = destination.progress()
            tail = JournalTail(self._folder.journal)
            size = tail.size
            if size in (0, progress.settled):
                return None
            for _ in tail.read_up_to(progress.offset):
                pass
            events = tail.read(most=sys.maxsize)
        except MorphogeneticError as error:
            return f"{destination.shown}: {error}; {self._remedy()}"
        trials = {event.trial for event in events if not isinstance(event, _NO_TRIAL)}
        problem = progress.problem or f"{destination.shown}: {self._why(destination, status)}"
        match len(trials):
            case 0:
                return f"{problem}; {self._remedy('the end of the sweep')}"
            case 1:
                return f"{problem}; {self._remedy('1 trial')}"
            case several:
                return f"{problem}; {self._remedy(f'{several} trials', 'them')}"

    def _why(self, destination: Destination, status: int) -> str:
        """Returns the reason for unsent events if the process recorded none."""
        if status > 0:
            return f"the process that sends ended with status {status}, see {self._folder.path / destination.files}.log"
        return f"not done within {self._drain:g} s"

    def _remedy(self, what: str = "the sweep", pronoun: str = "it") -> str:
        results = self._folder.path.parent
        elsewhere = "" if results == _USUAL_RESULTS else f" --results {results}"
        command = f"morphogenetic sweep publish --sweep-id {self._folder.sweep_id}{elsewhere}"
        return f"{what} not sent, send {pronoun} later with `{command}`"
