"""The job reaper: cancels the Slurm jobs of a session when the process that runs the sweep has ended, however it ended.

Started as `python -m morphogenetic_engine.backends.dask.launchers.job_reaper NAME`. When its standard input closes, all
jobs of this name are cancelled. A session has a name of its own, so that those of a later one are left alone.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import BinaryIO

_TRIES = 30
_PAUSE_SECONDS = 2.0


def reap(lines: BinaryIO, name: str) -> None:
    """Waits for the end of the lines, then cancels the jobs; tries again while Slurm gives no answer."""
    for _ in lines:
        pass
    for _ in range(_TRIES):
        done = subprocess.run(["scancel", "--quiet", f"--name={name}"], check=False, capture_output=True)
        if done.returncode == 0:
            return
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    reap(sys.stdin.buffer, sys.argv[1])
