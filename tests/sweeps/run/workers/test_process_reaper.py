"""The reaper kills the process groups that are left when its input ends, and no other."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from morphogenetic_engine.sweeps.run.workers.process_reaper import reap
from tests.waiting import DEADLINE_SECONDS, gone, until

Sleeper = subprocess.Popen[bytes]

ECHO = "import sys; print(sys.stdin.readline(), flush=True)"
SLEEP = "import time; time.sleep(3600)"
WITH_CHILD = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {SLEEP!r}]).pid, flush=True)
time.sleep(3600)
"""


@pytest.fixture(name="sleeper")
def _sleeper() -> Iterator[Callable[[str], Sleeper]]:
    """Start programs that sleep, each in a process group of its own."""
    started: list[Sleeper] = []

    def start(script: str) -> Sleeper:
        command = [sys.executable, "-c", script]
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()
        process.wait()


def test_at_the_end_of_its_input_the_groups_that_are_left_are_killed(sleeper: Callable[[str], Sleeper]) -> None:
    left, ended = sleeper(WITH_CHILD), sleeper(ECHO)
    assert left.stdout is not None
    grandchild = int(left.stdout.readline())
    reap([f"+{left.pid}\n", f"+{ended.pid}\n", f"-{ended.pid}\n"])
    assert left.wait(DEADLINE_SECONDS) == -signal.SIGKILL
    assert ended.communicate(b"alive")[0] == b"alive\n"
    until(lambda: gone(grandchild))


def test_a_group_that_ended_by_itself_does_not_save_the_others(sleeper: Callable[[str], Sleeper]) -> None:
    ended, left = sleeper("pass"), sleeper(SLEEP)
    ended.wait()
    reap([f"+{ended.pid}\n", f"+{left.pid}\n", "-12345678\n"])
    assert left.wait(DEADLINE_SECONDS) == -signal.SIGKILL


def test_as_a_process_it_kills_when_its_input_closes_and_not_before(sleeper: Callable[[str], Sleeper]) -> None:
    left = sleeper(SLEEP)
    command = [sys.executable, "-m", "morphogenetic_engine.sweeps.run.workers.process_reaper"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as reaper:
        assert reaper.stdin is not None
        reaper.stdin.write(f"+{left.pid}\n".encode())
        reaper.stdin.flush()
        assert left.poll() is None
        reaper.stdin.close()
        assert reaper.wait(DEADLINE_SECONDS) == 0
    assert left.wait(DEADLINE_SECONDS) == -signal.SIGKILL
