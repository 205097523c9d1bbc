"""A helper does not outlive the process that started it, whatever it is doing."""

from __future__ import annotations

import subprocess
import sys

import psutil

from tests.waiting import until

HELPER = """
from morphogenetic_engine.sweeps.run.parent_watch import watch_parent
watch_parent(grace=0.1)
print("watching", flush=True)
while True:
    sorted(range(100_000))  # as busy as an import
"""
PARENT = f"""
import subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", {HELPER!r}], stdout=subprocess.PIPE, start_new_session=True)
helper.stdout.readline()
print(helper.pid, flush=True)
sys.stdin.read()
"""


def test_a_helper_ends_soon_after_a_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        helper = psutil.Process(int(parent.stdout.readline()))
        assert helper.is_running()
        parent.kill()
        parent.wait()
        until(lambda: not helper.is_running() or helper.status() == psutil.STATUS_ZOMBIE, "end of the helper")
