"""The conformance suite of sinks.

    class TestPaper(SinkTests):
        def make(self):
            return PAPER

        def address(self, place):
            return str(place / "paper")

        def received(self, address, sweep_id):
            ...  # the destination's trials with their states: {0: "complete"}

checks that everything arrives exactly once, regardless of the batches and of the process that sends them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sinks.sink import Destination, Sink
from morphogenetic_engine.sweeps.config_file import config_from, parse_config
from morphogenetic_engine.sweeps.record.events import (
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder, new_sweep
from morphogenetic_engine.sweeps.record.journal import Journal

PATIENCE = 30.0
BEGUN = 1_700_000_000.0
STATES = {0: "complete", 1: "pruned", 2: "failed", 3: "complete"}
"""The states of the trials of `events`."""
SWEEP: Mapping[str, object] = {
    "experiment": {"workload": "package:train"},
    "parameters": {"rate": [0.1, 0.2, 0.4, 0.8]},
    "optimization": {"target_metric": "accuracy"},
}


class SinkTests(ABC):
    """The tests of a sink. Override `make`, `address` and `received`."""

    @abstractmethod
    def make(self) -> Sink:
        """Returns the sink."""

    @abstractmethod
    def address(self, place: Path) -> str:
        """Returns the address of a new, empty destination; `place` is the test's own folder."""

    @abstractmethod
    def received(self, address: str, sweep_id: str) -> Mapping[int, str]:
        """Returns a sweep's trials at the destination, each once, with their states."""

    def test_the_destination_has_every_trial(self, tmp_path: Path) -> None:
        folder, address = self._sweep(tmp_path, events()), self.address(tmp_path)
        assert self._send(folder, address)
        assert self.received(address, folder.sweep_id) == STATES

    def test_sending_again_changes_nothing(self, tmp_path: Path) -> None:
        folder, address = self._sweep(tmp_path, events()), self.address(tmp_path)
        self._send(folder, address)
        self._send(folder, address)
        assert self.received(address, folder.sweep_id) == STATES

    def test_a_sink_that_lost_its_state_sends_nothing_twice(self, tmp_path: Path) -> None:
        folder, address = self._sweep(tmp_path, events()), self.address(tmp_path)
        self._send(folder, address)
        (folder.path / f"{self._destination(folder, address).files}.json").unlink(missing_ok=True)
        self._send(folder, address)
        assert self.received(address, folder.sweep_id) == STATES

    def test_a_journal_that_grows_is_sent_in_portions(self, tmp_path: Path) -> None:
        folder, address = self._sweep(tmp_path, ()), self.address(tmp_path)
        with self.make().open(folder, self._destination(folder, address), patience=PATIENCE) as sender:
            for event in events():
                _append(folder, [event])
                sender.catch_up(lambda: False)
                assert sender.offset == folder.journal.stat().st_size
            assert sender.session_ended
            sender.settle()
        assert self.received(address, folder.sweep_id) == STATES

    def test_a_process_that_takes_over_sends_the_rest(self, tmp_path: Path) -> None:
        told = events()
        folder, address = self._sweep(tmp_path, told[:6]), self.address(tmp_path)
        with self.make().open(folder, self._destination(folder, address), patience=PATIENCE) as sender:
            sender.catch_up(lambda: False)
            assert not sender.session_ended
        _append(folder, told[6:])
        self._send(folder, address)
        assert self.received(address, folder.sweep_id) == STATES

    def test_the_progress_says_that_everything_is_sent(self, tmp_path: Path) -> None:
        folder, address = self._sweep(tmp_path, events()), self.address(tmp_path)
        assert self._destination(folder, address).progress().settled == 0
        self._send(folder, address)
        progress = self._destination(folder, address).progress()
        assert (progress.settled, progress.problem) == (folder.journal.stat().st_size, "")

    def test_credentials_of_an_address_are_not_shown(self, tmp_path: Path) -> None:
        folder = self._sweep(tmp_path, ())
        assert "s3cret" not in self._destination(folder, "https://me:s3cret@example.org/sweeps").shown

    def test_a_configuration_without_the_sink_does_not_ask_for_it(self) -> None:
        assert not self.make().wanted(parse_config(SWEEP, where="sweep"))

    @staticmethod
    def _sweep(place: Path, told: Sequence[Event]) -> SweepFolder:
        file = config_from(SWEEP, where="sweep.yaml")
        folder = new_sweep(place / "sweeps", f"sweep-{place.name}"[:100], file, file.config, trials=4)
        _append(folder, told)
        return folder

    def _destination(self, folder: SweepFolder, address: str) -> Destination:
        return self.make().destination(folder, folder.read_info(), address)

    def _send(self, folder: SweepFolder, address: str) -> str:
        """Sends everything, as `sweep publish` does; returns the line for the user."""
        with self.make().open(folder, self._destination(folder, address), patience=PATIENCE) as sender:
            sender.catch_up(lambda: False)
            sender.settle()
            return sender.summary


def events() -> list[Event]:
    """Returns the events of a sweep of four trials that ended."""
    told: list[Event] = [SessionStarted(BEGUN, 1, "host", "1.0", 1)]
    for number, state in STATES.items():
        time = BEGUN + 10 * number
        metrics = {"accuracy": 0.1 * number}
        told.append(TrialStarted(time, number, 0, 0, 100 + number, {"rate": 0.1 * 2**number}))
        told += [TrialReported(time + 1 + step, number, 0, step, metrics) for step in range(2)]
        failed = state == TrialState.FAILED
        reason, message = (FailureReason.EXCEPTION, "ValueError: no") if failed else (None, "")
        ended = TrialEnded(
            time + 5, number, 0, TrialState(state), 5.0, {} if failed else metrics, reason=reason, message=message
        )
        told.append(ended)
    return [*told, SessionEnded(BEGUN + 100, Outcome.FINISHED, "")]


def _append(folder: SweepFolder, told: Sequence[Event]) -> None:
    with Journal(folder.journal) as journal:
        for event in told:
            journal.append(event)
