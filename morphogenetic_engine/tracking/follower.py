"""The sweep's side of tracking: starts the process that follows the journal, and says once what was not sent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.sweeps.events import SessionEnded, SessionStarted
from morphogenetic_engine.sweeps.folder import SweepFolder
from morphogenetic_engine.tracking.address import tracking_uri, without_credentials
from morphogenetic_engine.tracking.journal_tail import JournalTail
from morphogenetic_engine.tracking.memory import read_sent
from morphogenetic_engine.tracking.server import MISSING, installed

DRAIN_SECONDS = 10.0
LOG = "tracking.log"
URI_VARIABLE = "MORPHOGENETIC_TRACKING_URI"
"""How the tracking URI reaches the process: arguments can be read by every user of the machine."""
_LOWEST = 19
_USUAL_RESULTS = Path("results/sweeps")


class Follower:
    """While it is entered, a process of the lowest priority sends the sweep's journal to MLflow.

    It never slows or fails the sweep. On the way out it has `drain` seconds to send the rest; if anything is not sent
    then, `warn` is called once, with one line. Raises nothing of its own.
    """

    def __init__(
        self,
        folder: SweepFolder,
        *,
        uri: str | None = None,
        experiment: str | None = None,
        warn: Callable[[str], object],
        drain: float = DRAIN_SECONDS,
    ) -> None:
        self._folder = folder
        self._uri = uri
        self._experiment = experiment
        self._warn = warn
        self._drain = drain
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Follower:
        try:
            self._start()
        except (MorphogeneticError, OSError) as error:
            self._warn(f"MLflow is not followed: {error}; {self._remedy()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        self._finish(self._process)
        missing = self._missing()
        if missing:
            self._warn(missing)

    def _start(self) -> None:
        config = self._folder.read_info().config.tracking
        self._uri = self._uri or tracking_uri(config, self._folder.path.parent)
        self._experiment = self._experiment or config.mlflow_experiment
        if not installed():
            self._warn(f"{MISSING}; {self._remedy()}")
            return
        command = [sys.executable, "-m", __package__, str(self._folder.path.absolute())]
        command += [f"--experiment={self._experiment}", f"--drain={self._drain}"]
        with (self._folder.path / LOG).open("ab") as log:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with  # ended in __exit__
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, URI_VARIABLE: self._uri, "OMP_NUM_THREADS": "1"},
            )
        _yield_to_all(self._process.pid)

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        """Let the process send the rest, but not for longer than allowed; to kill it harms nothing."""
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(self._drain)
        except subprocess.TimeoutExpired:
            pass  # what it did not manage is found below
        finally:
            process.kill()
            process.wait()

    def _missing(self) -> str | None:
        """Return the warning, if anything was not sent."""
        shown = without_credentials(self._uri or "")
        try:
            sent = read_sent(self._folder, shown, self._experiment or "")
            tail = JournalTail(self._folder.journal)
            size = tail.size
            if size in (0, sent.settled):
                return None
            for _ in tail.read_up_to(sent.offset):
                pass
            events = tail.read(most=sys.maxsize)
        except MorphogeneticError as error:
            return f"MLflow at {shown}: {error}; {self._remedy()}"
        trials = {event.trial for event in events if not isinstance(event, SessionStarted | SessionEnded)}
        problem = sent.problem or f"MLflow at {shown}: {self._why()}"
        match len(trials):
            case 0:
                return f"{problem}; {self._remedy('the end of the sweep')}"
            case 1:
                return f"{problem}; {self._remedy('1 trial')}"
            case several:
                return f"{problem}; {self._remedy(f'{several} trials', 'them')}"

    def _why(self) -> str:
        """Return why the process has not sent all, where it could not remember a reason."""
        status = self._process.returncode if self._process else None
        if status is not None and status > 0:
            return f"the process that sends ended with status {status}, see {self._folder.path / LOG}"
        return f"not done within {self._drain:g} s"

    def _remedy(self, what: str = "the sweep", pronoun: str = "it") -> str:
        results = self._folder.path.parent
        elsewhere = "" if results == _USUAL_RESULTS else f" --results {results}"
        command = f"morphogenetic sweep publish --sweep-id {self._folder.sweep_id}{elsewhere}"
        return f"{what} not sent, send {pronoun} later with `{command}`"


def _yield_to_all(pid: int) -> None:
    """Give a process the lowest priority, also among Linux's session groups."""
    with suppress(OSError):  # a sandbox may forbid it; the sweep is then merely slowed a little
        os.setpriority(os.PRIO_PROCESS, pid, _LOWEST)
        Path(f"/proc/{pid}/autogroup").write_text(str(_LOWEST), encoding="ascii")
