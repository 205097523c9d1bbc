"""Ctrl-C, SIGTERM and a closed terminal as a request that the run loop reads."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from morphogenetic_engine.sweeps.run.stop_signals import StopSignals

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _deed() -> None:
    pytest.fail("the first signal must not end the process")


@pytest.mark.parametrize("each", SIGNALS)
def test_the_first_signal_is_a_request_that_wakes_whoever_waits(each: signal.Signals) -> None:
    with StopSignals() as signals:
        signals.before_exit = _deed
        requested = [signals.requested]
        assert not select.select([signals.descriptor], [], [], 0)[0]
        os.kill(os.getpid(), each)
        requested.append(signals.requested)
        assert requested == [None, each]
        assert select.select([signals.descriptor], [], [], 1)[0]


def test_afterwards_signals_mean_what_they_meant_before_and_nothing_stays_open() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    descriptors = len(os.listdir("/dev/fd"))
    with StopSignals():
        assert all(signal.getsignal(each) != old for each, old in zip(SIGNALS, before, strict=True))
    assert [signal.getsignal(each) for each in SIGNALS] == before
    assert len(os.listdir("/dev/fd")) == descriptors


SECOND = """
import os, signal, sys
from morphogenetic_engine.sweeps.run.stop_signals import StopSignals
with StopSignals() as signals:
    signals.before_exit = lambda: print("last deed", flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    print("requested", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    print("never", flush=True)
"""


def test_a_second_signal_ends_the_process_after_its_last_deed() -> None:
    done = subprocess.run([sys.executable, "-c", SECOND], capture_output=True, text=True, check=False)
    assert (done.stdout.split("\n"), done.returncode, done.stderr) == (["requested", "last deed", ""], 130, "")


def test_outside_the_main_thread_nothing_is_ever_requested() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    seen: list[object] = []

    def enter() -> None:
        with StopSignals() as signals:
            seen.append([signal.getsignal(each) for each in SIGNALS])
            seen.append(signals.requested)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before, None]
