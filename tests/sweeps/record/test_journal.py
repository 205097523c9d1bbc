"""The journal on a real disk: one writer, whole lines, and a lock that a dead process does not hold."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer

import pytest

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.events import TrialInterrupted
from morphogenetic_engine.sweeps.record.journal import Journal, read_events
from morphogenetic_engine.sweeps.record.journal_file.lines import LineChain, lines_of
from morphogenetic_engine.sweeps.record.journal_file.lock import is_locked
from tests.waiting import until

EVENTS = [TrialInterrupted(float(number), number, 0) for number in range(4)]

WRITER = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from morphogenetic_engine.sweeps.record.journal import Journal
with Journal(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""


def _written(path: Path, events: list[TrialInterrupted] | None = None) -> bytes:
    with Journal(path) as journal:
        for event in EVENTS if events is None else events:
            journal.append(event)
    return path.read_bytes()


@contextmanager
def _other_writer(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        try:
            yield process
        finally:
            process.kill()


def test_events_are_read_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    _written(path)
    assert list(read_events(path)) == EVENTS


def test_a_second_session_goes_on_after_the_first(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    _written(path, EVENTS[:2])
    _written(path, EVENTS[2:])
    assert list(read_events(path)) == EVENTS


def test_an_event_can_be_read_as_soon_as_it_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        for number, event in enumerate(EVENTS, start=1):
            journal.append(event)
            assert list(read_events(path)) == EVENTS[:number]


def test_a_last_line_torn_anywhere_is_passed_over_by_readers_and_cut_by_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    whole = _written(path)
    before = len(whole) - len(LineChain().line(EVENTS[-1]))
    for length in range(before, len(whole)):
        path.write_bytes(whole[:length])
        assert list(read_events(path)) == EVENTS[:-1]
        Journal(path).close()
        assert path.read_bytes() == whole[:before]


@pytest.mark.parametrize("rest", [b"", b"{", b"\x00" * 70_000, b"x" * 200_000])
@pytest.mark.parametrize("kept", [0, 4])
def test_a_torn_line_of_any_length_is_replaced_by_the_next_event(tmp_path: Path, kept: int, rest: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    whole = _written(path, EVENTS[:kept])
    path.write_bytes(whole + rest)
    assert list(read_events(path)) == EVENTS[:kept]
    assert _written(path, EVENTS[:1]) == b"".join(lines_of([*EVENTS[:kept], EVENTS[0]]))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"garbage\n", "is not an event: 'garbage\\n'"),
        (
            b'{"format":1,"event":"trial_interrupted","time":1,"trial":1,"attempt":0,"z":1}\n',
            "has the unknown member 'z'",
        ),
    ],
)
def test_a_damaged_line_is_told_with_file_and_line(tmp_path: Path, line: bytes, problem: str) -> None:
    path = tmp_path / "journal.jsonl"
    first, second = lines_of(EVENTS[:2])
    path.write_bytes(first + line + second)
    read = []
    with pytest.raises(SweepError) as caught:
        for event in read_events(path):
            read.append(event)
    remedy = (
        f"`morphogenetic sweep repair --sweep-id {tmp_path.name} --results {tmp_path.parent}` keeps all that is whole"
    )
    assert str(caught.value) == f"{path}: line 2 at byte {len(first)} {problem}; {remedy}"
    assert read == EVENTS[:1]


def test_a_newer_format_is_refused_without_an_offer_to_repair_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"format":9,"event":"x"}\n')
    with pytest.raises(SweepError) as caught:
        list(read_events(path))
    problem = "is of format 9, but this version reads formats up to 2; upgrade"
    assert str(caught.value) == f"{path}: line 1 at byte 0 {problem}"


def test_a_damaged_newline_at_the_end_is_not_taken_for_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    whole = _written(path)
    path.write_bytes(whole[:-1] + b"\x0b")
    with pytest.raises(SweepError, match="line 4 at byte .* ends with .* instead of a newline"):
        list(read_events(path))
    with pytest.raises(SweepError, match="ends with .* instead of a newline"):
        Journal(path)
    assert path.read_bytes() == whole[:-1] + b"\x0b"
    assert not is_locked(path)


@pytest.mark.parametrize("deed", ["deleted", "replaced by another file"])
def test_a_journal_that_is_deleted_or_replaced_while_it_is_open_takes_no_event(tmp_path: Path, deed: str) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(EVENTS[0])
        path.unlink()
        if deed != "deleted":
            path.write_bytes(b"")
        with pytest.raises(SweepError, match=f"^{path}: was {deed} while the sweep ran, which ends here"):
            journal.append(EVENTS[1])


def test_a_deleted_lock_file_lets_no_second_writer_in(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _other_writer(path):
        path.with_suffix(".lock").unlink()
        assert is_locked(path)
        with pytest.raises(SweepError, match=f"^{tmp_path}: is being run by another process$"):
            Journal(path)


def test_a_writer_of_an_earlier_version_keeps_others_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.with_suffix(".lock").write_text("process 7 on there", encoding="utf-8")
    with path.with_suffix(".lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert is_locked(path)
        with pytest.raises(SweepError, match="is being run by process 7 on there"):
            Journal(path)


def test_a_journal_behind_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"precious")
    path = tmp_path / "journal.jsonl"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="cannot be opened"):
        Journal(path)
    assert (tmp_path / "elsewhere").read_bytes() == b"precious"


def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"^{tmp_path}: cannot be read: Is a directory$"):
        list(read_events(tmp_path))


def test_a_journal_that_cannot_be_opened_is_named_and_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.mkdir()
    with pytest.raises(StoreError, match=f"^{path}: cannot be opened: Is a directory$"):
        Journal(path)
    assert not is_locked(path)
    with pytest.raises(StoreError, match="cannot be opened: No such file or directory"):
        Journal(tmp_path / "missing" / "journal.jsonl")


def test_a_second_writer_in_another_process_is_refused_with_the_owner_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _other_writer(path) as owner:
        assert is_locked(path)
        with pytest.raises(SweepError, match=rf"^{tmp_path}: is being run by process {owner.pid} on \S+$"):
            Journal(path)
        owner.communicate()
    assert not is_locked(path)


def test_the_lock_of_a_killed_writer_is_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with _other_writer(path) as owner:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert not is_locked(path)
        assert _written(path, EVENTS[:1]) == LineChain().line(EVENTS[0])


def test_a_second_writer_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path), pytest.raises(SweepError, match=f"is being run by process {os.getpid()} on"):
        Journal(path)
    Journal(path).close()


def test_a_journal_that_was_never_opened_or_was_closed_is_not_locked(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    assert not is_locked(path)
    with Journal(path):
        assert is_locked(path)
    assert not is_locked(path)


def test_whoever_may_read_a_sweep_may_ask_whether_it_is_locked() -> None:
    with TemporaryDirectory() as place:  # rather than tmp_path, which is closed to other users
        Path(place).chmod(0o755)
        path = Path(place) / "journal.jsonl"
        Journal(path).close()
        path.with_suffix(".lock").chmod(0o444)
        path.chmod(0o444)
        before = set(os.listdir("/dev/fd"))
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # root may write whatever the mode says
        try:
            assert not is_locked(path)
        finally:
            os.seteuid(user)
        assert set(os.listdir("/dev/fd")) == before


def test_whoever_asks_at_the_same_moment_does_not_keep_a_writer_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).close()
    asking = os.open(path, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    Timer(0.02, os.close, [asking]).start()
    assert _written(path, EVENTS[:1]) == LineChain().line(EVENTS[0])


FULL_DISK = """
import resource, sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.record.events import TrialInterrupted
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.journal_file.lines import LineChain
path = Path(sys.argv[1])
line = len(LineChain().line(TrialInterrupted(0.0, 0, 0)))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
with Journal(path) as journal:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * line + 20, hard))
    for number in range(5):
        try:
            journal.append(TrialInterrupted(0.0, number, 0))
        except StoreError as error:
            print(number, path.stat().st_size == 2 * line, error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    journal.append(TrialInterrupted(0.0, 9, 0))
"""


def test_a_full_disk_leaves_whole_lines_and_writing_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    # The file may grow by 20 bytes after the second line: the third is written in part, and taken back.
    assert done.stdout.splitlines() == [
        f"{number} True {path}: cannot be written: File too large" for number in (2, 3, 4)
    ]
    assert [event.trial for event in read_events(path) if isinstance(event, TrialInterrupted)] == [0, 1, 9]


def test_what_was_appended_reaches_the_disk_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(file: int) -> None:
        real(file)
        synced.append(os.fstat(file).st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.append(EVENTS[0])
        size = len(LineChain().line(EVENTS[0]))
        until(lambda: size in synced)
        journal.append(EVENTS[1])
        until(lambda: 2 * size in synced)


def test_a_disk_that_fails_to_keep_what_was_written_ends_the_next_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    failed: list[int] = []

    def fsync(file: int) -> None:
        failed.append(file)
        raise OSError(5, "Input/output error")

    journal = Journal(path)
    monkeypatch.setattr(os, "fsync", fsync)
    journal.append(EVENTS[0])
    until(lambda: failed)
    message = f"^{path}: cannot be written: Input/output error$"

    def refused() -> bool:
        try:
            journal.append(EVENTS[1])
        except StoreError as error:
            return str(error) == message.strip("^$")
        return False

    until(refused)
    with pytest.raises(StoreError, match=message):
        journal.close()
    assert not is_locked(path)
