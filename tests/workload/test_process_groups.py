"""Ending process groups and sessions, with real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from morphogenetic_engine.workload.process_groups import end_group, kill_session, stopped_session
from tests.waiting import DEADLINE_SECONDS, gone, until

OTHER_GROUP = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], process_group=0)
print(child.pid, flush=True)
time.sleep(3600)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(3600)
"""


@contextmanager
def _leader(script: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs a script in a session of its own, and returns the first line that it prints."""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def test_a_session_ends_with_the_groups_that_its_processes_made() -> None:
    with _leader(OTHER_GROUP) as (leader, line):
        kill_session(leader.pid)
        assert leader.wait(DEADLINE_SECONDS) == -signal.SIGKILL
        until(lambda: gone(int(line)))


def test_a_session_whose_leader_has_ended_is_still_found() -> None:
    with _leader(OTHER_GROUP) as (leader, line):
        leader.kill()
        leader.wait(DEADLINE_SECONDS)
        assert not gone(int(line))
        kill_session(leader.pid)
        until(lambda: gone(int(line)))


def test_a_session_stands_still_meanwhile_and_goes_on() -> None:
    with _leader(OTHER_GROUP) as (leader, line):
        both = psutil.Process(leader.pid), psutil.Process(int(line))
        with stopped_session(leader.pid):
            assert [each.status() for each in both] == [psutil.STATUS_STOPPED] * 2
        until(lambda: all(each.status() == psutil.STATUS_SLEEPING for each in both), "processes that go on")
        kill_session(leader.pid)


def test_a_group_that_does_not_listen_is_killed_after_its_time() -> None:
    with _leader(DEAF) as (leader, _):
        begun = time.monotonic()
        end_group(leader.pid, 0.2, poll=leader.poll)
        assert time.monotonic() - begun >= 0.2
        assert leader.wait(DEADLINE_SECONDS) == -signal.SIGKILL


def test_a_group_that_listens_is_not_waited_for_longer_than_it_takes() -> None:
    with _leader("print('ready', flush=True); import time; time.sleep(3600)") as (leader, _):
        end_group(leader.pid, DEADLINE_SECONDS, poll=leader.poll)
        assert leader.wait(DEADLINE_SECONDS) == -signal.SIGTERM


def test_a_group_that_has_ended_is_no_error() -> None:
    with _leader("print('ready')") as (leader, _):
        leader.wait(DEADLINE_SECONDS)
        end_group(leader.pid, 5, poll=leader.poll)
        kill_session(leader.pid)
