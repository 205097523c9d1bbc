"""Processes beside a sweep run at low priority, and change no other process."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOWERED = """
import os
from morphogenetic_engine.sweeps.run.priority import LOWEST, lower_priority
lower_priority(os.getpid(), LOWEST)
print(os.getpriority(os.PRIO_PROCESS, 0), open("/proc/self/autogroup", encoding="ascii").read().split()[-1])
"""
STARTER = f"""
import os, subprocess, sys
def of_self():
    group = open("/proc/self/autogroup", encoding="ascii").read().split()[-1]
    print(os.getpriority(os.PRIO_PROCESS, 0), group, flush=True)
of_self()
subprocess.run([sys.executable, "-c", {LOWERED!r}], check=True, start_new_session=sys.argv[1] == "leads")
of_self()
"""


def _schedules_sessions() -> bool:
    """True if a new session is a group of the scheduler's here; the machine's first session never is one."""
    read = "print(open('/proc/self/autogroup', encoding='ascii').read())"
    done = subprocess.run(
        [sys.executable, "-c", read], capture_output=True, text=True, check=False, start_new_session=True
    )
    return bool(done.stdout.strip())


@pytest.mark.parametrize("leads", [True, False])
def test_the_session_is_lowered_with_the_process_only_if_it_is_its_own(leads: bool) -> None:
    if not _schedules_sessions():
        pytest.skip("only Linux with autogroups schedules sessions as groups")
    starter = [sys.executable, "-c", STARTER, "leads" if leads else "follows"]
    done = subprocess.run(starter, capture_output=True, text=True, check=True, start_new_session=True)
    before, lowered, after = (tuple(line.split()) for line in done.stdout.splitlines())
    assert lowered == ("19", "19" if leads else before[1])
    assert after == before


def test_a_priority_that_is_lower_already_is_kept() -> None:
    code = "import os; from morphogenetic_engine.sweeps.run.priority import lower_priority; os.nice(19)\n"
    code += "lower_priority(os.getpid(), 5); print(os.getpriority(os.PRIO_PROCESS, 0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "19\n"
