"""What runs beside a sweep takes what the sweep leaves, and lowers nobody but itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GROUPS = Path("/proc/self/autogroup")
LOWERED = """
import os
from morphogenetic_engine.sweeps.following.priority import LOWEST, lower_priority
lower_priority(os.getpid(), LOWEST)
print(os.getpriority(os.PRIO_PROCESS, 0), open("/proc/self/autogroup", encoding="ascii").read().split()[-1])
"""


@pytest.mark.skipif(not GROUPS.exists(), reason="only Linux schedules sessions as groups")
@pytest.mark.parametrize("leads", [True, False])
def test_the_session_is_lowered_with_the_process_only_if_it_is_its_own(leads: bool) -> None:
    before, own = GROUPS.read_text(encoding="ascii").split()[-1], os.getpriority(os.PRIO_PROCESS, 0)
    done = subprocess.run(
        [sys.executable, "-c", LOWERED], capture_output=True, text=True, check=True, start_new_session=leads
    )
    assert done.stdout.split() == ["19", "19" if leads else before]
    assert GROUPS.read_text(encoding="ascii").split()[-1] == before
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


def test_a_priority_that_is_lower_already_is_kept() -> None:
    code = "import os; from morphogenetic_engine.sweeps.following.priority import lower_priority; os.nice(19)\n"
    code += "lower_priority(os.getpid(), 5); print(os.getpriority(os.PRIO_PROCESS, 0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "19\n"
